"""Machine checks, counted by processor."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.mce import COLLECTOR, METRICS
from hwagent.collect.root import Root, Unreadable
from hwagent.model import Sample
from hwagent.testing.tree import Tree
from tests.corpus.host_tree import unpack

FIRST = "sys/devices/system/machinecheck/machinecheck0"
INTERRUPTS = """\
           CPU0       CPU1
  0:         18          0  IR-IO-APIC-edge      timer
NMI:         47       5031   Non-maskable interrupts
THR:          2          5   Threshold APIC interrupts
DFR:          1          0   Deferred Error APIC interrupts
MCE:          1          1   Machine check exceptions
MCP:       2406       2399   Machine check polls
ERR:          0
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path / "host")
    tree.fill(FIRST, {"check_interval": 300, "ignore_ce": 0})
    tree.write("proc/interrupts", INTERRUPTS)
    return tree


def look(tree: Tree) -> list[Sample]:
    samples = COLLECTOR().collect(Root(tree.path), "")
    declared = {m.name for m in METRICS}
    assert all(set(s.metrics) | set(s.problems) <= declared for s in samples)
    return samples


def test_counts_are_added_up_and_the_busiest_processor_is_told(tree: Tree) -> None:
    [sample] = look(tree)
    assert sample.id == "machine_check:cpu"
    assert sample.metrics["exceptions"] == 2  # Intel tells all processors of one: two at most
    assert sample.metrics["exceptions_busiest_cpu"] == 1  # and one at least
    assert sample.metrics["threshold_interrupts"] == 7
    assert sample.metrics["threshold_interrupts_busiest_cpu"] == 5
    assert sample.metrics["deferred_interrupts"] == 1
    assert sample.metrics["polls"] == 4805
    assert sample.metrics["cpus"] == 2


def test_settings_are_decimal_as_the_kernel_prints_them(tree: Tree) -> None:
    [sample] = look(tree)
    assert sample.metrics["check_interval_seconds"] == 300
    assert sample.metrics["corrected_ignored"] == 0


def test_it_names_the_modules_whose_errors_explain_it(tree: Tree) -> None:
    tree.write("sys/devices/system/edac/mc/mc0/dimm3/dimm_ce_count", 1)
    [sample] = look(tree)
    assert sample.attributes["dimms"] == ["dimm:mc0/dimm3"]


def test_a_host_whose_processors_do_not_count_has_none(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    assert look(tree) == []
    tree.write("proc/interrupts", "           CPU0\n  0:         18  timer\nERR: 0\n")
    assert look(tree) == []


@pytest.mark.parametrize(
    "line",
    [
        "MCE:          1   Machine check exceptions",
        "MCE:          1         -1   Machine check exceptions",
        "MCE:          1          x   Machine check exceptions",
        "MCE:          1          " + "9" * 30,
        "",
    ],
)
def test_a_damaged_line_of_exceptions_is_unknown_and_the_others_are_not(
    tree: Tree, line: str
) -> None:
    good = "MCE:          1          1   Machine check exceptions"
    tree.write("proc/interrupts", INTERRUPTS.replace(good, line))
    [sample] = look(tree)
    assert sample.unreadable
    assert "exceptions" not in sample.metrics
    assert sample.metrics["threshold_interrupts"] == 7


@pytest.mark.parametrize("content", ["", "no processors here", "CPU0 CPUX", "CPU0 " * 9000])
def test_interrupts_without_a_list_of_processors_are_unknown(tree: Tree, content: str) -> None:
    tree.write("proc/interrupts", content)
    [sample] = look(tree)
    assert sample.unreadable
    tree.remove(FIRST)
    with pytest.raises(Unreadable):  # nor can it be told whether there is anything to know
        look(tree)


@pytest.mark.parametrize("content", ["2", "-1", "yes", ""])
def test_a_setting_that_is_none_is_a_problem(tree: Tree, content: str) -> None:
    tree.write(f"{FIRST}/ignore_ce", content)
    [sample] = look(tree)
    assert "corrected_ignored" in sample.problems
    assert "corrected_ignored" not in sample.metrics
    assert sample.metrics["exceptions"] == 2


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.integers(min_value=0, max_value=len(INTERRUPTS)))
def test_any_bytes_are_borne_and_never_no_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, at: int
) -> None:
    tree = Tree(tmp_path_factory.getbasetemp() / "fuzzed-mce")
    tree.fill(FIRST, {"check_interval": 300, "ignore_ce": 0})
    tree.write("proc/interrupts", INTERRUPTS[:at].encode() + content)
    [sample] = look(tree)
    assert sample.unreadable or sample.metrics["exceptions"] is not None


def test_reads_the_processors_of_node_exporters_tree(tmp_path: Path) -> None:
    [sample] = look(Tree(unpack(tmp_path)))
    assert sample.metrics["exceptions"] == 0
    assert sample.metrics["polls"] == 2406 + 3 * 2399
    assert sample.metrics["cpus"] == 4
