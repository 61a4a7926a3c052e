"""The checklist of gossip.md, section 7: what crosses the wire (20 to 25), and rolling upgrades."""

import base64
from typing import Any

import pytest
from msgspec.structs import replace

from hwagent.cluster.codec import encode
from hwagent.cluster.compound import TooLarge
from hwagent.cluster.messages import Alive, Endpoint, Keys
from hwagent.cluster.profile import LAN
from hwagent.seal.keyring import KeyProblem, Keyring
from hwagent.seal.sealer import Sealed
from tests.cluster.sim import Node, SealedNet

NEW = base64.b64encode(b"n" * 32).decode()


def beliefs(net: SealedNet) -> list[Any]:
    """All that a hostile packet could want to change."""
    return [
        (
            node.name,
            [(m.name, m.state, m.incarnation, m.alive) for m in node.swim.members.all()],
            [(b.owner, b.session, b.version) for b in node.swim.statuses._boards.values()],
            len(node.core.channel._windows),
            node.core.channel.session,
            node.swim.awareness.score,
            len(node.swim.out.news),
        )
        for node in net.nodes.values()
    ]


def whole(net: SealedNet) -> bool:
    running = {n.name for n in net.nodes.values() if n.up}
    return all(n.alive() == running for n in net.nodes.values() if n.up)


def test_20_no_packet_is_longer_than_the_mtu_with_seal_and_label():
    net = SealedNet(20)
    labels = {"site": "a" * 100, "rack": "b" * 100, "room": "c" * 100}
    net.add("n0", labels=labels, label="a rather long label of this cluster")
    for i in range(1, 16):
        net.add(f"n{i}", ["n0"], labels=labels, label="a rather long label of this cluster")
    assert net.until(lambda: whole(net), 30)
    for node in net.nodes.values():
        values = {f"alert:disk:{i}": "x" * 300 for i in range(40)}
        node.act(node.core.publish(net.now, values))
    net.run(30)
    assert 1300 < net.largest <= LAN.udp_buffer_size
    boards = [n.swim.statuses.get(f"n{i}") for n in net.nodes.values() for i in range(16)]
    assert all(b is not None and len(b.values()) == 40 for b in boards), "and everything arrived"


def test_20_what_fits_into_no_packet_is_refused_where_it_is_made():
    """alertmanager#1412: what was longer than a packet was never gossiped, silently."""
    net = SealedNet(20)
    (node, _) = net.group(2)
    with pytest.raises(TooLarge):
        node.core.publish(net.now, {"x": "y" * 1000 + "é" * 100})
    many = {f"k{i}": "v" * 200 for i in range(16)}
    with pytest.raises(TooLarge):
        node.swim.announce(net.now, replace(node.swim.members.me.alive, labels=many))
    net.run(5)
    assert whole(net)


def test_22_every_packet_of_a_run_said_again_changes_nothing():
    net = SealedNet(22)
    nodes = net.group(4)
    net.kill(nodes[3])
    net.run(30)
    for node in nodes[:3]:
        node.act(node.core.publish(net.now, {"health": "ok"}))
    net.run(5)
    before = beliefs(net)
    for _, source, _, packet in list(net.wire):
        for node in nodes[:3]:
            node.core.receive(net.now, source, packet)
    assert beliefs(net) == before
    heard = {key for n in nodes[:3] for key in n.core.channel.counters}
    assert heard <= {"replayed", "unproven", "limited", "reflected"}


def test_22_an_obituary_that_was_recorded_does_not_kill_who_came_back():
    net = SealedNet(22)
    nodes = net.group(4)
    net.kill(nodes[3])
    assert net.until(lambda: nodes[0].states()["n3"] == "dead", 60)
    recorded = list(net.wire)
    net.restart(nodes[3])
    assert net.until(lambda: whole(net), 20)
    told = len(net.nodes["n3"].named("accused"))
    for node in list(net.nodes.values()):
        for _, source, _, packet in recorded:
            node.act(node.core.receive(net.now, source, packet))
    net.run(5)
    assert whole(net)
    assert len(net.nodes["n3"].named("accused")) == told


def change(node: Node, what: str, key: str) -> None:
    ring = node.core.channel.sealer.keyring
    node.act(node.core.change_keys(lambda: getattr(ring, what)(key)))


def rings(net: SealedNet) -> set[tuple[str, ...]]:
    return {n.core.channel.sealer.keyring.texts() for n in net.nodes.values() if n.up}


def test_23_keys_rotate_while_the_fleet_runs():
    net = SealedNet(23)
    nodes = net.group(6)
    for what, key, expected in (
        ("add", NEW, (net.key, NEW)),
        ("use", NEW, (NEW, net.key)),
        ("remove", net.key, (NEW,)),
    ):
        change(nodes[2], what, key)
        assert net.until(lambda e=expected: rings(net) == {e}, 5)
        net.run(10)
        assert whole(net)
    assert not net.believed_dead()
    assert not any(n.named("suspected") for n in nodes)


