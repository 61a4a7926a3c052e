"""Every fact of the corpus about RAID controllers' tools, against our decoders."""

import pytest

from tests.corpus.facts_hwraid import observed
from tests.corpus.host_tree import CORPORA
from tests.corpus.index import Fact, facts

FACTS = facts("hwraid")


@pytest.mark.skipif(not FACTS, reason="../shared/corpora is absent")
@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_fact(fact: Fact) -> None:
    path = CORPORA / fact.file
    assert observed(path, fact.component, fact.field, fact.value) == fact.value
