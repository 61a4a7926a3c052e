"""Failure rates out of a journal."""

import pytest

from hwagent.daemon.experience import experience, failures
from hwagent.topology.graph import Node
from hwagent.topology.part import Part
from hwagent.topology.reliability import DEFAULTS, YEAR


def record(time: float, component: str, rule: str, state: str, severity: str = "critical"):
    data = {"state": state, "severity": severity}
    return {"time": time, "component": component, "name": rule, "data": data}


def test_two_rules_on_one_disk_are_one_failure_and_warnings_are_none():
    records = [
        record(10, "disk:a", "DiskFailing", "firing"),
        record(20, "disk:a", "DiskGone", "firing"),
        record(25, "disk:a", "DiskWarm", "firing", "warning"),
        record(30, "disk:a", "DiskFailing", "resolved"),
        record(50, "disk:a", "DiskGone", "resolved"),
        record(60, "psu:b", "PsuOffline", "firing"),
    ]
    assert list(failures(records, 100)) == [("disk", 10, 50), ("psu", 60, 100)]


def test_a_host_whose_supplies_fail_again_and_again_is_believed():
    part = Part(tuple(Node(id=f"psu:h/{n}") for n in range(2)))
    records = []
    for n in range(10):
        records.append(record(n * 1000, "psu:1", "PsuOffline", "firing"))
        records.append(record(n * 1000 + 60, "psu:1", "PsuOffline", "resolved"))
    rate = experience(records, part, YEAR)["psu"]
    assert rate.per_year == pytest.approx(11 / (1 / DEFAULTS["psu"].per_year + 2))
    assert rate.repair < DEFAULTS["psu"].repair / 8
    assert "10 failures seen in 2 years" in rate.source


def test_an_empty_journal_teaches_nothing():
    assert experience([], Part((Node(id="psu:h/1"),)), 1e9) == {}
