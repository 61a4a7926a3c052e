"""What passes the channel: authentic, fresh, and meant for this life of this member."""

import base64
import random
from itertools import pairwise

import pytest

from hwagent.seal import replay
from hwagent.seal.channel import PART, Channel, Received
from hwagent.seal.keyring import Keyring
from hwagent.seal.limiter import STRANGER_BURST
from hwagent.seal.sealer import HEAD, OVERHEAD, POLICIES, Sealer, Unwelcome, after

KEY, OTHER = (base64.b64encode(bytes([i]) * 32).decode() for i in (1, 2))
A, B, C = ("10.0.0.1", 7956), ("10.0.0.2", 7956), ("10.0.0.3", 7956)


def channel(
    seed: int = 1, keys: tuple[str, ...] = (KEY,), label: str = "lab", policy: str = "required"
) -> Channel:
    rng = random.Random(seed)
    sealer = Sealer(Keyring(keys), label, POLICIES[policy])
    return Channel(0, sealer, lambda: rng.getrandbits(64))


def introduce(a: Channel, b: Channel) -> None:
    """The first packet draws a hello, and is said again."""
    got = b.open(0, A, a.seal(0, B, b"first"))
    assert got.payload is None
    (again,) = a.open(0, B, got.replies[0]).replies
    assert b.open(0, A, again).payload == b"first"


def test_the_first_packet_costs_a_round_trip_and_is_not_lost():
    a, b = channel(1), channel(2)
    introduce(a, b)
    assert b.open(0, A, a.seal(0, B, b"second")) == Received(b"second")
    assert a.open(0, B, b.seal(0, A, b"answer")) == Received(b"answer")


def test_a_session_known_by_hearsay_saves_the_round_trip():
    a, b = channel(1), channel(2)
    assert b.open(0, A, a.seal(0, B, b"x", guess=b.session)).payload == b"x"


def test_a_packet_counts_once():
    a, b = channel(1), channel(2)
    introduce(a, b)
    packet = a.seal(0, B, b"x")
    assert b.open(0, A, packet).payload == b"x"
    assert b.open(0, A, packet) == Received()
    assert b.open(0, C, packet) == Received(), "from elsewhere it is the same packet"
    assert b.counters["replayed"] == 2


def test_a_packet_is_worth_nothing_to_another_member():
    a, b, c = channel(1), channel(2), channel(3)
    introduce(a, b)
    got = c.open(0, A, a.seal(0, B, b"x"))
    assert got.payload is None
    assert c.counters["unproven"] == 1
    assert len(c._windows) == 0


def test_a_packet_is_worth_nothing_in_another_life():
    a, b = channel(1), channel(2)
    introduce(a, b)
    recorded = [a.seal(0, B, b"x") for _ in range(5)]
    reborn = channel(4)
    assert all(reborn.open(0, A, p).payload is None for p in recorded)


def test_after_a_restart_one_hello_is_enough():
    a, b = channel(1), channel(2)
    introduce(a, b)
    introduce(a, channel(4))


def test_a_hello_draws_no_hello():
    a, b = channel(1), channel(2)
    hello = b.open(0, A, a.seal(0, B, b"x")).replies[0]
    stranger = channel(3)
    assert stranger.open(0, B, hello) == Received()


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (channel(1, (OTHER,)), "key"),
        (channel(1, label="other"), "label"),
        (channel(1, (), policy="none"), "unsealed"),
    ],
)
def test_foreign_packets_are_dropped_and_counted_by_reason(other, reason):
    b = channel(2)
    assert b.open(0, A, other.seal(0, B, b"x", guess=b.session)) == Received()
    assert b.counters == {reason: 1}


@pytest.mark.parametrize("place", range(OVERHEAD + 1))
def test_no_bit_of_a_packet_can_be_changed(place):
    a, b = channel(1), channel(2)
    packet = bytearray(a.seal(0, B, b"x", guess=b.session))
    packet[place] ^= 1
    assert b.open(0, A, bytes(packet)).payload is None
    assert len(b._windows) == 0


def test_a_key_id_that_matches_with_another_label_is_still_a_forgery():
    """The label is authenticated, not only compared."""
    a, b = channel(1, label="one"), channel(2, label="two")
    packet = a.seal(0, B, b"x", guess=b.session)
    tag = HEAD.unpack_from(b.seal(0, A, b""))[3]
    forged = packet[:4] + tag.to_bytes(4, "big") + packet[8:]
    assert b.open(0, A, forged) == Received()
    assert b.counters == {"forged": 1}


