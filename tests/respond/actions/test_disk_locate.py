"""The lamp at a disk's bay."""

from hwagent.model import Result
from hwagent.respond import Run
from tests.respond.actions.host import mirror


def lamp(host):
    tree = host.server.tree
    bay = "sys/devices/enclosure/Slot 01"
    tree.write(f"{bay}/locate", 0)
    tree.link("sys/block/sda/device/enclosure_device:Slot 01", bay)
    return lambda: tree.read(f"{bay}/locate")


def test_the_lamp_is_lit_and_put_out(tmp_path):
    host = mirror(tmp_path)
    locate = lamp(host)
    disk = host.server.disk("sda").id
    assert host.do("disk_locate", disk).result is Result.DONE
    assert locate() == "1"
    host.do("disk_locate", disk, on=False)
    assert locate() == "0"


def test_a_bay_without_a_lamp_fails_with_the_reason(tmp_path):
    host = mirror(tmp_path)
    outcome = host.do("disk_locate", host.server.disk("sdb").id)
    assert outcome.result is Result.FAILED
    assert "sdb is in no enclosure" in outcome.detail


def test_a_disk_that_has_failed_can_be_found(tmp_path):
    host = mirror(tmp_path)
    host.ill.add("sda")
    assert isinstance(host.ask("disk_locate", host.server.disk("sda").id), Run)
