"""NVMe controllers and the namespaces that they show."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.nvme_controller import COLLECTOR, METRICS
from hwagent.collect.root import Root
from hwagent.model import Sample
from hwagent.testing.disks import Disk, complete, write_disk
from hwagent.testing.tree import Tree
from tests.corpus.host_tree import unpack

AT = "sys/class/nvme/nvme0"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path / "host")
    about = {"model": "P1", "serial": "S1", "firmware_rev": "1.0", "cntlid": 3, "transport": "tcp"}
    tree.fill(AT, {"state": "live", "subsysnqn": "nqn.x", "address": "traddr=10.0.0.1", **about})
    return tree


def namespace(tree: Tree, name: str, **files: str | int) -> None:
    tree.fill(
        f"{AT}/{name}", {"size": 2048, "nuse": 100, "queue/logical_block_size": 4096, **files}
    )


def look(tree: Tree) -> dict[str, Sample]:
    samples = COLLECTOR().collect(Root(tree.path), "")
    declared = {m.name for m in METRICS}
    assert all(set(s.metrics) | set(s.problems) <= declared for s in samples)
    return {s.id: s for s in samples}


def test_a_controller_with_its_namespaces(tree: Tree) -> None:
    namespace(tree, "nvme0n1")
    namespace(tree, "nvme0n2", size=4096)
    sample = look(tree)["nvme_controller:nvme0"]
    assert sample.metrics["state"] == "live"
    assert sample.metrics["namespaces"] == 2
    assert sample.metrics["size_bytes"] == (2048 + 4096) * 512  # in sectors, whatever its blocks
    assert sample.metrics["used_bytes"] == 2 * 100 * 4096  # in blocks
    assert sample.attributes["serial"] == "S1"
    assert sample.attributes["subsystem"] == "nqn.x"


def test_a_controller_names_its_disk_as_the_disk_names_itself(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    disk = complete(Disk(name="nvme0n1"), 1)
    write_disk(tree, disk)
    sample = look(tree)["nvme_controller:nvme0"]
    assert sample.attributes["disks"] == [disk.id]


def test_paths_of_a_multipath_disk_and_what_became_of_them(tree: Tree) -> None:
    namespace(tree, "nvme0c1n1", ana_state="optimized")
    namespace(tree, "nvme0c1n2", ana_state="inaccessible")
    namespace(tree, "nvme0c1n3", ana_state="persistent-loss")
    sample = look(tree)["nvme_controller:nvme0"]
    assert sample.metrics["namespaces_inaccessible"] == 1
    assert sample.metrics["namespaces_lost"] == 1
    assert sample.attributes["disks"] == ["disk:nvme0n1", "disk:nvme0n2", "disk:nvme0n3"]


def test_a_dead_controller_shows_no_namespaces(tree: Tree) -> None:
    tree.write(f"{AT}/state", "dead")
    sample = look(tree)["nvme_controller:nvme0"]
    assert (sample.metrics["state"], sample.metrics["namespaces"]) == ("dead", 0)
    assert "namespaces_lost" not in sample.metrics


def test_a_controller_that_only_its_subsystem_lists(tree: Tree) -> None:
    tree.write("sys/class/nvme-subsystem/nvme-subsys0/nvme7/state", "connecting")
    tree.write("sys/class/nvme-subsystem/nvme-subsys0/nvme0/state", "dead")  # nvme0 is known
    found = look(tree)
    assert found["nvme_controller:nvme7"].metrics["state"] == "connecting"
    assert found["nvme_controller:nvme0"].metrics["state"] == "live"


def test_a_host_without_controllers(tmp_path: Path) -> None:
    assert look(Tree(tmp_path)) == {}


@pytest.mark.parametrize("content", ["", "alive", b"\xff"])
def test_a_state_that_is_none_leaves_the_controller_unknown(
    tree: Tree, content: str | bytes
) -> None:
    tree.write(f"{AT}/state", content)
    sample = look(tree)["nvme_controller:nvme0"]
    assert sample.unreadable
    assert "state" not in sample.metrics


def test_whether_a_namespace_is_lost_may_be_unknown(tree: Tree) -> None:
    namespace(tree, "nvme0c1n1", ana_state="optimized")
    (tree.path / AT / "nvme0c1n2/ana_state").mkdir(parents=True)
    sample = look(tree)["nvme_controller:nvme0"]
    assert "namespaces_lost" in sample.problems
    assert "namespaces_lost" not in sample.metrics


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=40),
    st.sampled_from(["size", "nuse", "ana_state", "nsid", "queue/logical_block_size"]),
)
def test_any_bytes_in_a_file_are_borne(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, file: str
) -> None:
    tree = Tree(tmp_path_factory.getbasetemp() / "fuzzed-nvme-controller")
    tree.fill(AT, {"state": "live", f"nvme0n1/{file}": content})
    sample = look(tree)["nvme_controller:nvme0"]
    assert (sample.metrics["state"], sample.metrics["namespaces"]) == ("live", 1)


def test_reads_the_controllers_of_node_exporters_tree(tmp_path: Path) -> None:
    found = look(Tree(unpack(tmp_path)))
    assert found["nvme_controller:nvme0"].metrics["size_bytes"] == 3_906_250_000 * 512
    assert found["nvme_controller:nvme0"].metrics["used_bytes"] == 2_000_000_000_000
    assert found["nvme_controller:nvme3"].metrics["state"] == "dead"
    assert found["nvme_controller:nvme3"].attributes["transport"] == "fc"
