"""Memory errors by controller and module."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.edac import COLLECTOR, CONTROLLER_METRICS, MODULE_METRICS, module_ids
from hwagent.collect.root import Root, Unreadable
from hwagent.model import Sample
from hwagent.testing.tree import Tree
from tests.corpus.host_tree import unpack

MC = "sys/devices/system/edac/mc"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path / "host")
    controller(tree, "mc0")
    return tree


def controller(tree: Tree, mc: str, ce: int = 0, ue: int = 0) -> None:
    counts = {"ce_count": ce, "ue_count": ue, "ce_noinfo_count": 0, "ue_noinfo_count": 0}
    rest = {"mc_name": "skx_edac", "size_mb": 32768, "seconds_since_reset": 60}
    tree.fill(f"{MC}/{mc}", {**counts, **rest})


def module(tree: Tree, name: str, ce: int = 0, ue: int = 0, mc: str = "mc0") -> None:
    about = {"dimm_label": "CPU0_A1", "dimm_location": "channel 0 slot 0", "size": 16384}
    kind = {"dimm_mem_type": "Registered-DDR4", "dimm_dev_type": "x4", "dimm_edac_mode": "S4ECD4ED"}
    tree.fill(f"{MC}/{mc}/{name}", {**about, **kind, "dimm_ce_count": ce, "dimm_ue_count": ue})


def look(tree: Tree) -> dict[str, Sample]:
    samples = COLLECTOR().collect(Root(tree.path), "")
    declared = {m.name for m in (*CONTROLLER_METRICS, *MODULE_METRICS)}
    assert all(set(s.metrics) | set(s.problems) <= declared for s in samples)
    return {s.id: s for s in samples}


def test_a_module_says_where_it_sits_and_what_it_counted(tree: Tree) -> None:
    module(tree, "dimm0", ce=7, ue=1)
    sample = look(tree)["dimm:mc0/dimm0"]
    assert (sample.metrics["ce"], sample.metrics["ue"]) == (7, 1)
    assert sample.metrics["size_bytes"] == 16 * 2**30
    assert sample.attributes["label"] == "CPU0_A1"
    assert sample.attributes["location"] == "channel 0 slot 0"
    assert sample.attributes["controller"] == "memory_controller:mc0"


def test_a_controller_knows_its_modules(tree: Tree) -> None:
    module(tree, "dimm0")
    module(tree, "dimm10")
    sample = look(tree)["memory_controller:mc0"]
    assert sample.metrics["modules"] == 2
    assert sample.metrics["size_bytes"] == 32 * 2**30
    assert sample.attributes["dimms"] == ["dimm:mc0/dimm0", "dimm:mc0/dimm10"]
    assert sample.attributes["driver"] == "skx_edac"
    assert module_ids(Root(tree.path)) == ["dimm:mc0/dimm0", "dimm:mc0/dimm10"]


def test_modules_that_count_hide_the_rows_that_show_them_again(tree: Tree) -> None:
    module(tree, "rank0", ce=1)
    tree.fill(f"{MC}/mc0/csrow0", {"ce_count": 1, "ue_count": 0, "ch0_ce_count": 1})
    assert sorted(look(tree)) == ["dimm:mc0/rank0", "memory_controller:mc0"]


def test_kernels_before_4_15_count_by_row_and_channel(tree: Tree) -> None:
    tree.fill(f"{MC}/mc0/dimm0", {"dimm_label": "A1", "size": 8192})
    row = {"ce_count": 3, "ue_count": 4, "mem_type": "DDR3", "size_mb": 16384}
    channels = {"ch0_ce_count": 3, "ch1_ce_count": 0, "ch0_dimm_label": "A1", "ch1_ue_count": 2}
    tree.fill(f"{MC}/mc0/csrow0", {**row, **channels})
    found = look(tree)
    first, second = found["dimm:mc0/csrow0/ch0"], found["dimm:mc0/csrow0/ch1"]
    assert (first.metrics["ce"], first.metrics["row_ue"], first.attributes["label"]) == (3, 4, "A1")
    assert "ue" not in first.metrics  # the row counts them, not the channel
    assert (second.metrics["ce"], second.metrics["ue"]) == (0, 2)
    assert "size_bytes" not in first.metrics  # that of the row says nothing of one channel


def test_a_host_without_edac_has_none(tmp_path: Path) -> None:
    assert COLLECTOR().collect(Root(tmp_path), "") == []
    assert module_ids(Root(tmp_path)) == []


@pytest.mark.parametrize("content", ["", "many", "-1", "1" * 30, b"\xff\x00\xfe"])
@pytest.mark.parametrize("file", ["dimm_ce_count", "dimm_ue_count"])
def test_a_count_that_is_no_count_leaves_the_module_unknown(
    tree: Tree, file: str, content: str | bytes
) -> None:
    module(tree, "dimm0")
    tree.write(f"{MC}/mc0/dimm0/{file}", content)
    sample = look(tree)["dimm:mc0/dimm0"]
    assert sample.unreadable
    assert file[5:7] not in sample.metrics


def test_a_module_that_lost_one_of_its_counts_is_unknown(tree: Tree) -> None:
    module(tree, "dimm0")
    tree.remove(f"{MC}/mc0/dimm0/dimm_ue_count")
    assert "ue" in look(tree)["dimm:mc0/dimm0"].unreadable


def test_a_controller_without_counts_is_unknown_and_its_modules_are_not(tree: Tree) -> None:
    module(tree, "dimm0", ce=2)
    tree.remove(f"{MC}/mc0/ce_count")
    found = look(tree)
    assert found["memory_controller:mc0"].unreadable
    assert found["dimm:mc0/dimm0"].metrics["ce"] == 2


def test_a_list_of_controllers_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.write(MC, "a file where a directory should be")
    (tmp_path / MC).unlink()
    (tmp_path / MC).symlink_to("mc")
    with pytest.raises(Unreadable):
        look(tree)
    assert module_ids(Root(tmp_path)) == []


def test_other_names_are_no_controllers_and_no_modules(tree: Tree) -> None:
    for name in ("mcX", "power", "mc99999"):
        controller(tree, name)
    for name in ("dimmX", "uevent", "rank"):
        module(tree, name)
    assert list(look(tree)) == ["memory_controller:mc0"]


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=40),
    st.sampled_from(["ce_count", "size_mb", "mc_name", "dimm0/size", "csrow0/ch0_ce_count"]),
)
def test_any_bytes_in_a_file_are_borne(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, file: str
) -> None:
    tree = Tree(tmp_path_factory.getbasetemp() / "fuzzed-edac")
    controller(tree, "mc0")
    module(tree, "dimm0", ue=1)
    tree.write(f"{MC}/mc0/{file}", content)
    assert look(tree)["dimm:mc0/dimm0"].metrics["ue"] == 1


def test_reads_the_controller_of_node_exporters_tree(tmp_path: Path) -> None:
    found = look(Tree(unpack(tmp_path)))
    mc = found["memory_controller:mc0"].metrics
    assert (mc["ce"], mc["ue"], mc["ce_noinfo"], mc["ue_noinfo"]) == (1, 5, 2, 6)
    assert found["dimm:mc0/csrow0/ch0"].metrics["row_ce"] == 3
    assert len(found) == 7
