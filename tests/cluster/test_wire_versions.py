"""The bytes of version 1, kept as they were said: every later version has to understand them, and
to say nothing that version 1 does not. A fleet is upgraded host by host."""

import msgspec
import pytest

from hwagent.cluster import codec
from hwagent.cluster.core import common
from hwagent.cluster.messages import (
    NEWEST,
    OLDEST,
    Ack,
    Alive,
    Conflict,
    Dead,
    Endpoint,
    Entry,
    IndirectPing,
    Keys,
    Message,
    Nack,
    Ping,
    StatusDelta,
    StatusPull,
    StatusVersion,
    Suspect,
    Sync,
)
from hwagent.lease import messages as lease

_PLACE = Endpoint("lan", "fd00::1", 7956)
_ALIVE = Alive("a", 7, (_PLACE,), 9, {"rack": "r1"}, (1, 1))
_DELTA = StatusDelta("a", 1, 0, 3, 250, (("health", 1, "ok"), ("load", 2, 0.5)))
_CLAIM = lease.Claim("10.0.0.10", 3, True)
_REFUSAL = lease.Refusal("10.0.0.10", 50, 3, "c", True)
_VIP = {"group": "g", "vip": "10.0.0.10", "epoch": 3}

GOSSIP: dict[str, Message] = {
    "940101a162a161": Ping(1, "b", "a"),
    "950205a162c402010203": Ack(5, "b", b"\1\2", 3),
    "930301a162": Nack(1, "b"),
    "950401a162a161cd01f4": IndirectPing(1, "b", "a", 500),
    "9705a161079193a36c616ea7666430303a3a31cd1f140981a47261636ba27231920101": _ALIVE,
    "9506a16107a162a66e6f2061636b": Suspect("a", 7, "b", "no ack"),
    "9407a16107a161": Dead("a", 7, "a"),
    "9408a1619193a36c616ea7666430303a3a31cd1f149193a36c616ea7666430303a3a31cd1f14": Conflict(
        "a", (_PLACE,), (_PLACE,)
    ),
    "9709a161010003ccfa9293a66865616c746801a26f6b93a46c6f616402cb3fe0000000000000": _DELTA,
    "940aa1610102": StatusPull("a", 1, 2),
    "930b0391a16b": Keys(3, ("k",)),
    "960ca16191929705a161079193a36c616ea7666430303a3a31cd1f140981a47261636ba27231920101009194a16109"
    "03ccfa919709a161010003ccfa9293a66865616c746801a26f6b93a46c6f616402cb3fe0000000000000c0": Sync(
        "a", (Entry(_ALIVE, 0),), (StatusVersion("a", 9, 3, 250),), (_DELTA,)
    ),
}
LEASES: dict[str, lease.Message] = {
    "9b0101a167a1610102920005cd012c069193a931302e302e302e313003c39192a16207": lease.Heartbeat(
        group="g", owner="a", nonce=1, seq=2, sets=(0, 5), lease=300, digest=6,
        claims=(_CLAIM,), heard=(("b", 7),),
    ),
    "9c0201a167a16207010292000508c2c29195a931302e302e302e31303203a163c3": lease.Ack(
        group="g", voter="b", nonce=7, owner=1, seq=2, sets=(0, 5), clock=8, refusals=(_REFUSAL,)
    ),
    "980301a167a16101cf7fffffffffffffffc0a162": lease.Release(
        group="g", owner="a", nonce=1, seq=lease.FINAL, claims=None, successor="b"
    ),
    "970401a167a161a931302e302e302e31300301": lease.Offer(owner="a", rank=1, **_VIP),
    "960501a167a162a931302e302e302e313003": lease.Accept(member="b", **_VIP),
}  # fmt: skip


def begins_as(said: bytes, recorded: bytes) -> bool:
    """Whether a message is what version 1 said, with nothing but fields added at its end."""
    now, then = msgspec.msgpack.decode(said), msgspec.msgpack.decode(recorded)
    return bool(now[: len(then)] == then)


@pytest.mark.parametrize("recorded", GOSSIP, ids=lambda r: type(GOSSIP[r]).__name__)
def test_gossip_of_version_1_is_understood_and_spoken(recorded: str) -> None:
    assert codec.decode(bytes.fromhex(recorded)) == GOSSIP[recorded]
    assert begins_as(codec.encode(GOSSIP[recorded]), bytes.fromhex(recorded))


@pytest.mark.parametrize("recorded", LEASES, ids=lambda r: type(LEASES[r]).__name__)
def test_leases_of_version_1_are_understood_and_spoken(recorded: str) -> None:
    assert lease.decode(bytes.fromhex(recorded)) == LEASES[recorded]
    assert begins_as(lease.encode(LEASES[recorded]), bytes.fromhex(recorded))


@pytest.mark.parametrize("recorded", LEASES, ids=lambda r: type(LEASES[r]).__name__)
def test_leases_of_a_later_version_are_understood(recorded: str) -> None:
    """They say what is said now, and more after it."""
    kind, _, *fields = msgspec.msgpack.decode(lease.encode(LEASES[recorded]))
    later = lease.decode(msgspec.msgpack.encode([kind, 2, *fields, {"of": "the next"}]))
    assert later == msgspec.structs.replace(LEASES[recorded], v=2)


def test_two_members_speak_the_newest_version_that_both_know() -> None:
    assert OLDEST == 1, "an agent of the version before must be understood"
    assert common((1, 2), (1, 1)) == 1
    assert common((1, 2), (1, 3)) == 2
    assert common((OLDEST, NEWEST), (1, 1)) == 1
