"""Whom a member knew, kept on disk."""

from hwagent.cluster.snapshot import (
    KNOWN_MAX,
    Snapshot,
    load_snapshot,
    save_snapshot,
    take_snapshot,
)
from tests.cluster.sim import Net


def test_members_are_remembered_the_living_first(tmp_path):
    net = Net(1)
    nodes = net.group(4)
    net.kill(nodes[1])
    assert net.until(lambda: nodes[0].states()["n1"] == "dead", 60)
    snapshot = take_snapshot(nodes[0].swim.members)
    file = tmp_path / "members.json"
    save_snapshot(file, snapshot)
    again = load_snapshot(file)
    assert again == snapshot
    hosts = [host for host, _ in again.known]
    assert hosts == [n.endpoints[0].host for n in (nodes[2], nodes[3], nodes[1])]
    assert len(again.known) <= KNOWN_MAX


def test_without_a_memory_or_with_a_damaged_one_a_member_starts_all_the_same(tmp_path):
    file = tmp_path / "members.json"
    assert load_snapshot(file) == Snapshot()
    file.write_bytes(b"\xff")
    assert load_snapshot(file) == Snapshot()
