"""A declared spare takes the place of a lost member."""

from hwagent.model import Result
from tests.respond.actions.host import mirror, states


def test_the_first_declared_spare_that_fits_is_added_and_filled(tmp_path):
    host = mirror(tmp_path, spares=["sdc", "sdd"])
    host.ill.add("sdc")
    host.server.pull("sdb")
    assert host.do("array_add_spare", "array:md0").result is Result.DONE
    host.wait(3600)
    assert states(host) == {"sda1": "in_sync", "sdd": "in_sync"}


def test_an_array_that_lacks_nothing_gets_none(tmp_path):
    why = mirror(tmp_path, spares=["sdc"]).refusal("array_add_spare", "array:md0")
    assert "array:md0 lacks no member" in why


def test_nothing_declared_nothing_added(tmp_path):
    host = mirror(tmp_path)
    host.server.pull("sdb")
    assert "no spare is declared for md0" in host.refusal("array_add_spare", "array:md0")
    why = host.refusal("array_add_spare", "array:md0", device="sdc")
    assert "is not declared as a spare of md0" in why


def test_a_second_spare_waits_for_the_first(tmp_path):
    host = mirror(tmp_path, spares=["sdc", "sdd"])
    host.server.pull("sdb")
    host.do("array_add_spare", "array:md0")
    assert "has a spare already" in host.refusal("array_add_spare", "array:md0")


def test_an_array_beyond_help_gets_none(tmp_path):
    host = mirror(tmp_path, spares=["sdc"])
    host.server.pull("sda")
    host.server.pull("sdb")
    why = host.refusal("array_add_spare", "array:md0")
    assert "has lost more than a spare can restore" in why
