"""Processors that slow themselves because they are hot."""

from pathlib import Path

import pytest

from hwagent.collect.root import Root
from hwagent.collect.throttling import COLLECTOR
from hwagent.model import Sample
from hwagent.testing.tree import Content, Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "host")


def cpu(tree: Tree, number: int, package: Content, core: Content, **counts: Content) -> None:
    place = f"sys/devices/system/cpu/cpu{number}"
    tree.fill(f"{place}/topology", {"physical_package_id": package, "core_id": core})
    tree.fill(f"{place}/thermal_throttle", counts)


def look(tree: Tree) -> dict[str, Sample]:
    return {s.id: s for s in COLLECTOR().collect(Root(tree.path), "")}


def test_threads_of_a_core_and_processors_of_a_package_are_counted_once(tree: Tree) -> None:
    times = {"core_throttle_total_time_ms": 250, "package_throttle_total_time_ms": 1500}
    for number, core in enumerate((0, 1, 0, 1)):
        cpu(tree, number, 0, core, core_throttle_count=5, package_throttle_count=30, **times)
    cpu(tree, 4, 1, 0, core_throttle_count=0, package_throttle_count=6)
    found = look(tree)
    assert found["cpu:package0"].metrics == {
        "core_throttles": 10,
        "package_throttles": 30,
        "core_throttled_seconds": 0.5,
        "package_throttled_seconds": 1.5,
    }
    assert found["cpu:package1"].metrics == {"core_throttles": 0, "package_throttles": 6}
    assert found["cpu:package1"].attributes["package"] == "1"


@pytest.mark.parametrize("count", ["", "many", "-1", str(2**64)])
def test_a_damaged_count_is_unknown(tree: Tree, count: str) -> None:
    cpu(tree, 0, 0, 0, core_throttle_count=5)
    cpu(tree, 1, 0, 1, core_throttle_count=count)
    sample = look(tree)["cpu:package0"]
    assert "core_throttles" not in sample.metrics
    assert "core_throttles" in sample.problems


def test_a_processor_of_no_known_place_is_counted_by_itself(tree: Tree) -> None:
    cpu(tree, 0, 0, 0, core_throttle_count=5)
    cpu(tree, 1, "?", 0, core_throttle_count=7)
    assert [s.metrics["core_throttles"] for s in look(tree).values()] == [5, 7]


def test_processors_that_count_nothing(tree: Tree) -> None:
    cpu(tree, 0, 0, 0)
    tree.write("sys/devices/system/cpu/cpu1/online", 1)
    tree.write("sys/devices/system/cpu/cpufreq/boost", 1)
    assert look(tree) == {}
    tree.write("sys/devices/system/cpu/cpu1/thermal_throttle/odd", 1)
    (sample,) = look(tree).values()
    assert sample.unreadable
