"""node_exporter as an oracle: of its own test tree we say what it says, line by line."""

import re

import pytest

from tests.corpus.host_tree import unpack
from tests.corpus.oracle import Host, Line, lines
from tests.corpus.oracle_families import FAMILIES as OTHERS
from tests.corpus.oracle_gaps import FAMILIES_LEFT_OUT, LINES_LEFT_OUT
from tests.corpus.oracle_sensors import SENSORS

FAMILIES = {**OTHERS, **SENSORS}
LINES = lines()
needs_corpus = pytest.mark.skipif(not LINES, reason="../shared/corpora is absent")


def family_left_out(family: str) -> str:
    """Why we do not tell a family; empty if we do."""
    return next((why for p, why in FAMILIES_LEFT_OUT.items() if re.fullmatch(p, family)), "")


def line_left_out(line: Line) -> str:
    """Why we do not tell a line of a family that we tell; empty if we do."""
    return next((why for p, why in LINES_LEFT_OUT.items() if re.fullmatch(p, str(line))), "")


TOLD = [line for line in LINES if line.family in FAMILIES and not line_left_out(line)]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    return Host(unpack(tmp_path_factory.mktemp("node_exporter")))


@needs_corpus
@pytest.mark.parametrize("line", TOLD, ids=str)
def test_line(host: Host, line: Line) -> None:
    assert FAMILIES[line.family](host, line.labels) == pytest.approx(line.value)


@needs_corpus
def test_every_family_is_told_or_left_out_for_a_reason() -> None:
    families = {line.family for line in LINES}
    assert {f for f in families if (f in FAMILIES) == bool(family_left_out(f))} == set()
    assert FAMILIES.keys() <= families
    assert all(any(re.fullmatch(p, f) for f in families) for p in FAMILIES_LEFT_OUT)
    assert all(any(re.fullmatch(p, str(x)) for x in LINES) for p in LINES_LEFT_OUT)


@needs_corpus
def test_most_of_the_oracle_is_compared() -> None:
    hardware = [line for line in LINES if not family_left_out(line.family)]
    assert len(TOLD) > 0.75 * len(hardware)
