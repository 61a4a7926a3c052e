"""Who may claim to be a network namespace's holder."""

import pytest

from tests.vip.lab import Lab, lab
from tests.waiting import wait_for

__all__ = ["lab"]
pytestmark = pytest.mark.root
_CLAIM = (
    "import os, sys, time; from hwagent.vip.claim import claim\n"
    "os.setgroups([]); os.setresuid(*[int(sys.argv[1])] * 3)\n"
    "kept = claim(); print('claimed' if kept else 'taken', flush=True); time.sleep(600)\n"
)
_OWNER = "from hwagent.vip.claim import owner; o = owner(); print(o and o.pid)"


def test_one_claims_and_it_ends_with_its_process(lab: Lab) -> None:
    assert lab.python(_OWNER) == "None\n"
    first = lab.start("-c", _CLAIM, "0")
    assert first.stdout is not None
    assert first.stdout.readline() == "claimed\n"
    assert lab.python(_OWNER) == f"{first.pid}\n"
    second = lab.start("-c", _CLAIM, "0")
    assert second.stdout is not None
    assert second.stdout.readline() == "taken\n"
    first.kill()
    wait_for(lambda: lab.python(_OWNER) == "None\n", what="the claim's end")


def test_each_network_namespace_has_its_own(lab: Lab) -> None:
    first = lab.start("-c", _CLAIM, "0")
    other = lab.start("-c", _CLAIM, "0", space=lab.switch)
    for process in (first, other):
        assert process.stdout is not None
        assert process.stdout.readline() == "claimed\n"


def test_a_frozen_claimant_still_has_it(lab: Lab) -> None:
    claimed = (
        "from hwagent.vip.claim import claim, owner\n"
        "kept = claim()\n"
        "print([owner() is not None for _ in range(40)] == [True] * 40)\n"
    )  # nobody accepts: the queue of connections overflows
    assert lab.python(claimed) == "True\n"


def test_another_users_claim_does_not_keep_the_holder_from_working(lab: Lab) -> None:
    stranger = lab.start("-c", _CLAIM, "65534")
    assert stranger.stdout is not None
    assert stranger.stdout.readline() == "claimed\n"
    assert lab.python(_OWNER) == "None\n"
    _, agent = lab.held()
    assert agent.vip()["state"] == "held"
