"""A bond moves to its best other leg."""

import pytest

from hwagent.model import Result
from tests.respond.actions.host import Host


def bonded(path, mode="active-backup", **eno2):
    return Host(
        path,
        nics=[{"name": "eno1"}, {"name": "eno2", **eno2}, {"name": "eno3"}],
        bonds=[{"name": "bond0", "legs": ["eno1", "eno2"], "active": "eno1", "mode": mode}],
    )


def test_the_standby_leg_takes_over(tmp_path):
    host = bonded(tmp_path)
    outcome = host.do("bond_failover", "bond:bond0")
    assert outcome.result is Result.DONE
    assert outcome.action.arguments == {"leg": "eno2"}
    assert host.seen().components["bond:bond0"].metrics["active_leg"] == "eno2"


def test_a_dead_leg_does_not_take_over(tmp_path):
    host = bonded(tmp_path, carrier=False)
    assert "no good leg besides" in host.refusal("bond_failover", "bond:bond0")
    why = host.refusal("bond_failover", "bond:bond0", leg="eno2")
    assert "eno2 is not a good leg of bond:bond0" in why


@pytest.mark.parametrize(
    ("leg", "reason"), [("eno1", "uses eno1 already"), ("eno3", "it is none of its legs")]
)
def test_legs_that_make_no_sense_are_refused(tmp_path, leg, reason):
    assert reason in bonded(tmp_path).refusal("bond_failover", "bond:bond0", leg=leg)


def test_a_mode_without_an_active_leg_is_refused(tmp_path):
    why = bonded(tmp_path, mode="802.3ad").refusal("bond_failover", "bond:bond0", leg="eno2")
    assert "bond:bond0 is 802.3ad, which has no active leg to choose" in why
