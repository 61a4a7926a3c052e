"""Every fact of the corpus index about disks, against what our decoders say."""

import re

import pytest

from tests.corpus.facts_disk import contradictions, decoded, healths, observed, of_component
from tests.corpus.host_tree import CORPORA
from tests.corpus.index import Fact, facts

FACTS = facts("smartctl", "nvme-cli")


def same(observed: str, expected: str) -> bool:
    """Equal, or both of them lists of numbers and words with the same content."""
    return _plain(observed) == _plain(expected)


def _plain(text: str) -> str:
    text = " ".join(text.split())
    return re.sub(r"(?<![\w.])(\d+)\.0+(?![\w.])", r"\1", text)


@pytest.mark.skipif(not FACTS, reason="../shared/corpora is absent")
@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_fact(fact: Fact) -> None:
    folder, path = fact.folder, CORPORA / fact.file
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
