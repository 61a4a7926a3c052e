"""InfiniBand ports."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect import root
from hwagent.collect.infiniband import COLLECTOR, METRICS
from hwagent.collect.root import Root
from hwagent.model import Sample
from hwagent.testing.tree import Tree
from tests.corpus.host_tree import unpack

DEVICE = "sys/class/infiniband/mlx5_0"
PORT = f"{DEVICE}/ports/1"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path / "host")
    port(tree)
    return tree


def port(tree: Tree) -> None:
    tree.fill(DEVICE, {"hca_type": "MT4129", "fw_ver": "28.39.1002", "board_id": "MT_0000000834"})
    link = {"state": "4: ACTIVE", "phys_state": "5: LinkUp", "rate": "400 Gb/sec (4X NDR)"}
    counters = {"counters/port_rcv_data": 25, "counters/symbol_error": 3}
    tree.fill(PORT, {**link, **counters, "link_layer": "InfiniBand"})


def look(tree: Tree) -> list[Sample]:
    samples = COLLECTOR().collect(Root(tree.path), "")
    declared = {m.name for m in METRICS}
    assert all(set(s.metrics) | set(s.problems) <= declared for s in samples)
    return samples


def test_a_port_with_its_link(tree: Tree) -> None:
    [sample] = look(tree)
    assert sample.id == "ib_port:mlx5_0/1"
    assert (sample.metrics["state"], sample.metrics["state_number"]) == ("ACTIVE", 4)
    assert sample.metrics["physical_state"] == "LinkUp"
    assert sample.metrics["rate_bits_per_second"] == 400_000_000_000
    assert sample.attributes["link_layer"] == "InfiniBand"
    assert sample.attributes["firmware"] == "28.39.1002"


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("2.5 Gb/sec (1X SDR)", 2_500_000_000),
        ("56 Gb/sec (4X FDR)", 56_000_000_000),
        ("10 Gb/sec", 10_000_000_000),
    ],
)
def test_rates(tree: Tree, text: str, rate: int) -> None:
    tree.write(f"{PORT}/rate", text)
    [sample] = look(tree)
    assert sample.metrics["rate_bits_per_second"] == rate


def test_data_is_counted_in_words_of_four_bytes(tree: Tree) -> None:
    [sample] = look(tree)
    assert sample.metrics["rx_bytes"] == 100


def test_of_two_counters_of_one_thing_the_one_that_is_not_full_counts(tree: Tree) -> None:
    tree.write(f"{PORT}/counters/port_rcv_packets", 2**32 - 1)
    tree.write(f"{PORT}/counters_ext/port_rcv_packets_64", 2**40)
    [sample] = look(tree)
    assert sample.metrics["rx_packets"] == 2**40


def test_counters_that_are_full_are_named(tree: Tree) -> None:
    assert look(tree)[0].metrics["counters_full"] == 0
    tree.write(f"{PORT}/counters/symbol_error", 0xFFFF)
    tree.write(f"{PORT}/counters/link_downed", 0xFF)
    [sample] = look(tree)
    assert sample.metrics["counters_full"] == 2
    assert sample.attributes["full"] == ["symbol_errors", "link_downed"]


def test_a_device_that_does_not_count_says_so(tree: Tree) -> None:
    tree.write(f"{PORT}/counters/symbol_error", "N/A (no PMA)")
    tree.write(f"{PORT}/counters/port_rcv_data", "N/A (no PMA)")
    [sample] = look(tree)
    assert sample.problems == {}
    assert not {"symbol_errors", "rx_bytes", "counters_full"} & sample.metrics.keys()


@pytest.mark.parametrize("refusal", [errno.EINVAL, errno.EOPNOTSUPP])
def test_a_virtual_function_refuses_counters_that_it_does_not_have(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    refuse(monkeypatch, "counters/symbol_error", refusal)
    [sample] = look(tree)
    assert sample.problems == {}
    assert "symbol_errors" not in sample.metrics
    assert sample.metrics["rx_bytes"] == 100


def test_a_counter_that_the_hardware_cannot_tell_now_is_unknown(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "counters/symbol_error", errno.EIO)
    [sample] = look(tree)
    assert "EIO" in sample.problems["symbol_errors"]
    assert "symbol_errors" not in sample.metrics


def refuse(monkeypatch: pytest.MonkeyPatch, file: str, number: int) -> None:
    """Has reads of one file fail as a driver lets them fail."""
    read = root._read_all

    def refusing(fd: int) -> bytes:
        if os.readlink(f"/proc/self/fd/{fd}").endswith(file):
            raise OSError(number, os.strerror(number))
        return read(fd)

    monkeypatch.setattr(root, "_read_all", refusing)


def test_a_device_whose_ports_cannot_be_listed_is_unknown(tree: Tree) -> None:
    tree.remove(f"{DEVICE}/ports")
    (tree.path / DEVICE / "ports").symlink_to("ports")
    [sample] = look(tree)
    assert sample.id == "ib_port:mlx5_0"
    assert sample.unreadable


def test_a_host_without_devices(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    assert look(tree) == []
    tree.write("sys/class/infiniband/mlx5_0/ports/one/state", "4: ACTIVE")
    assert look(tree) == []


@pytest.mark.parametrize("content", ["", "ACTIVE", "4: FLYING", "4:", b"\xff"])
@pytest.mark.parametrize("file", ["state", "phys_state"])
def test_a_state_that_is_none_leaves_the_port_unknown(
    tree: Tree, file: str, content: str | bytes
) -> None:
    tree.write(f"{PORT}/{file}", content)
    [sample] = look(tree)
    assert sample.unreadable
    assert {"state": "state", "phys_state": "physical_state"}[file] not in sample.metrics


@pytest.mark.parametrize(
    ("file", "content", "metric"),
    [
        ("rate", "fast", "rate_bits_per_second"),
        ("rate", "-10 Gb/sec", "rate_bits_per_second"),
        ("counters/symbol_error", "many", "symbol_errors"),
        ("counters/symbol_error", "-1", "symbol_errors"),
        ("counters/port_rcv_data", str(2**70), "rx_bytes"),
        ("counters_ext/port_rcv_data_64", "x", "rx_bytes"),
    ],
)
def test_damage_is_a_problem(tree: Tree, file: str, content: str, metric: str) -> None:
    tree.write(f"{PORT}/{file}", content)
    [sample] = look(tree)
    assert metric in sample.problems
    assert metric not in sample.metrics


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=40),
    st.sampled_from(["rate", "counters/symbol_error", "counters/port_xmit_data", "link_layer"]),
)
def test_any_bytes_in_a_file_are_borne(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, file: str
) -> None:
    tree = Tree(tmp_path_factory.getbasetemp() / "fuzzed-infiniband")
    port(tree)
    tree.write(f"{PORT}/{file}", content)
    [sample] = look(tree)
    assert sample.metrics["state"] == "ACTIVE"


def test_reads_the_ports_of_node_exporters_tree(tmp_path: Path) -> None:
    found = {s.id: s for s in look(Tree(unpack(tmp_path)))}
    assert list(found) == ["ib_port:i40iw0/1", "ib_port:mlx4_0/1", "ib_port:mlx4_0/2"]
    iwarp, port = found["ib_port:i40iw0/1"], found["ib_port:mlx4_0/1"]
    assert "symbol_errors" not in iwarp.metrics  # N/A (no PMA)
    assert port.metrics["rate_bits_per_second"] == 40_000_000_000
    assert port.metrics["rx_bytes"] == 18_527_668
