"""Every fact of the corpus about ethtool's output, against what we read."""

import pytest

from tests.corpus.facts_nic import observed
from tests.corpus.host_tree import CORPORA
from tests.corpus.index import Fact, facts

FACTS = facts("ethtool", "node_exporter-ethtool")


@pytest.mark.skipif(not FACTS, reason="../shared/corpora is absent")
@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_reads_what_the_index_says(fact: Fact) -> None:
    path = CORPORA / fact.file
    assert observed(fact.folder, path, fact.component, fact.field) == fact.value
