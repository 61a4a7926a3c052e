"""Checklist 21 of gossip.md, and "hostile packets" of the issue: nothing changes, nothing grows.

HWAGENT_HOSTILE=1000000 sets how many; the run of the issue is a million.
"""

import base64
import gc
import os
import random
import tracemalloc
from collections.abc import Iterator

import msgspec

from hwagent.cluster.codec import encode
from hwagent.cluster.compound import pack
from hwagent.cluster.messages import Alive, Dead, Endpoint, Suspect
from hwagent.seal.channel import Channel
from hwagent.seal.keyring import Keyring
from hwagent.seal.sealer import OVERHEAD, POLICIES, Sealer
from tests.cluster.sim import SealedNet
from tests.cluster.test_checklist_wire import beliefs, whole

COUNT = int(os.environ.get("HWAGENT_HOSTILE", "20000"))


def hostile(net: SealedNet, rng: random.Random) -> Iterator[tuple[Endpoint, bytes]]:
    """Random, cut, replayed, future, wrong key, wrong label, forged sender, oversize, bombs."""
    wire = [(source, packet) for _, source, _, packet in net.wire[-2000:]]
    target = net.nodes["n0"]

    def outsider(key: bytes, label: str, policy: str) -> Channel:
        ring = Keyring([base64.b64encode(key).decode()] if key else [])
        return Channel(0, Sealer(ring, label, POLICIES[policy]), lambda: rng.getrandbits(64))

    wrong_key = outsider(b"w" * 32, "lab", "required")
    wrong_label = outsider(base64.b64decode(net.key), "other", "required")
    plain = outsider(b"", "lab", "none")
    lies = [
        encode(Dead("n1", 2**40, "n2")),
        encode(Suspect("n2", 2**40, "n1")),
        encode(Alive("n1", 2**40, (Endpoint("", "6.6.6.6", 666),), 666)),
        b"\x91" * 1000,
        msgspec.msgpack.encode([5, "a", 1, [["", "h", 1]] * 5000, 1]),
    ]

    def lie(channel: Channel) -> bytes:
        payload = pack([rng.choice(lies)])
        return channel.seal(0, ("", 0), payload, guess=target.core.channel.session)

    def changed(packet: bytes) -> bytes:
        data = bytearray(packet)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        return bytes(data)

    def future(packet: bytes) -> bytes:
        return packet[:2] + bytes([rng.randrange(2, 256)]) + packet[3:]

    kinds = [
        lambda s, p: rng.randbytes(rng.randrange(0, 1500)),
        lambda s, p: b"hg\x01" + rng.randbytes(rng.randrange(0, 1500)),
        lambda s, p: p[: rng.randrange(len(p))],
        lambda s, p: p,
        lambda s, p: changed(p),
        lambda s, p: future(p),
        lambda s, p: lie(wrong_key),
        lambda s, p: lie(wrong_label),
        lambda s, p: lie(plain),
        lambda s, p: p + rng.randbytes(60_000),
        lambda s, p: p[:48] + b"\xdd\xff\xff\xff\xff" * 200,
    ]
    for _ in range(COUNT):
        source, packet = rng.choice(wire)
        if rng.random() < 0.5:  # from anywhere, or under a member's address
            source = Endpoint("", f"66.{rng.randrange(256)}.{rng.randrange(256)}.6", 666)
        yield source, rng.choice(kinds)(source, packet)


def test_21_hostile_packets_change_nothing_and_memory_stays_flat():
    net = SealedNet(21)
    net.group(4)
    for node in net.nodes.values():
        node.act(node.core.publish(net.now, {"health": "ok"}))
    net.run(60)
    rng, core = random.Random(21), net.nodes["n0"].core
    before, sent = beliefs(net), 0
    sizes = []
    tracemalloc.start()
    for count, (source, packet) in enumerate(hostile(net, rng)):
        now = net.now + count * 0.0005
        for reply in core.receive(now, source, packet):
            assert len(reply.payload) == OVERHEAD, "a hello, never longer than what it answers"
            sent += 1
        if count % (COUNT // 4) == COUNT // 4 - 1:
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert beliefs(net) == before
    assert sent <= core.counters()["unproven"], "only authentic packets of another life"
    assert sizes[-1] - sizes[0] < 1_000_000
    counters = core.counters()
    assert counters.total() >= COUNT
    reasons = {"short", "foreign", "version", "label", "key", "forged", "unsealed", "replayed"}
    assert reasons <= set(counters)
    net.run(30)
    assert whole(net)
