"""Checks end when asked; rebuilds never."""

from hwagent.model import Result
from tests.respond.actions.host import mirror


def test_a_check_is_ended(tmp_path):
    host = mirror(tmp_path, sync_action="check")
    assert host.do("array_check_pause", "array:md0").result is Result.DONE
    assert host.seen().components["array:md0"].metrics["sync_action"] == "idle"


def test_a_rebuild_is_not_ended(tmp_path):
    host = mirror(tmp_path, spares=["sdc"])
    host.server.pull("sdb")
    host.do("array_add_spare", "array:md0")
    why = host.refusal("array_check_pause", "array:md0")
    assert "is not being checked but recover" in why


def test_an_idle_array_has_none(tmp_path):
    assert "but idle" in mirror(tmp_path).refusal("array_check_pause", "array:md0")
