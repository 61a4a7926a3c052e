"""Health of a component: the worst of its doubt and of all that fires on it."""

import msgspec

from hwagent.config import Config
from hwagent.daemon.inventory import Joined
from hwagent.daemon.judge import Judge, component
from hwagent.daemon.loading import rule_set
from hwagent.model import Alert, AlertState, Health, Sample, Severity, worst


def alert(**more):
    shape = {"rule": "Gone", "component": "dimm:A1", "kind": "dimm", "since": 0.0}
    return Alert(state=AlertState.FIRING, severity=Severity.WARNING, **shape, **more)


def test_what_a_cause_explains_is_no_better_for_it():
    found = component(Joined("dimm:A1", "dimm"), [alert(inhibited_by="ControllerGone")])
    assert (found.health, found.reason) == (Health.DEGRADED, "Gone")


def test_what_is_only_pending_is_ok():
    pending = msgspec.structs.replace(alert(), state=AlertState.PENDING)
    assert component(Joined("dimm:A1", "dimm"), [pending]).health is Health.OK


def test_a_doubt_is_worse_than_nothing_and_less_than_a_fault():
    joined = Joined("dimm:A1", "dimm")
    joined.problems = {"ce": "EIO"}
    assert component(joined, []).health is Health.UNKNOWN
    assert component(joined, [alert()]).health is Health.DEGRADED


def test_what_is_ignored_is_not_there_and_leaves_nothing_behind():
    judge = Judge(rule_set(Config()))
    job = ("hwmon", "hwmon0")
    hot = Sample(id="sensor:nct6779/temp7", kind="temperature", unreadable="-128 degrees")
    well = Sample(id="sensor:nct6779/temp1", kind="temperature", metrics={"value": 40.0})
    judge.found(0.0, job, [hot, well])
    assert worst(c.health for c in judge.components()) is Health.UNKNOWN
    assert judge.ignore(["sensor:*/temp7"]) == [hot.id]
    judge.found(1.0, job, [hot, well])
    assert [c.id for c in judge.components()] == [well.id]
    assert judge.ignore([]) == []
    judge.found(2.0, job, [hot, well])
    assert len(judge.components()) == 2
