"""Silences and acknowledgements."""

import json

import msgspec
import pytest

from hwagent.model import Severity
from hwagent.respond.notify import Acks, Silences
from tests.respond.notify.making import NOW, PENDING, RESOLVED, alert

DISK = alert()


@pytest.mark.parametrize(
    ("component", "rule", "covered"),
    [
        ("*", "*", True),
        ("disk:*", "Smart*", True),
        (DISK.component, "SmartFailed", True),
        ("disk:WWN*", "*", False),
        ("array:*", "*", False),
        ("*", "Array*", False),
    ],
)
def test_silences_match_by_globs(component, rule, covered):
    silences = Silences()
    silences.add("1", component, rule, NOW + 60)
    assert silences.covers(NOW, DISK) is covered


def test_a_silence_ends_by_time_or_by_hand():
    silences = Silences()
    silences.add("1", "*", "*", NOW + 60)
    silences.add("2", "*", "*", NOW + 30, "why")
    assert [s.id for s in silences.active(NOW)] == ["2", "1"]
    assert [s.id for s in silences.active(NOW + 30)] == ["1"]
    assert silences.remove("1")
    assert not silences.remove("1")
    assert not silences.covers(NOW, DISK)


@pytest.mark.parametrize(
    "change", [{"severity": Severity.WARNING}, {"state": RESOLVED}, {"state": PENDING}]
)
def test_an_acknowledgement_holds_until_the_alert_changes(change):
    acks = Acks()
    acks.add(DISK, "known")
    changed = msgspec.structs.replace(DISK, **change)
    acks.changed(DISK)
    assert acks.covers(DISK)
    assert not acks.covers(changed)
    acks.changed(changed)
    assert not acks.covers(DISK)
    assert not acks.covers(alert("Other"))


def test_both_outlive_the_agent():
    silences, acks = Silences(), Acks()
    silences.add("1", "*", "*", NOW + 60, "why")
    acks.add(DISK, "known")
    kept = json.loads(json.dumps([silences.to_dict(), acks.to_dict()]))
    assert Silences.from_dict(kept[0]).active(NOW) == silences.active(NOW)
    assert Acks.from_dict(kept[1]).covers(DISK)


@pytest.mark.parametrize("data", [{}, {"1": "x"}, {"acks": "x"}, {"acks": [{"rule": 1}]}])
def test_what_is_not_understood_silences_nothing(data):
    assert not Silences.from_dict(data).covers(NOW, DISK)
    assert not Acks.from_dict(data).covers(DISK)
