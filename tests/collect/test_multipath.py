"""Multipath devices: how many of their paths work, as the kernel and multipathd see it."""

import tarfile
from pathlib import Path

import pytest

from hwagent.collect.multipath import COLLECTOR
from hwagent.collect.root import Root
from hwagent.model import Sample
from hwagent.testing.tree import Tree

_CORPUS = Path(__file__).parents[3] / "shared/corpora/node_exporter-sys.tar.gz"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path / "host")
    tree.fill(
        "sys/block/dm-5",
        {"size": 2048, "dm/name": "mpatha", "dm/uuid": "mpath-3600508", "dm/suspended": 0},
    )
    tree.fill("sys/block/dm-7", {"size": 2048, "dm/name": "vg-root", "dm/uuid": "LVM-abc"})
    for name in ("sda", "sdb"):
        tree.fill(f"sys/block/{name}/device", {"state": "running", "wwid": "naa.3600508"})
        tree.link(f"sys/block/dm-5/slaves/{name}", f"sys/block/{name}")
    return tree


def look(tree: Tree) -> Sample:
    (sample,) = COLLECTOR().collect(Root(tree.path), "")
    return sample


def counts(sample: Sample) -> tuple[object, ...]:
    return tuple(sample.metrics.get(n) for n in ("paths", "paths_active", "paths_failed"))


def test_a_device_with_all_its_paths_and_no_logical_volume(tree: Tree) -> None:
    sample = look(tree)
    assert sample.id == "multipath:mpatha"
    assert counts(sample) == (2, 2, 0)
    assert sample.metrics["suspended"] == 0
    assert sample.attributes["disk"] == "disk:wwn-0x3600508"


@pytest.mark.parametrize("state", ["offline", "blocked", "transport-offline"])
def test_a_path_whose_device_does_not_run_has_failed(tree: Tree, state: str) -> None:
    tree.write("sys/block/sda/device/state", state)
    assert counts(look(tree)) == (2, 1, 1)


def test_a_path_that_only_multipathd_knows_to_be_failed(tree: Tree) -> None:
    tree.write("commands/multipathd-paths", "sda|failed|faulty|mpatha\nsdb|active|ready|mpatha\n")
    sample = look(tree)
    assert counts(sample) == (2, 1, 1)
    assert sample.attributes["paths"][0]["state"] == "running failed faulty"


def test_a_path_whose_state_cannot_be_read_makes_the_device_unknown(tree: Tree) -> None:
    tree.remove("sys/block/sda/device/state")
    (tree.path / "sys/block/sda/device/state").mkdir()
    sample = look(tree)
    assert sample.unreadable
    assert sample.metrics["paths"] == 2
    assert "paths_active" not in sample.metrics


def test_a_path_that_is_listed_but_gone_has_failed(tree: Tree) -> None:
    tree.remove("sys/block/sda")
    assert counts(look(tree)) == (2, 1, 1)


def test_garbage_from_multipathd_changes_nothing(tree: Tree) -> None:
    tree.write("commands/multipathd-paths", b"\xff\xfe|\n||||\nerror: permission denied")
    assert counts(look(tree)) == (2, 2, 0)


def test_a_host_without_multipath(tmp_path: Path) -> None:
    assert COLLECTOR().collect(Root(tmp_path), "") == []


def test_reads_the_devices_of_node_exporters_tree(tmp_path: Path) -> None:
    if not _CORPUS.exists():
        pytest.skip("../shared/corpora is absent")
    with tarfile.open(_CORPUS) as tar:
        tar.extractall(tmp_path, filter="tar")
    found = {s.id: counts(s) for s in COLLECTOR().collect(Root(tmp_path), "")}
    assert found == {"multipath:mpathA": (4, 3, 1), "multipath:mpathB": (2, 2, 0)}
