"""Fibre Channel ports and the targets that they see."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.fc import COLLECTOR, METRICS
from hwagent.collect.root import Missing, Root
from hwagent.model import Sample
from hwagent.testing.tree import Tree
from tests.corpus.host_tree import unpack

HOST = "sys/class/fc_host/host2"
REMOTE = "sys/class/fc_remote_ports"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path / "host")
    tree.fill(HOST, {"port_name": "0x21000024ff", "port_state": "Online", "speed": "16 Gbit"})
    counts = {"link_failure_count": "0x1f", "invalid_crc_count": "0xffffffffffffffff"}
    tree.fill(f"{HOST}/statistics", counts)
    return tree


def remote(tree: Tree, name: str, state: str, roles: str = "FCP Target") -> None:
    tree.fill(f"{REMOTE}/{name}", {"port_state": state, "roles": roles})


def look(tree: Tree) -> list[Sample]:
    samples = COLLECTOR().collect(Root(tree.path), "")
    declared = {m.name for m in METRICS}
    assert all(set(s.metrics) | set(s.problems) <= declared for s in samples)
    return samples


def test_a_port_with_its_link(tree: Tree) -> None:
    [sample] = look(tree)
    assert sample.id == "fc_port:host2"
    assert sample.metrics["port_state"] == "Online"
    assert sample.metrics["speed_bits_per_second"] == 16_000_000_000
    assert sample.attributes["port_name"] == "0x21000024ff"


def test_statistics_are_hexadecimal_and_all_ones_are_no_count(tree: Tree) -> None:
    [sample] = look(tree)
    assert sample.metrics["link_failures"] == 31
    assert "invalid_crc" not in sample.metrics
    assert sample.problems == {}


@pytest.mark.parametrize(
    ("text", "speed"),
    [
        ("8 Gbit", 8),
        ("4 Gbit, 8 Gbit", 8),
        ("128 Gbit", 128),
        ("unknown", 0),
        ("Not Negotiated", 0),
    ],
)
def test_a_speed_that_is_not_known_is_not_a_speed_of_nothing(
    tree: Tree, text: str, speed: int
) -> None:
    tree.write(f"{HOST}/speed", text)
    [sample] = look(tree)
    assert sample.metrics["speed_known"] == int(speed > 0)
    assert sample.metrics.get("speed_bits_per_second") == (speed * 10**9 or None)


def test_targets_that_went_are_named_and_other_initiators_are_none(tree: Tree) -> None:
    remote(tree, "rport-2:0-0", "Online")
    remote(tree, "rport-2:0-1", "Blocked", "FCP Target, NVMe Target")
    remote(tree, "rport-2:0-2", "Not Present", "unknown")
    remote(tree, "rport-2:0-3", "Online", "FCP Initiator")
    remote(tree, "rport-21:0-0", "Blocked")  # of another host
    [sample] = look(tree)
    assert (sample.metrics["targets"], sample.metrics["targets_online"]) == (3, 1)
    assert sample.attributes["lost_targets"] == ["rport-2:0-1", "rport-2:0-2"]


def test_a_target_whose_state_cannot_be_read_leaves_the_number_of_the_good_unknown(
    tree: Tree,
) -> None:
    remote(tree, "rport-2:0-0", "Online")
    remote(tree, "rport-2:0-1", "Online")
    tree.remove(f"{REMOTE}/rport-2:0-1/port_state")
    (tree.path / REMOTE / "rport-2:0-1/port_state").mkdir()
    [sample] = look(tree)
    assert "targets_online" in sample.problems
    assert "targets_online" not in sample.metrics


class Forgetting(Root):
    """A host whose kernel forgets a target between the list and the look."""

    def text(self, relative: str) -> str:
        if relative.endswith("rport-2:0-1/port_state"):
            raise Missing(relative, "gone")
        return super().text(relative)


def test_a_target_that_the_kernel_forgets_during_the_look_is_no_damage(tree: Tree) -> None:
    remote(tree, "rport-2:0-0", "Online")
    remote(tree, "rport-2:0-1", "Online")
    [sample] = COLLECTOR().collect(Forgetting(tree.path), "")
    assert sample.problems == {}
    assert (sample.metrics["targets"], sample.metrics["targets_online"]) == (1, 1)


def test_a_host_without_adapters(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    assert look(tree) == []
    tree.write("sys/class/fc_host/hostX/port_state", "Online")
    assert look(tree) == []


@pytest.mark.parametrize("content", ["", "Sideways", b"\xff\xfe"])
def test_a_state_that_is_none_leaves_the_port_unknown(tree: Tree, content: str | bytes) -> None:
    tree.write(f"{HOST}/port_state", content)
    [sample] = look(tree)
    assert sample.unreadable
    assert "port_state" not in sample.metrics


@pytest.mark.parametrize(
    ("file", "content", "metric"),
    [
        ("speed", "fast", "speed_bits_per_second"),
        ("speed", "16 Gbit, fast", "speed_bits_per_second"),
        ("statistics/link_failure_count", "many", "link_failures"),
        ("statistics/link_failure_count", "-0x1", "link_failures"),
        ("statistics/link_failure_count", "0x1" + "0" * 16, "link_failures"),
    ],
)
def test_damage_is_a_problem(tree: Tree, file: str, content: str, metric: str) -> None:
    tree.write(f"{HOST}/{file}", content)
    [sample] = look(tree)
    assert metric in sample.problems
    assert metric not in sample.metrics


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=40),
    st.sampled_from(
        [f"{HOST}/speed", f"{HOST}/statistics/nos_count", f"{REMOTE}/rport-2:0-0/roles"]
    ),
)
def test_any_bytes_in_a_file_are_borne(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, file: str
) -> None:
    tree = Tree(tmp_path_factory.getbasetemp() / "fuzzed-fc")
    tree.write(f"{HOST}/port_state", "Online")
    tree.write(file, content)
    [sample] = look(tree)
    assert sample.metrics["port_state"] == "Online"


def test_reads_the_ports_of_node_exporters_tree(tmp_path: Path) -> None:
    first, second = look(Tree(unpack(tmp_path)))
    assert first.metrics["speed_bits_per_second"] == 16_000_000_000
    assert first.metrics["aborts"] == 19
    assert "dumped_frames" not in first.metrics
    assert second.metrics["dumped_frames"] == 0
