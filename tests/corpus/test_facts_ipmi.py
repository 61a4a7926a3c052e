"""Every fact of the corpus about the output of IPMI's tools, against what our decoders say."""

import pytest

from tests.corpus.facts_ipmi import observed
from tests.corpus.host_tree import CORPORA
from tests.corpus.index import Fact, facts

FACTS = facts("ipmi")


@pytest.mark.skipif(not FACTS, reason="../shared/corpora is absent")
@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_fact(fact: Fact) -> None:
    path = CORPORA / fact.file
    assert observed(path, fact.component, fact.field, fact.value) == fact.value
