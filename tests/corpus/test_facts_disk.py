"""Every fact of the corpus index about disks, against what our decoders say."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.corpus.facts_disk import contradictions, decoded, healths, observed, of_component

CORPORA = Path(__file__).parents[3] / "shared/corpora"
FOLDERS = ("smartctl", "nvme-cli")


class Fact(NamedTuple):
    """One line of the index."""

    file: str
    component: str
    field: str
    value: str


@cache
def facts() -> list[Fact]:
    """All facts of the folders of disks; none where the corpus is not there."""
    index = CORPORA / "INDEX.md"
    lines = index.read_text().splitlines() if index.exists() else []
    cells = (line.split(" | ", 4) for line in lines if line.startswith("FACT | "))
    found = [Fact(*(c.strip() for c in row[1:])) for row in cells if len(row) == 5]
    return list(dict.fromkeys(f for f in found if f.file.partition("/")[0] in FOLDERS))


def same(observed: str, expected: str) -> bool:
    """Equal, or both of them lists of numbers and words with the same content."""
    return _plain(observed) == _plain(expected)


def _plain(text: str) -> str:
    text = " ".join(text.split())
    return re.sub(r"(?<![\w.])(\d+)\.0+(?![\w.])", r"\1", text)


@pytest.mark.skipif(not facts(), reason="the shared corpus is not there")
@pytest.mark.parametrize("fact", facts(), ids=lambda f: f"{f.file}:{f.component}:{f.field}")
def test_fact(fact: Fact) -> None:
    folder, _, _ = fact.file.partition("/")
    path = CORPORA / fact.file
    seen = observed(folder, path, fact.component, fact.field)
    assert seen is not None, "not a field that we can tell"
    if fact.field == "health":
        sample = of_component(decoded(folder, path) or [], fact.component)
        assert sample is not None
        assert contradictions(sample, fact.value) == []
        assert seen in healths(fact.value)
    elif fact.field == "parse":
        assert seen == "unknown"
        assert "unknown" in fact.value
    else:
        assert same(seen, fact.value), f"{seen!r} instead of {fact.value!r}"


@pytest.mark.skipif(not facts(), reason="the shared corpus is not there")
def test_the_index_is_read() -> None:
    assert len(facts()) > 500
