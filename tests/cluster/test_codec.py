"""Messages on the wire: whole, of other versions, and hostile."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.cluster.codec import CodecError, decode, encode
from hwagent.cluster.compound import PART_MAX, TooLarge, pack, unpack
from hwagent.cluster.messages import Ack, Alive, Dead, Endpoint, Ping, StatusDelta, Suspect

SAMPLES = [
    Ping(1, "b", "a"),
    Ack(2**64 - 1, "b", b"\0" * 44, 3),
    Alive("a", 7, (Endpoint("lan", "fd00::1", 7956),), 2**64 - 1, {"rack": "r1"}, (1, 2)),
    Suspect("a", 7, "b", "no ack"),
    Dead("a", 7, "a"),
    StatusDelta("a", 1, 0, 3, 250, (("health", 1, "ok"), ("load", 2, 0.5), ("gone", 3, None))),
]


@pytest.mark.parametrize("message", SAMPLES, ids=lambda m: type(m).__name__)
def test_what_was_said_is_heard(message):
    assert decode(encode(message)) == message


@pytest.mark.parametrize("message", SAMPLES, ids=lambda m: type(m).__name__)
def test_fields_of_a_newer_version_are_ignored(message):
    fields = msgspec.msgpack.decode(encode(message))
    newer = msgspec.msgpack.encode([*fields, {"from": ["the", "future"]}, None])
    if message.__struct_fields__[-1] in ("speaks", "status", "evidence", "accuser", "source"):
        assert decode(newer) == message
    assert type(decode(newer)) is type(message)


def test_fields_that_an_older_version_does_not_send_have_defaults():
    assert decode(msgspec.msgpack.encode([2, 5, "b"])) == Ack(5, "b")
    assert decode(msgspec.msgpack.encode([6, "a", 7, "b"])) == Suspect("a", 7, "b")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x91" * 60_000,
        b"\x94\x01\x05\xa1x\xa1y" + b"\x91" * 60_000,
        b"\xdd\xff\xff\xff\xff",
        b"\x93\x01\x05\xdb\xff\xff\xff\xff",
        b"\x94\x01\x05\xa2\xff\xfe\xa1x",
        msgspec.msgpack.encode([99, 1, "b", "a"]),
        msgspec.msgpack.encode([1, -1, "b", "a"]),
        msgspec.msgpack.encode([1, 1, "", "a"]),
        msgspec.msgpack.encode([1, 1, "b" * 129, "a"]),
        msgspec.msgpack.encode([5, "a", 1, [["", "10.0.0.1", 0]], 7]),
        msgspec.msgpack.encode([5, "a", 1, [["", "10.0.0.1", 70000]], 7]),
        msgspec.msgpack.encode([9, "a", 1, 0, 1, 0, [["k", 1, [[[[]]]]]]]),
        msgspec.msgpack.encode([9, "a", 1, 0, 1, 0, [["k", 1, "v" * 1001]]]),
        msgspec.msgpack.encode([1, 1, "b", "a"]) + b"x",
    ],
)
def test_garbage_and_bombs_are_one_kind_of_error(data):
    with pytest.raises(CodecError):
        decode(data)


@given(st.binary(max_size=200))
def test_no_bytes_whatever_do_more_than_that(data):
    try:
        decode(data)
    except CodecError:
        return


@given(st.lists(st.binary(max_size=300), max_size=400))
def test_parts_come_out_as_they_went_in(parts):
    """memberlist#239: more than 255 parts in one packet were counted wrong."""
    assert unpack(pack(parts)) == (parts, True)


@given(st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=9), st.integers(1, 20))
def test_of_a_packet_that_was_cut_the_whole_parts_count(parts, cut):
    found, whole = unpack(pack(parts)[:-cut])
    assert found == parts[: len(found)]
    assert not whole or found == parts[: len(found)]


def test_a_part_that_no_packet_can_hold_is_refused():
    with pytest.raises(TooLarge):
        pack([b"x" * (PART_MAX + 1)])
