"""Faulty members are detached once nobody waits for them."""

from hwagent.model import Action, Result
from hwagent.respond.actions.array_remove_faulty import ArrayRemoveFaulty
from hwagent.testing.arrays import fail_member
from tests.respond.actions.host import mirror, states
from tests.respond.making import array, disk, member, view


def failed(tmp_path, **parts):
    host = mirror(tmp_path, **parts)
    fail_member(host.server.array("md0"), "sda1")
    host.server.write()
    return host


def test_a_faulty_member_of_a_failing_disk_is_removed(tmp_path):
    host = failed(tmp_path)
    host.ill.add("sda")
    assert host.do("array_remove_faulty", "array:md0").result is Result.DONE
    assert states(host) == {"sdb1": "in_sync"}


def test_a_faulty_member_whose_place_is_taken_is_removed(tmp_path):
    host = failed(tmp_path, spares=["sdc"])
    host.do("array_add_spare", "array:md0")
    host.wait(3600)
    assert host.do("array_remove_faulty", "array:md0").result is Result.DONE
    assert states(host) == {"sdb1": "in_sync", "sdc": "in_sync"}


def test_a_member_that_may_come_back_is_kept(tmp_path):
    assert "may come back" in failed(tmp_path).refusal("array_remove_faulty", "array:md0")


def test_a_member_that_fails_while_its_array_is_looked_at_is_kept():
    torn = array("md0", "raid1", member("sda1", "faulty"), member("sdb1"), degraded=0)
    action = Action(id="1", name="array_remove_faulty", component=torn.id, cause="")
    assert "may come back" in ArrayRemoveFaulty().precondition(view(torn, disk("sda")), action)


def test_working_members_are_never_removed(tmp_path):
    why = mirror(tmp_path).refusal("array_remove_faulty", "array:md0")
    assert "has no faulty member" in why
