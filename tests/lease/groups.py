"""A small group for tests, and messages as an owner would send them."""

from typing import Any

from hwagent.lease import Electorate, Group, Now
from hwagent.lease.messages import Ack, Claim, Heartbeat, Release, digest

VIP, OTHER = "10.0.0.10", "10.0.0.11"


def electorate(*names: str, longest: float = 0.3) -> Electorate:
    """Voters that have one address each, ``<name>.0``."""
    return Electorate({name: (f"{name}.0",) for name in names}, longest)


ABC = electorate("a", "b", "c")


def group(voters: Electorate = ABC, **others: Any) -> Group:
    """Interval 100 ms, lease and M 300 ms, clocks 1 % and 10 % wrong at most."""
    return Group(name="g", voters=voters, rate=0.01, **others)


def heartbeat(
    owner: str,
    seq: int,
    *claims: Claim,
    nonce: int = 0,
    known: bool = False,
    sets: tuple[int, int] | None = None,
    lease: int = 300,
    heard: tuple[tuple[str, int], ...] = (),
) -> Heartbeat:
    """A heartbeat with its list, or with its digest only if that is ``known``."""
    return Heartbeat(
        group="g",
        owner=owner,
        nonce=nonce or ord(owner),
        seq=seq,
        sets=sets or group().sets,
        lease=lease,
        digest=digest(claims),
        claims=None if known else claims,
        heard=heard,
    )


def release(owner: str, seq: int, *claims: Claim, nonce: int = 0, successor: str = "") -> Release:
    """A release of these claims, or of all."""
    return Release(
        group="g",
        owner=owner,
        nonce=nonce or ord(owner),
        seq=seq,
        claims=claims or None,
        successor=successor,
    )


def at(time: float) -> Now:
    """A host whose clocks agree but for their beginnings."""
    return Now(raw=time, boot=time + 1000, wall=1.7e9 + time)


def granted(ack: Ack | None) -> bool:
    """Whether everything was granted."""
    return ack is not None and not ack.unknown and not ack.foreign and not ack.refusals
