"""No fact of the corpus about our kinds of files is passed over in silence."""

from collections import Counter

import pytest

from tests.corpus import (
    test_facts_disk,
    test_facts_hwraid,
    test_facts_ipmi,
    test_facts_lldp,
    test_facts_md,
    test_facts_nic,
    test_facts_redfish,
    test_facts_snmp,
    test_facts_tree,
)
from tests.corpus.host_tree import CORPORA
from tests.corpus.index import facts

TESTED = [
    *test_facts_disk.FACTS,
    *(test_facts_md.PLAIN + test_facts_md.PROSE),
    *test_facts_nic.FACTS,
    *(test_facts_tree.FACTS + test_facts_tree.COUNTS),
    *test_facts_snmp.FACTS,
    *test_facts_ipmi.FACTS,
    *test_facts_redfish.FACTS,
    *test_facts_hwraid.FACTS,
    *test_facts_lldp.FACTS,
]
OURS = (
    *("mdstat", "mdadm-detail", "smartctl", "nvme-cli", "ethtool", "node_exporter"),
    *("snmp", "lldp", "ipmi", "redfish", "hwraid"),
)


@pytest.mark.skipif(not facts(), reason="../shared/corpora is absent")
def test_each_fact_of_our_folders_is_tested_once() -> None:
    lines = (CORPORA / "INDEX.md").read_text().splitlines()
    of_folder = {n: sum(x.startswith(f"FACT | {n}") for x in lines) for n in OURS}
    assert all(of_folder.values())
    assert len(TESTED) == sum(of_folder.values())
    known = Counter(f for f in facts() if f.folder.startswith(OURS))
    assert Counter(TESTED) == known
