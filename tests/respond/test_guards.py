"""Guards at their edges: what passes, what does not, and what is not known."""

import msgspec
import pytest

from hwagent.model import Health
from hwagent.respond import Verb
from hwagent.respond.guards import Attempt, refusal
from hwagent.respond.ledger import Ledger
from tests.respond.breaking import DISKS, HALF, PAIR, SIX, add, fail
from tests.respond.making import (
    TB,
    action,
    array,
    bond,
    component,
    config,
    disk,
    member,
    nic,
    view,
)

SPARE = config(spares=("sdc",))


def judged(seen, *verbs, on="array:md0", **parts):
    """Name of the guard that refuses, or an empty text."""
    attempt = Attempt(seen, action("any", on), verbs, Ledger(), **parts)
    found = refusal(attempt)
    return found.guard if found else ""


def changed(component, **metrics):
    values = {**component.metrics, **metrics}
    kept = {k: v for k, v in values.items() if v is not None}
    return msgspec.structs.replace(component, metrics=kept)


def test_a_member_goes_if_a_spare_comes():
    assert judged(view(PAIR, *DISKS, config=SPARE), add(), fail()) == ""


def test_a_member_goes_if_a_spare_waits_already():
    waiting = array("md0", "raid1", member("sda1"), member("sdb1"), member("sdd", "spare", None),
                    raid_disks=2)  # fmt: skip
    assert judged(view(waiting, *DISKS), fail()) == ""


def test_a_member_of_a_raid6_goes_without_a_spare():
    assert judged(view(SIX, *DISKS), fail()) == ""


@pytest.mark.parametrize("level", ["raid5", "raid10"])
def test_levels_that_bear_one_loss_need_a_spare(level):
    four = array("md0", level, *(member(f"sd{c}1") for c in "abde"))
    assert judged(view(four, *DISKS), fail()) == "redundancy"
    assert judged(view(four, *DISKS, config=SPARE), add(), fail()) == ""


def test_raid0_never_loses_a_member():
    striped = array("md0", "raid0", member("sda1"), member("sdb1"))
    assert judged(view(striped, *DISKS, config=SPARE), add(), fail()) == "last_good_member"


@pytest.mark.parametrize("metric", ["degraded", "sync_action", "failures_survivable"])
def test_an_array_of_which_a_count_is_not_known_loses_no_member(metric):
    unknown = changed(PAIR, **{metric: None})
    assert judged(view(unknown, *DISKS, config=SPARE), add(), fail()) in (
        "array_whole",
        "last_good_member",
    )


@pytest.mark.parametrize("doing", ["recover", "resync", "reshape"])
def test_an_array_that_is_being_filled_loses_no_member(doing):
    busy = changed(PAIR, sync_action=doing)
    assert judged(view(busy, *DISKS, config=SPARE), add(), fail()) == "array_whole"


def test_a_check_is_no_obstacle():
    checking = changed(PAIR, sync_action="check")
    assert judged(view(checking, *DISKS, config=SPARE), add(), fail()) == ""


def test_a_mirror_of_three_with_one_other_failing_disk():
    """One of three goes; of the two that stay one is failing: one good copy is enough to live,
    but without a spare there would be no redundancy worth the name."""
    three = array("md0", "raid1", member("sda1"), member("sdb1"), member("sdd1"))
    disks = (disk("sda", Health.FAILED), disk("sdb", Health.FAILED), disk("sdd"))
    assert judged(view(three, *disks), fail()) == ""
    both = (*disks[:2], disk("sdd", Health.FAILED))
    assert judged(view(three, *both), fail()) == "last_good_member"


def test_two_members_are_not_failed_in_one_step_beyond_what_the_level_bears():
    assert judged(view(SIX, *DISKS), fail("sda1"), fail("sdb1")) == "redundancy"


def test_a_spare_or_faulty_member_may_be_failed():
    seen = view(array("md0", "raid1", member("sda1"), member("sdb1", "faulty"), raid_disks=2))
    assert judged(seen, fail("sdb1")) == ""