def test_23_a_member_that_was_down_while_keys_rotated_returns_and_learns_them():
    """serf#579: who was down during a rotation was locked out. Not while the old key opens."""
    net = SealedNet(23)
    nodes = net.group(5)
    net.kill(nodes[4])
    change(nodes[0], "add", NEW)
    net.run(1)
    change(nodes[0], "use", NEW)
    net.run(60)
    net.restart(nodes[4])
    assert net.until(lambda: whole(net), 30)
    assert net.until(lambda: rings(net) == {(NEW, net.key)}, 30)


def test_23_one_step_of_a_rotation_can_be_taken_back():
    net = SealedNet(23)
    nodes = net.group(4)
    change(nodes[0], "add", NEW)
    net.run(1)
    change(nodes[0], "use", NEW)
    net.run(1)
    change(nodes[3], "use", net.key)
    assert net.until(lambda: rings(net) == {(net.key, NEW)}, 5)
    net.run(5)
    assert whole(net)


def test_24_the_sealing_key_stays_and_a_foreign_label_or_key_is_dropped_and_counted():
    net = SealedNet(24)
    nodes = net.group(2)
    with pytest.raises(KeyProblem):
        change(nodes[0], "remove", net.key)
    net.add("label", ["n0"], label="other")
    net.add("key", ["n0"], keys=[NEW])
    net.run(60)
    assert nodes[0].alive() == {"n0", "n1"}
    assert nodes[0].core.counters()["label"] > 0
    assert nodes[0].core.counters()["key"] > 0
    assert net.nodes["label"].alive() == {"label"}


def test_25_under_a_flood_of_news_queues_are_bounded_and_refutations_come_first():
    net = SealedNet(25)
    nodes = net.group(3)
    swim = nodes[0].swim
    for i in range(10_000):
        place = (Endpoint("", f"10.8.{i >> 8}.{i & 255}", 7956),)
        swim._hear(net.now, nodes[1].endpoints[0], Alive(f"x{i}", 1, place, i + 1))
    assert len(swim.out.news) <= 3 * 4096
    assert swim.out.news.shed > 0
    swim._follow(swim.members.announce(net.now, swim.members.me.alive))
    assert swim.out.news.take(200, 8)[0].startswith(b"\x97\x05\xa2n0"), "its own word first"


def test_a_rolling_upgrade_never_parts_the_group():
    """Members that speak versions 1 and 2 among members that speak 1 only, one after another."""
    net = SealedNet(30)
    nodes = net.group(5)
    for node in nodes:
        node.act(node.core.publish(net.now, {"version": "old"}))
    net.run(5)
    for node in nodes:
        seeds = [n for n in net.nodes if n != node.name][:1]
        fresh = net.restart(node, speaks=(1, 2), seeds=seeds)
        assert net.until(lambda: whole(net), 20)
        fresh.act(fresh.core.publish(net.now, {"version": "new"}))
        net.run(10)
        assert not any(n.core.counters()["version"] for n in net.nodes.values())
    assert net.until(
        lambda: all(
            b.values() == {"version": "new"}
            for n in net.nodes.values()
            for b in n.swim.statuses._boards.values()
        ),
        60,
    )
    net.wire.clear()
    net.run(10)
    assert {packet[2] for *_, packet in net.wire} == {2}, "in the end all speak the new version"


def test_a_running_fleet_goes_from_plain_to_sealed_without_a_stop():
    """serf#292: encryption could not be switched on while a fleet ran."""
    net = SealedNet(33)
    net.add("n0", encryption="none", keys=[])
    for i in range(1, 5):
        net.add(f"n{i}", ["n0"], encryption="none", keys=[])
    assert net.until(lambda: whole(net), 30)
    for step in ("accept", "send", "required"):
        for name in sorted(net.nodes):
            others = [n for n in net.nodes if n != name]
            net.restart(net.nodes[name], seeds=others[:1], encryption=step)
            assert net.until(lambda: whole(net), 30), (step, name)
        net.run(20)
        assert whole(net)
    net.wire.clear()
    net.run(5)
    assert all(packet[3] & 1 for *_, packet in net.wire), "everything is sealed in the end"


def test_keys_are_never_said_without_a_seal():
    """A keyring that came in the clear could be anybody's; one that goes out is everybody's."""
    net = SealedNet(31)
    ring = Keyring([net.key])
    net.add("n0", keyring=ring, encryption="send")
    attacker = net.add("n1", ["n0"], keys=[NEW], encryption="none")
    net.run(10)
    change(attacker, "add", base64.b64encode(b"x" * 32).decode())
    net.run(10)
    assert ring.texts() == (net.key,)
    core, said = net.nodes["n0"].core, encode(Keys(99, (NEW,)))
    for how, adopted in ((Sealed.NOT, False), (Sealed.OLD, True)):
        core.serve(net.now, attacker.endpoints[0], said, how)
        assert (ring.texts() == (NEW,)) == adopted
    sender = net.add("n2", ["n0"], encryption="accept")
    change(sender, "add", NEW)
    assert all(NEW.encode() not in packet for *_, packet in net.wire)
    assert sender.core._own_keys().keys == ()
