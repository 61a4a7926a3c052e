"""Watchdogs, as sysfs shows them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.root import Root
from hwagent.collect.watchdog import COLLECTOR, METRICS
from hwagent.model import Sample
from hwagent.testing.tree import Tree
from tests.corpus.host_tree import unpack

AT = "sys/class/watchdog/watchdog0"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path / "host")
    times = {"timeout": 30, "timeleft": 17, "pretimeout": 0}
    about = {"identity": "iTCO_wdt", "options": "0x8180", "status": "0x8000"}
    tree.fill(AT, {"state": "active", "nowayout": 1, "bootstatus": 0, **times, **about})
    tree.write("proc/uptime", "86412.07 345000.11")
    return tree


def look(tree: Tree) -> list[Sample]:
    samples = COLLECTOR().collect(Root(tree.path), "")
    declared = {m.name for m in METRICS}
    assert all(set(s.metrics) | set(s.problems) <= declared for s in samples)
    return samples


def test_a_watchdog_that_is_fed(tree: Tree) -> None:
    tree.link(f"{AT}/device/driver", "sys/bus/platform/drivers/iTCO_wdt")
    [sample] = look(tree)
    assert sample.id == "watchdog:watchdog0"
    assert sample.metrics["state"] == "active"
    assert (sample.metrics["timeout_seconds"], sample.metrics["timeleft_seconds"]) == (30, 17)
    assert sample.metrics["nowayout"] == 1
    assert sample.metrics["seconds_since_boot"] == 86412.07
    assert sample.attributes["driver"] == "iTCO_wdt"


@pytest.mark.parametrize(
    ("bits", "metric"),
    [
        (0x1, "boot_overheat"),
        (0x2, "boot_fan_fault"),
        (0x10, "boot_power_low"),
        (0x20, "boot_reset"),
        (0x40, "boot_power_high"),
    ],
)
def test_each_bit_of_the_boot_status_says_one_thing(tree: Tree, bits: int, metric: str) -> None:
    tree.write(f"{AT}/bootstatus", bits)
    [sample] = look(tree)
    told = {m: v for m, v in sample.metrics.items() if m.startswith("boot_")}
    assert [m for m, v in told.items() if v] == [metric]
    assert len(told) == 5


def test_without_sysfs_support_there_is_one_and_no_more_is_known(tmp_path: Path) -> None:
    (tmp_path / AT).mkdir(parents=True)
    [sample] = look(Tree(tmp_path))
    assert sample.id == "watchdog:watchdog0"
    assert (sample.metrics, sample.problems) == ({}, {})


def test_a_host_without_any(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    assert look(tree) == []
    tree.write("sys/class/watchdog/notes/state", "active")
    assert look(tree) == []


@pytest.mark.parametrize(
    ("file", "content", "metric"),
    [
        ("state", "asleep", "state"),
        ("state", "", "state"),
        ("timeout", "soon", "timeout_seconds"),
        ("timeleft", "-5", "timeleft_seconds"),
        ("nowayout", "7", "nowayout"),
        ("bootstatus", str(2**40), "bootstatus"),
        ("bootstatus", "0x20", "bootstatus"),
    ],
)
def test_damage_is_a_problem(tree: Tree, file: str, content: str, metric: str) -> None:
    tree.write(f"{AT}/{file}", content)
    [sample] = look(tree)
    assert metric in sample.problems
    assert metric not in sample.metrics
    assert (metric == "bootstatus") == ("boot_reset" not in sample.metrics)


@pytest.mark.parametrize("content", ["", "for ever", "12"])
def test_an_unknown_uptime_is_left_out(tree: Tree, content: str) -> None:
    tree.write("proc/uptime", content)
    [sample] = look(tree)
    assert "seconds_since_boot" not in sample.metrics
    assert sample.metrics["state"] == "active"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40), st.sampled_from(["state", "bootstatus", "identity", "timeleft"]))
def test_any_bytes_in_a_file_are_borne(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, file: str
) -> None:
    tree = Tree(tmp_path_factory.getbasetemp() / "fuzzed-watchdog")
    tree.fill(AT, {"state": "active", "timeout": 30, file: content})
    [sample] = look(tree)
    assert sample.metrics["timeout_seconds"] == 30


def test_reads_the_watchdogs_of_node_exporters_tree(tmp_path: Path) -> None:
    first, second = look(Tree(unpack(tmp_path)))
    assert first.attributes["identity"] == "Software Watchdog"
    assert first.metrics["state"] == "active"
    assert first.metrics["boot_overheat"] == 1
    assert first.metrics["timeleft_seconds"] == 300
    assert second.id == "watchdog:watchdog1"
    assert second.metrics == {}
