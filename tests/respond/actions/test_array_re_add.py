"""A member comes back with its path."""

from hwagent.model import Action, Health, Result
from hwagent.respond.actions.array_re_add import ArrayReAdd
from tests.respond.actions.host import mirror, states
from tests.respond.actions.test_array_remove_faulty import failed
from tests.respond.making import array, disk, member, view


def test_a_member_whose_disk_is_well_is_taken_back(tmp_path):
    host = failed(tmp_path)
    outcome = host.do("array_re_add", "array:md0")
    assert outcome.result is Result.DONE
    assert outcome.action.arguments == {"member": "sda1"}
    host.wait(3600)
    assert states(host) == {"sda1": "in_sync", "sdb1": "in_sync"}


def test_errors_of_the_path_that_was_lost_do_not_keep_it_out():
    lacking = array("md0", "raid1", member("sda1", "faulty"), member("sdb1"))
    told = {"id": "1", "name": "array_re_add", "component": "array:md0", "cause": ""}
    action = Action(**told, arguments={"member": "sda1"})
    for health, fine in ((Health.DEGRADED, True), (Health.FAILED, False), (Health.UNKNOWN, False)):
        why = ArrayReAdd().precondition(view(lacking, disk("sda", health)), action)
        assert (why == "") is fine


def test_a_failing_disk_is_not_taken_back(tmp_path):
    host = failed(tmp_path)
    host.ill.add("sda")
    assert "on a disk that is well again" in host.refusal("array_re_add", "array:md0")
    why = host.refusal("array_re_add", "array:md0", member="sda1")
    assert "its disk is not well again" in why


def test_a_disk_that_is_offline_is_not_taken_back(tmp_path):
    host = failed(tmp_path)
    host.server.set("disk:sda", state="offline")
    assert "well again" in host.refusal("array_re_add", "array:md0")


def test_a_whole_array_takes_nothing_back(tmp_path):
    assert "lacks no member" in mirror(tmp_path).refusal("array_re_add", "array:md0")


def test_a_stranger_is_not_taken_back(tmp_path):
    why = failed(tmp_path).refusal("array_re_add", "array:md0", member="sdc")
    assert "its disk is not well again" in why
