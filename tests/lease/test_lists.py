"""Lists of addresses that are not the same on all hosts (keepalived#1603: both became master)."""

from tests.lease.groups import ABC, OTHER, VIP, group
from tests.lease.test_node import Rack


def test_hosts_with_unequal_lists_never_answer_twice() -> None:
    """A voter promises what it was never told of, and an owner asks for what only it has."""
    rack = Rack(group(ABC), "a", "b", "c")
    rack.fit("a", VIP, OTHER)
    rack.fit("b", VIP, rank=1)
    rack.fit("c")
    for _ in range(20):
        rack.run(0.1)
        assert len(rack.owners(VIP)) <= 1
        assert len(rack.owners(OTHER)) <= 1
    assert rack.owners(VIP) == rack.owners(OTHER) == ["a"]
    rack.fit("c", OTHER)
    rack.down = {"a"}
    for _ in range(20):
        rack.run(0.05)
        assert len(rack.owners(VIP)) <= 1
        assert len(rack.owners(OTHER)) <= 1
    assert rack.owners(VIP) == ["b"]
    assert rack.owners(OTHER) == ["c"]


def test_a_list_that_changes_on_one_host_moves_nothing_else() -> None:
    rack = Rack(group(ABC), "a", "b", "c")
    for rank, name in enumerate("abc"):
        rack.fit(name, VIP, rank=rank)
    rack.run(2)
    rack.reports.clear()
    rack.fit("a", VIP, OTHER)
    rack.run(2)
    rack.fit("b", VIP, "10.0.0.12", rank=1)
    rack.run(2)
    assert rack.owners(VIP) == ["a"]
    assert not [r for r in rack.reports if r[1] == VIP]
