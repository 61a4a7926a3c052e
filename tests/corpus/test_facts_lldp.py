"""Every fact of the corpus about lldpcli's output, against what our decoder says."""

import pytest

from tests.corpus.facts_lldp import observed
from tests.corpus.host_tree import CORPORA
from tests.corpus.index import Fact, facts

FACTS = facts("lldp")


@pytest.mark.skipif(not FACTS, reason="../shared/corpora is absent")
@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_fact(fact: Fact) -> None:
    assert observed(CORPORA / fact.file, fact.component, fact.field) == fact.value
