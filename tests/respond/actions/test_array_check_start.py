"""Checks begin on arrays that are whole and idle."""

from hwagent.model import Result
from tests.respond.actions.host import Host, mirror


def test_an_idle_array_is_checked(tmp_path):
    host = mirror(tmp_path)
    assert host.do("array_check_start", "array:md0").result is Result.DONE
    assert host.seen().components["array:md0"].metrics["sync_action"] == "check"
    assert "is busy: check" in host.refusal("array_check_start", "array:md0")


def test_a_degraded_array_is_not_checked(tmp_path):
    host = mirror(tmp_path)
    host.server.pull("sdb")
    assert "array:md0 is degraded" in host.refusal("array_check_start", "array:md0")


def test_an_array_without_redundancy_has_nothing_to_check(tmp_path):
    host = Host(
        tmp_path,
        disks=[{"name": "sda"}, {"name": "sdb"}],
        arrays=[
            {"name": "md0", "level": "raid0",
             "members": [{"device": "sda", "slot": 0}, {"device": "sdb", "slot": 1}]}
        ],
    )  # fmt: skip
    assert "has no redundancy to check" in host.refusal("array_check_start", "array:md0")
