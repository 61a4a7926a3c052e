"""Thermal zones, trip points and cooling devices."""

from pathlib import Path

import pytest

from hwagent.collect.root import Root, Unreadable
from hwagent.collect.thermal import COLLECTOR
from hwagent.model import Sample
from hwagent.testing.server import Server
from hwagent.testing.tree import Content, Tree

CLASS = "sys/class/thermal"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "host")


def zone(tree: Tree, number: int, type: str, temp: Content, **more: Content) -> None:
    tree.fill(f"{CLASS}/thermal_zone{number}", {"type": type, "temp": temp, **more})


def look(tree: Tree) -> dict[str, Sample]:
    collector, root = COLLECTOR(), Root(tree.path)
    samples = [s for t in collector.targets(root) for s in collector.collect(root, t)]
    for s in samples:
        assert set(s.metrics) | set(s.problems) <= {m.name for m in collector.kinds[s.kind]}
    return {s.id: s for s in samples}


def test_a_zone_of_a_simulated_server(tmp_path: Path) -> None:
    trips = {"passive": 95.0, "critical": 105.0}
    server = Server.build(tmp_path, zones=[{"temperature": 45.5, "trips": trips}])
    sample = look(server.tree)["thermal:x86_pkg_temp"]
    assert sample.metrics == {
        "celsius": 45.5,
        "mode": "enabled",
        "passive_celsius": 95,
        "critical_celsius": 105,
    }
    assert sample.attributes["policy"] == "step_wise"
    server.set("zone:0", temperature=101.0)
    assert look(server.tree)["thermal:x86_pkg_temp"].metrics["celsius"] == 101


def test_zones_of_one_type_are_numbered_among_themselves(tree: Tree) -> None:
    zone(tree, 0, "acpitz", 27800)
    zone(tree, 2, "x86_pkg_temp", 40000)
    zone(tree, 10, "x86_pkg_temp", 50000)
    found = {id: s.metrics["celsius"] for id, s in look(tree).items()}
    assert found == {
        "thermal:acpitz": 27.8,
        "thermal:x86_pkg_temp": 40,
        "thermal:x86_pkg_temp.1": 50,
    }


def test_a_zone_keeps_its_id_when_drivers_are_loaded_in_another_order(tree: Tree) -> None:
    zone(tree, 5, "x86_pkg_temp", 40000)
    zone(tree, 1, "acpitz", 27800)
    assert look(tree).keys() == {"thermal:acpitz", "thermal:x86_pkg_temp"}


def test_the_lowest_trip_point_of_a_type_counts_and_unset_ones_do_not(tree: Tree) -> None:
    trips: dict[str, Content] = {}
    points = (("passive", 90000), ("passive", 85000), ("critical", 0), ("hot", -274000),
              ("active", 900_000), ("odd", 50000))  # fmt: skip
    for number, (type, temp) in enumerate(points):
        trips |= {f"trip_point_{number}_type": type, f"trip_point_{number}_temp": temp}
    zone(tree, 0, "acpitz", 40000, **trips)
    assert look(tree)["thermal:acpitz"].metrics == {"celsius": 40, "passive_celsius": 85}


@pytest.mark.parametrize("temp", ["", "hot", 3_900_000, -60000])
def test_a_temperature_that_cannot_be_is_unknown(tree: Tree, temp: Content) -> None:
    zone(tree, 0, "acpitz", temp)
    sample = look(tree)["thermal:acpitz"]
    assert sample.metrics == {}
    assert sample.unreadable.startswith("celsius unknown")


def test_a_zone_without_temperature_is_unknown(tree: Tree) -> None:
    tree.write(f"{CLASS}/thermal_zone0/type", "acpitz")
    assert look(tree)["thermal:acpitz"].unreadable.startswith("celsius unknown")


def test_a_zone_whose_device_is_off_is_no_fault(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone(tree, 0, "iwlwifi_1", 0)
    real = Root.number

    def number(root: Root, relative: str, base: int = 10) -> int:
        if relative.endswith("/temp"):
            raise Unreadable(relative, "ENODATA (No data available)")
        return real(root, relative, base)

    monkeypatch.setattr(Root, "number", number)
    sample = look(tree)["thermal:iwlwifi_1"]
    assert (sample.metrics, sample.problems, sample.unreadable) == ({}, {}, "")


def test_cooling_devices_of_a_type_are_told_together(tree: Tree) -> None:
    for number, (type, now) in enumerate((("Processor", 0), ("Processor", 7), ("Fan", 1))):
        state = {"type": type, "cur_state": now, "max_state": 10}
        tree.fill(f"{CLASS}/cooling_device{number}", state)
    found = look(tree)
    assert found["cooling:Processor"].metrics == {"devices": 2, "cur_state": 7, "max_state": 10}
    assert found["cooling:Fan"].metrics == {"devices": 1, "cur_state": 1, "max_state": 10}


@pytest.mark.parametrize("content", ["", "fast", 10**40, -7])
def test_a_cooling_device_that_cannot_be_read_makes_its_type_unknown(
    tree: Tree, content: Content
) -> None:
    for number, now in enumerate((3, content)):
        tree.fill(f"{CLASS}/cooling_device{number}", {"type": "Fan", "cur_state": now})
    assert "cur_state" in look(tree)["cooling:Fan"].problems


def test_no_zones_are_nothing(tree: Tree) -> None:
    assert look(tree) == {}
