"""Every fact of the corpus about recorded walks of switches, against what our decoders say."""

import pytest

from tests.corpus.facts_snmp import observed
from tests.corpus.host_tree import CORPORA
from tests.corpus.index import Fact, facts

FACTS = facts("snmp")


@pytest.mark.skipif(not FACTS, reason="../shared/corpora is absent")
@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_fact(fact: Fact) -> None:
    seen = observed(CORPORA / fact.file, fact.component, fact.field, fact.value)
    assert same(fact, seen), seen


def same(fact: Fact, seen: str | None) -> bool:
    """True if what was seen is what the index says."""
    if fact.field == "sysDescr" and len(fact.value) >= 150:  # the index cuts long texts
        return bool(seen and seen.startswith(fact.value))
    return seen == fact.value.removesuffix(" /")  # a line break at the end