@pytest.mark.parametrize(
    ("spare", "guard"),
    [
        (disk("sdc"), ""),
        (disk("sdc", size=TB), ""),
        (disk("sdc", size=TB - 1), "spare_size"),
        (changed(disk("sdc"), size_bytes=None), "spare_size"),
        (changed(disk("sdc"), present=0), "spare_well"),
        (disk("sdc", Health.UNKNOWN), "spare_well"),
        (disk("sdc", Health.DEGRADED), ""),
        (disk("sdc", holders=["dm-0"]), "spare_free"),
        (disk("sdc", signature="TYPE ext4"), "spare_free"),
    ],
)
def test_what_may_be_added_to_an_array(spare, guard):
    assert judged(view(HALF, disk("sda"), spare, config=SPARE), add()) == guard


@pytest.mark.parametrize("device", ["/dev/sdc", "/dev/sdc1", "sdc"])
def test_a_disk_with_a_file_system_is_not_added(device):
    mounted = component("filesystem:/var", attributes={"device": device})
    assert judged(view(HALF, disk("sdc"), mounted, config=SPARE), add()) == "spare_free"


def test_the_file_system_of_another_disk_is_no_obstacle():
    mounted = component("filesystem:/var", attributes={"device": "/dev/sdca1"})
    assert judged(view(HALF, disk("sdc"), mounted, config=SPARE), add()) == ""


def test_a_partition_or_an_unknown_disk_is_not_added():
    assert judged(view(HALF, disk("sdc"), config=SPARE), add("sdc1")) == "spare_declared"
    assert judged(view(HALF, config=SPARE), add("sdz")) == "spare_declared"


def test_a_spare_of_another_array_is_not_taken():
    other = msgspec.structs.replace(SPARE.spares[0], arrays=["md1"])
    seen = view(HALF, disk("sdc"), config=msgspec.structs.replace(SPARE, spares=[other]))
    assert judged(seen, add()) == "spare_declared"


def test_a_member_that_is_not_attached_or_not_faulty_is_not_taken_back():
    again = Verb("md_re_add", {"array": "md0", "device": "sdb1"})
    faulty = array("md0", "raid1", member("sda1"), member("sdb1", "faulty"), raid_disks=2)
    assert judged(view(faulty, *DISKS), again) == ""
    assert judged(view(PAIR, *DISKS), again) == "member_before"
    assert judged(view(*DISKS), again) == "member_before"


@pytest.mark.parametrize(
    ("leg", "of", "two", "guard"),
    [
        ("eno2", bond(), nic("eno2"), ""),
        ("eno2", bond(dead=["eno2"]), nic("eno2"), "last_good_leg"),
        ("eno2", bond(), nic("eno2", Health.FAILED), "last_good_leg"),
        ("eno2", bond(), nic("eno2", carrier=0), "last_good_leg"),
        ("eno3", bond(), nic("eno3"), "last_good_leg"),
        ("eno2", bond(standby_leg="none"), disk("sda"), "last_good_leg"),
    ],
)
def test_where_a_bond_may_move(leg, of, two, guard):
    move = Verb("bond_active", {"bond": "bond0", "leg": leg})
    assert judged(view(of, nic("eno1"), two), move, on="bond:bond0") == guard


def test_what_has_vanished_is_not_acted_upon():
    gone = changed(PAIR, present=0)
    assert judged(view(gone), relies_on=("array:md0",)) == "known"
    assert judged(view(), relies_on=("array:md0",)) == "known"


@pytest.mark.parametrize("mark", ["drill", "simulated"])
def test_what_is_marked_as_not_real_is_not_acted_upon(mark):
    marked = msgspec.structs.replace(PAIR, attributes={**PAIR.attributes, mark: True})
    assert judged(view(marked)) == "real"
    assert judged(view(PAIR), labels={mark: "true"}) == "real"
    assert judged(view(PAIR), labels={mark: "false"}) == ""


def test_no_rebuild_at_all_where_the_limit_is_none():
    seen = view(HALF, disk("sdc"), config=config(spares=("sdc",), rebuilds=0))
    assert judged(seen, add()) == "rebuilds"
