"""PCI Express links and error counters."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.pcie import COLLECTOR, METRICS
from hwagent.collect.root import Root
from hwagent.model import Sample
from hwagent.testing.tree import Tree

PORT, CARD = "0000:00:02.1", "0000:01:00.0"
AER = "RxErr 0\nBadTLP 3\nReceiver Overflow 1\nTOTAL_ERR_COR 3"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def function(tree: Tree, path: str, kind: str, speed: str, width: int, most: int) -> None:
    place = f"sys/devices/pci0000:00/{path}"
    links = {"current_link_speed": speed, "max_link_speed": "16.0 GT/s PCIe"}
    widths = {"current_link_width": width, "max_link_width": most}
    tree.fill(place, {"class": kind, "vendor": "0x8086", **links, **widths})
    tree.link(f"sys/bus/pci/devices/{path.rsplit('/', 1)[-1]}", place)


def look(tree: Tree) -> dict[str, Sample]:
    samples = COLLECTOR().collect(Root(tree.path), "")
    declared = {m.name for m in METRICS}
    assert all(set(s.metrics) | set(s.problems) <= declared for s in samples)
    return {s.id: s for s in samples}


def test_a_link_is_judged_at_the_device_by_what_both_ends_can(tree: Tree) -> None:
    function(tree, PORT, "0x060400", "8.0 GT/s PCIe", 4, 8)
    function(tree, f"{PORT}/{CARD}", "0x010802", "8.0 GT/s PCIe", 4, 16)
    tree.write(f"sys/devices/pci0000:00/{PORT}/max_link_speed", "8.0 GT/s PCIe")
    found = look(tree)
    card, port = found[f"pcie:{CARD}"], found[f"pcie:{PORT}"]
    assert card.metrics["link_width"] == 4
    assert card.metrics["link_width_capable"] == 8
    assert card.metrics["link_speed_capable"] == 8_000_000_000
    assert card.attributes["port"] == f"pcie:{PORT}"
    assert "link_width_capable" not in port.metrics  # a port may be wider than what is in it


@pytest.mark.parametrize("speed", ["Unknown", "Unknown speed", "unknown"])
def test_a_link_that_is_down_has_no_speed(tree: Tree, speed: str) -> None:
    function(tree, CARD, "0x020000", speed, 0, 4)
    assert look(tree) == {}


def test_virtual_functions_and_further_functions_share_the_link(tree: Tree) -> None:
    for name in (CARD, "0000:01:00.1", "0000:01:10.0"):
        function(tree, name, "0x020000", "8.0 GT/s PCIe", 4, 4)
    tree.write("sys/bus/pci/devices/0000:01:10.0/physfn/class", "0x020000")
    assert list(look(tree)) == [f"pcie:{CARD}"]


def test_errors_by_name_and_in_all(tree: Tree) -> None:
    tree.write(f"sys/bus/pci/devices/{CARD}/aer_dev_correctable", AER)
    tree.write(f"sys/bus/pci/devices/{CARD}/aer_dev_fatal", "DLP 2\nTLP 1")
    tree.write(f"sys/bus/pci/devices/{CARD}/aer_rootport_total_err_cor", 9)
    sample = look(tree)[f"pcie:{CARD}"]
    assert sample.metrics["aer_correctable"] == 3
    assert sample.metrics["aer_fatal"] == 3  # no total: the sum
    assert sample.metrics["aer_port_correctable"] == 9
    named = {"BadTLP": 3, "Receiver Overflow": 1}
    assert sample.attributes["aer_correctable_errors"] == named


def test_a_device_without_link_and_counters_is_not_there(tree: Tree) -> None:
    tree.write(f"sys/bus/pci/devices/{CARD}/class", "0x060100")
    tree.write("sys/bus/pci/devices/notes/aer_dev_fatal", "TLP 1")
    assert look(tree) == {}


@pytest.mark.parametrize(
    ("file", "content", "metric"),
    [
        ("aer_dev_fatal", "garbage", "aer_fatal"),
        ("aer_dev_fatal", "TLP -1", "aer_fatal"),
        ("aer_dev_fatal", "TLP " + "9" * 60, "aer_fatal"),
        ("current_link_speed", "fast", "link_speed"),
        ("current_link_width", "wide", "link_width"),
        ("max_link_width", "99999", "link_width"),
        ("aer_rootport_total_err_fatal", "x", "aer_port_fatal"),
    ],
)
def test_damage_is_a_problem(tree: Tree, file: str, content: str, metric: str) -> None:
    function(tree, CARD, "0x020000", "8.0 GT/s PCIe", 4, 4)
    tree.write(f"sys/bus/pci/devices/{CARD}/{file}", content)
    sample = look(tree)[f"pcie:{CARD}"]
    assert metric in sample.problems
    assert metric not in sample.metrics


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=120),
    st.sampled_from(["aer_dev_fatal", "current_link_speed", "max_link_width", "class"]),
)
def test_any_bytes_in_a_file_are_borne(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, file: str
) -> None:
    tree = Tree(tmp_path_factory.getbasetemp() / "fuzzed-pcie")
    tree.write(f"sys/bus/pci/devices/{CARD}/aer_dev_nonfatal", "TLP 1")
    tree.write(f"sys/bus/pci/devices/{CARD}/{file}", content)
    assert look(tree)[f"pcie:{CARD}"].metrics["aer_nonfatal"] == 1
