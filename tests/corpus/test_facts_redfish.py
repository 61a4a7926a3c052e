"""Every fact of the corpus about Redfish documents, against what our decoder says."""

import pytest

from tests.corpus.facts_redfish import observed
from tests.corpus.host_tree import CORPORA
from tests.corpus.index import Fact, facts

FACTS = facts("redfish")


@pytest.mark.skipif(not FACTS, reason="../shared/corpora is absent")
@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_fact(fact: Fact) -> None:
    path = CORPORA / fact.file
    assert observed(path, fact.component, fact.field, fact.value) == fact.value
