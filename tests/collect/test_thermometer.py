"""Temperatures of flash disks, fresher than SMART's."""

from pathlib import Path

import pytest

from hwagent.collect import smart
from hwagent.collect.root import Root
from hwagent.collect.thermometer import COLLECTOR
from hwagent.daemon.inventory import Inventory
from hwagent.model import Sample
from hwagent.testing.server import Server
from hwagent.testing.tree import Content


@pytest.fixture
def server(tmp_path: Path) -> Server:
    disks = [{"name": "nvme0n1"}, {"name": "sda"}, {"name": "sdb", "rotational": False}]
    return Server.build(tmp_path / "host", disks=disks)


def thermometer(server: Server, name: str, number: int, degrees: Content) -> None:
    """Puts the driver's chip where the kernel has it: at the controller, or at the device."""
    real = (server.tree.path / "sys/block" / name / "device").resolve()
    device = str(real.relative_to(server.tree.path.resolve()))
    under = device if name.startswith("nvme") else f"{device}/hwmon"
    chip = {"name": "x", "temp1_input": degrees}
    server.tree.fill(f"{under}/hwmon{number}", chip)


def look(server: Server) -> dict[str, Sample]:
    collector, root = COLLECTOR(), Root(server.tree.path)
    return {t: s for t in collector.targets(root) for s in collector.collect(root, t)}


def test_flash_disks_are_asked_and_disks_that_turn_may_sleep(server: Server) -> None:
    for number, name in enumerate(("nvme0n1", "sda", "sdb")):
        thermometer(server, name, number, 41850)
    found = look(server)
    assert found.keys() == {"nvme0n1", "sdb"}
    assert found["sdb"].id == server.disk("sdb").id
    assert found["nvme0n1"].metrics == {"temperature_celsius": 41.85}


def test_the_fresh_temperature_counts_beside_smarts_old_one(server: Server) -> None:
    thermometer(server, "nvme0n1", 0, 81000)
    collector, root = smart.COLLECTOR(), Root(server.tree.path)
    inventory = Inventory()
    inventory.apply(("thermometer", "nvme0n1"), [look(server)["nvme0n1"]])
    inventory.apply(("smart", "nvme0n1"), collector.collect(root, "nvme0n1"))
    (disk,) = inventory
    assert disk.metrics["temperature_celsius"] == 81
    assert disk.metrics["critical_warning"] == 0


@pytest.mark.parametrize("degrees", ["", "hot", -273150, 65_261_850])
def test_a_temperature_that_cannot_be_is_unknown(server: Server, degrees: Content) -> None:
    thermometer(server, "nvme0n1", 0, degrees)
    sample = look(server)["nvme0n1"]
    assert sample.metrics == {}
    assert "temperature_celsius" in sample.problems


def test_a_disk_that_takes_no_commands_is_not_asked(server: Server) -> None:
    thermometer(server, "nvme0n1", 0, 40000)
    server.tree.write("sys/block/nvme0n1/device/state", "resetting")
    assert look(server) == {}


def test_disks_without_thermometer_are_left_out(server: Server) -> None:
    assert look(server) == {}
