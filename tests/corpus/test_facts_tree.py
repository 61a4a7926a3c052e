"""Every fact of the corpus about node_exporter's tree, against what our collectors say of it."""

from pathlib import Path

import pytest

from hwagent.collect import mdstat
from hwagent.collect.identity import diskstats
from hwagent.collect.root import Root
from tests.corpus.facts_tree import observed
from tests.corpus.host_tree import unpack
from tests.corpus.index import Fact, facts
from tests.corpus.oracle import Host

FACTS = facts("node_exporter-e2e-hw.txt", "node_exporter-sys.tar.gz")
COUNTS = facts("node_exporter-proc")
needs_corpus = pytest.mark.skipif(not FACTS, reason="../shared/corpora is absent")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def host(place: Path) -> Host:
    return Host(place)


@needs_corpus
@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_fact(host: Host, fact: Fact) -> None:
    expected = fact.value.removesuffix(" (from udev)")
    assert observed(host, fact.component, fact.field) == expected


@needs_corpus
@pytest.mark.parametrize("fact", COUNTS, ids=str)
def test_count(place: Path, fact: Fact) -> None:
    root = Root(place)
    counted = {
        "line_count": len(diskstats(root)),
        "array_count": len(mdstat.decode(root.content("proc/mdstat"))),
    }
    assert counted[fact.field] == int(fact.value.split()[0])