def test_a_packet_from_the_future_is_dropped_and_counted():
    b = channel(2)
    packet = bytearray(channel(1).seal(0, B, b"x", guess=b.session))
    packet[2] = 200
    assert b.open(0, A, bytes(packet)) == Received()
    assert b.counters == {"version": 1}


def test_its_own_packets_that_come_back_are_dropped():
    a = channel(1)
    assert a.open(0, B, a.seal(0, B, b"x", guess=a.session)).payload is None


def test_without_keys_damage_is_found():
    a, b = channel(1, (), policy="none"), channel(2, (), policy="none")
    introduce(a, b)
    packet = bytearray(a.seal(0, B, b"hello there"))
    packet[OVERHEAD - 10] ^= 1
    assert b.open(0, A, bytes(packet)) == Received()
    assert b.counters["damaged"] == 1


def test_a_fleet_goes_from_plain_to_sealed_without_a_stop():
    """memberlist: EncryptedGossipTransition. Each step works with the one before it."""
    steps = ["none", "accept", "send", "required"]
    for before, then in pairwise(steps):
        a = channel(1, () if before == "none" else (KEY,), policy=before)
        b = channel(2, (KEY,), policy=then)
        introduce(a, b)
        introduce(channel(3, (KEY,), policy=then), a)


def test_when_sessions_are_more_than_can_be_kept_the_own_one_is_renewed(monkeypatch):
    """No window is forgotten while its packets are still good."""
    monkeypatch.setattr(replay, "SESSIONS_MAX", 3)
    b = channel(2)
    session, packets = b.session, []
    for i in range(4):
        a = channel(10 + i)
        packets.append(a.seal(0, B, b"x", guess=session))
        b.open(0, A, packets[-1])
    assert b.session != session
    assert all(b.open(0, A, p).payload is None for p in packets)


def test_counters_never_repeat_under_one_session():
    a = channel(1)
    first = a.session
    a._counter = 2**32 - 2
    heads = [HEAD.unpack_from(a.seal(0, B, b""))[5:7] for _ in range(3)]
    assert len(set(heads)) == 3
    assert a.session != first


def stream(a: Channel, b: Channel, data: bytes) -> bytes:
    to, found = 77, b""
    for packet in a.seal_stream(77, data):
        part, last = b.open_stream(to, packet)
        found += part
        to = after(packet)
        if last:
            return b.whole_stream(packet, found)
    raise AssertionError("no last packet")


@pytest.mark.parametrize("size", [0, 1, PART, PART + 1, 5 * PART])
def test_a_stream_of_any_length_arrives(size):
    data = random.Random(1).randbytes(size)
    assert stream(channel(1), channel(2), data) == data


def test_a_stream_is_compressed_and_a_bomb_in_it_is_dropped_and_counted(monkeypatch):
    a, b = channel(1), channel(2)
    data = b"member " * 10_000
    packets = a.seal_stream(77, data)
    assert sum(map(len, packets)) < len(data) / 10
    assert stream(a, b, data) == data
    monkeypatch.setattr("hwagent.seal.channel.MESSAGE_MAX", 1000)
    with pytest.raises(Unwelcome):
        stream(a, b, data)
    assert b.counters["bomb"] == 1


def test_a_stream_answers_one_challenge_and_keeps_its_order():
    a, b = channel(1), channel(2)
    packets = a.seal_stream(77, random.Random(1).randbytes(3 * PART))
    with pytest.raises(Unwelcome):
        b.open_stream(78, packets[0])
    with pytest.raises(Unwelcome):
        b.open_stream(after(packets[0]), packets[2])
    with pytest.raises(Unwelcome):
        b.open_stream(77, a.seal(0, B, b"x", guess=77))
    assert b.open(0, A, packets[0]) == Received(), "a part of a stream is no packet"


def test_a_flood_is_counted_and_costs_no_decryption():
    b = channel(2)
    packet = channel(1).seal(0, B, b"x")
    for _ in range(1000):
        b.open(0, A, packet, member=False)
    assert b.counters["limited"] == 1000 - STRANGER_BURST


def test_keys_rotate_step_by_step_and_each_step_can_be_taken_back():
    a, b = channel(1), channel(2)
    introduce(a, b)
    steps = [
        lambda c: c.sealer.keyring.add(OTHER),
        lambda c: c.sealer.keyring.use(OTHER),
        lambda c: c.sealer.keyring.use(KEY),
        lambda c: c.sealer.keyring.use(OTHER),
        lambda c: c.sealer.keyring.remove(KEY),
    ]
    for step in steps:
        for side in (a, b):
            step(side)
            assert b.open(0, A, a.seal(0, B, b"x")).payload == b"x"
            assert a.open(0, B, b.seal(0, A, b"y")).payload == b"y"
