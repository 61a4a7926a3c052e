"""What this member knows of the fleet, for people: each answer says how old it is."""

from typing import Any

import msgspec

from .coordinates import distance
from .core import Core
from .member import Member, State
from .report import read

#: Words for people; the numbers on the wire are those of member.State.
WORDS = {State.ALIVE: "alive", State.SUSPECT: "suspect", State.DEAD: "failed", State.LEFT: "left"}


def members(core: Core, now: float) -> list[dict[str, Any]]:
    """Every member: state, since when, where, and how far; sorted by name."""
    return [_member(core, m, now) for m in _sorted(core)]


def fleet(core: Core, now: float) -> list[dict[str, Any]]:
    """Every member with its status as last heard. ``age`` is seconds since that was true."""
    return [_member(core, m, now) | _status(core, m, now) for m in _sorted(core)]


def rtt(core: Core, one: str, other: str) -> dict[str, Any] | None:
    """Round-trip time between two members in seconds: measured if one is this one, else estimated.

    None if not enough is known.
    """
    me = core.swim.members.me.name
    if one == me and (measured := core.swim.paths.rtts(other)):
        return {"seconds": min(measured.values()), "how": "measured"}
    if other == me and one != me:
        return rtt(core, other, one)
    a, b = (core.swim.prober.coordinate(name) for name in (one, other))
    if a is None or b is None:
        return None
    return {"seconds": distance(a, b), "how": "estimated"}


def _sorted(core: Core) -> list[Member]:
    return sorted(core.swim.members.all(), key=lambda m: m.name)


def _member(core: Core, member: Member, now: float) -> dict[str, Any]:
    swim = core.swim
    is_me = member is swim.members.me
    found = rtt(core, swim.members.me.name, member.name) if not is_me else None
    return {
        "name": member.name,
        "status": WORDS[member.state],
        "self": is_me,
        "for": max(0.0, now - member.changed),
        "addresses": [
            {"network": e.link, "address": e.host, "port": e.port} for e in member.endpoints
        ],
        "labels": dict(member.alive.labels),
        "incarnation": member.incarnation,
        "reason": member.verdict,
        "degraded_networks": swim.paths.degraded(member.name),
        "rtt": found["seconds"] if found else None,
    }


def _status(core: Core, member: Member, now: float) -> dict[str, Any]:
    board = core.swim.statuses.get(member.name)
    known = board is not None and board.version > 0
    report = read(board.values() if board is not None else {})
    data = msgspec.to_builtins(report)
    if member.gone:  # what it said last is not what it is
        data["last_health"], data["health"] = data["health"], "unknown"
    return {"age": board.age(now) if known and board is not None else None, **data}
