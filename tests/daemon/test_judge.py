"""Health of a component: the worst of its doubt and of all that fires on it."""

import msgspec

from hwagent.daemon.inventory import Joined
from hwagent.daemon.judge import component
from hwagent.model import Alert, AlertState, Health, Severity


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
