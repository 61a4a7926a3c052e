"""The facts of the corpus about storcli, perccli and MegaCli, against our decoders."""

import pytest

from tests.corpus.facts_hwraid import observed
from tests.corpus.host_tree import CORPORA
from tests.corpus.index import Fact, facts

FACTS = [f for f in facts("hwraid") if f.file.startswith(("hwraid/storcli", "hwraid/perccli",
                                                          "hwraid/megacli"))]  # fmt: skip


@pytest.mark.skipif(not FACTS, reason="../shared/corpora is absent")
@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_fact(fact: Fact) -> None:
    path = CORPORA / fact.file
    assert observed(path, fact.component, fact.field, fact.value) == fact.value
