"""The codec: what goes in comes out, and nothing else does."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.lease.messages import (
    FINAL,
    Accept,
    Ack,
    Claim,
    Heartbeat,
    Malformed,
    Message,
    Offer,
    Refusal,
    Release,
    decode,
    digest,
    encode,
)

names = st.text(min_size=1, max_size=40)
numbers = st.integers(0, FINAL)
nonces = st.integers(1, FINAL)
claims = st.lists(st.builds(Claim, names, numbers, st.booleans()), max_size=20).map(tuple)
ms = st.integers(0, 86_400_000)
refusals = st.lists(
    st.builds(Refusal, names, ms, numbers, st.text(max_size=9), st.booleans()), max_size=9
).map(tuple)
heartbeats = st.builds(
    Heartbeat,
    group=names,
    owner=names,
    nonce=nonces,
    seq=numbers,
    sets=st.tuples(numbers, numbers),
    lease=ms,
    digest=numbers,
    claims=st.none() | claims,
    heard=st.lists(st.tuples(names, nonces), max_size=7).map(tuple),
)
acks = st.builds(
    Ack,
    group=names,
    voter=names,
    nonce=nonces,
    owner=nonces,
    seq=numbers,
    sets=st.tuples(numbers, numbers),
    clock=numbers,
    unknown=st.booleans(),
    foreign=st.booleans(),
    refusals=refusals,
)
releases = st.builds(
    Release,
    group=names,
    owner=names,
    nonce=nonces,
    seq=numbers,
    claims=st.none() | claims,
    successor=st.text(max_size=9),
)
offers = st.builds(
    Offer,
    group=names,
    owner=names,
    vip=names,
    epoch=numbers,
    rank=numbers,
    successor=st.text(max_size=9),
)
accepts = st.builds(Accept, group=names, member=names, vip=names, epoch=numbers)
messages = heartbeats | acks | releases | offers | accepts

BEAT = Heartbeat(group="g", owner="a", nonce=1, seq=1, sets=(0, 5), lease=300, digest=digest(()))


@given(messages)
def test_what_is_encoded_is_decoded(message: Message) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_by_one_error(data: bytes) -> None:
    try:
        decode(data)
    except Malformed:
        return
    assert decode(data) == decode(encode(decode(data)))


@given(messages, st.data())
def test_damaged_messages_are_refused_by_one_error(message: Message, data: st.DataObject) -> None:
    damaged = bytearray(encode(message))
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        decode(bytes(damaged))
    except Malformed:
        return


def test_a_newer_version_may_add_fields() -> None:
    fields = msgspec.msgpack.decode(encode(BEAT))
    fields[1] = 2
    newer = decode(msgspec.msgpack.encode([*fields, "new", {"and": "more"}]))
    assert isinstance(newer, Heartbeat)
    assert (newer.v, newer.owner, newer.seq) == (2, "a", 1)


def test_an_offer_to_one_host_is_an_unfit_hosts_to_those_that_know_of_no_successors() -> None:
    named = Offer(group="g", owner="a", vip="10.0.0.1", epoch=7, rank=FINAL, successor="b")
    fields = msgspec.msgpack.decode(encode(named))
    assert fields == [4, 1, "g", "a", "10.0.0.1", 7, FINAL, "b"]
    assert decode(msgspec.msgpack.encode(fields[:-1])) == msgspec.structs.replace(
        named, successor=""
    )


@pytest.mark.parametrize("data", [b"", b"\xff" * 9, b"\x91" * 5000, encode(BEAT)[:-1]])
def test_cut_and_nested_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode(data)


def test_a_kind_that_is_not_known_is_refused() -> None:
    with pytest.raises(Malformed):
        decode(msgspec.msgpack.encode([99, 1, "g"]))


def test_a_renewal_is_as_long_for_a_thousand_vips_as_for_one() -> None:
    many = tuple(Claim(f"10.0.{i // 250}.{i % 250}", 1_700_000_000_000) for i in range(1000))
    renewal = msgspec.structs.replace(BEAT, digest=digest(many))
    assert len(encode(renewal)) <= len(encode(BEAT)) + 9
    assert len(encode(renewal)) < 80
