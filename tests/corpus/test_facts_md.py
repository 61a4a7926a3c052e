"""Every fact that the corpus states about mdstat and mdadm output holds in our samples."""

import re

import pytest

from tests.corpus.facts_md import _samples, observed
from tests.corpus.host_tree import CORPORA
from tests.corpus.index import Fact, facts

FACTS = facts("mdstat", "mdadm-detail")
# the key facts at the top retell facts of the full list below in words
PROSE = [f for f in FACTS if f.key or f.field == "summary"]
PLAIN = [f for f in FACTS if f not in PROSE]


@pytest.mark.skipif(not FACTS, reason="../shared/corpora is absent")
@pytest.mark.parametrize("fact", PLAIN, ids=str)
def test_fact(fact: Fact) -> None:
    path = CORPORA / fact.file
    assert observed(fact.folder, path, fact.component, fact.field) == fact.value


@pytest.mark.skipif(not FACTS, reason="../shared/corpora is absent")
@pytest.mark.parametrize("fact", PROSE, ids=str)
def test_prose_contradicts_nothing(fact: Fact) -> None:
    """What a sentence says of levels, counts, faulty members and syncs is what we found."""
    sample = _samples(fact.folder, CORPORA / fact.file)[f"array:{fact.component}"]
    metrics = sample.metrics
    if level := re.search(r"\b(raid\d+|linear)\b", fact.value):
        assert metrics["level"] == level[1]
    if counts := re.search(r"\[?\b(\d+)/(\d+)\b\]?(?!\d*[ ,]*K/s)", fact.value.split("%")[0]):
        assert (metrics["raid_disks"], metrics["in_sync_disks"]) == (int(counts[1]), int(counts[2]))
    if slots := re.search(r"\[([U_]+)\]", fact.value):
        assert sample.attributes["slots"] == slots[1]
    if sync := re.search(r"([\d.]+)% (\d+)/(\d+)", fact.value):
        assert metrics["sync_ratio"] == pytest.approx(float(sync[1]) / 100)
        assert (metrics["sync_done_blocks"], metrics["sync_total_blocks"]) == (
            int(sync[2]),
            int(sync[3]),
        )
    assert ("inactive" in fact.value) == (metrics["state"] == "inactive")
    assert ("container" in fact.value and "not a container" not in fact.value) == bool(
        metrics["container"]
    )
    for word in ("DELAYED", "PENDING"):
        assert (word in fact.value) == (metrics.get("sync_state") == word.lower())
    said = re.findall(r"\b(\w+)(?: and (\w+))? (faulty|spare|is a journal)", fact.value)
    states = {m["device"]: m["state"] for m in sample.attributes["members"]}
    for first, second, word in said:
        for device in filter(None, (first, second)):
            assert device not in states or states[device] in word
