"""Faulty members are detached once nobody waits for them."""

from hwagent.model import Result
from hwagent.testing.arrays import fail_member
from tests.respond.actions.host import mirror, states


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


def test_working_members_are_never_removed(tmp_path):
    why = mirror(tmp_path).refusal("array_remove_faulty", "array:md0")
    assert "has no faulty member" in why
