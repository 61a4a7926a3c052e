"""What this member knows of the fleet, for people: each answer says how old it is."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from .coordinates import distance
from .core import Core
from .member import Member, State
from .messages import Alive
from .report import read
from .status import Board

#: Words for people; the numbers on the wire are those of member.State.
WORDS = {State.ALIVE: "alive", State.SUSPECT: "suspect", State.DEAD: "failed", State.LEFT: "left"}


def members(core: Core, now: float) -> list[dict[str, Any]]:
    """Every member: state, since when, where, and how far; sorted by name."""
    return [_member(core, m, now) for m in _sorted(core)]


class _Row(NamedTuple):
    """What a row follows from, and the row."""

    state: State
    alive: Alive
    board: Board | None
    version: int
    row: Mapping[str, Any]


class Fleet:
    """What all members say of themselves. Thousands are asked for every second, so a row is made
    anew only when something in it may have changed: rows are shared, and nobody changes them."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}

    def rows(self, core: Core) -> list[Mapping[str, Any]]:
        """Every member with its status as last heard; sorted by name."""
        self._rows = {m.name: self._row(core, m) for m in core.swim.members.all()}
        return [self._rows[name].row for name in sorted(self._rows)]

    def told(self, core: Core, now: float) -> list[dict[str, Any]]:
        """The same for people: also where and how far. ``age`` is seconds since it was true."""
        rows = zip(_sorted(core), self.rows(core))
        return [_member(core, m, now) | {"age": _age(core, m, now), **row} for m, row in rows]

    def _row(self, core: Core, member: Member) -> _Row:
        board = core.swim.statuses.get(member.name)
        version = board.version if board is not None else 0
        before = self._rows.get(member.name)
        if (
            before is not None
            and before.alive is member.alive
            and before.board is board
            and (before.state, before.version) == (member.state, version)
        ):
            return before
        row = _said(member, member is core.swim.members.me, board)
        return _Row(member.state, member.alive, board, version, row)


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


def _said(member: Member, is_me: bool, board: Board | None) -> dict[str, Any]:
    data = msgspec.to_builtins(read(board.values() if board is not None else {}))
    if member.gone:  # what it said last is not what it is
        data["last_health"], data["health"] = data["health"], "unknown"
    name, status = member.name, WORDS[member.state]
    labels = dict(member.alive.labels)
    return {"name": name, "status": status, "self": is_me, "labels": labels, **data}


def _age(core: Core, member: Member, now: float) -> float | None:
    board = core.swim.statuses.get(member.name)
    return board.age(now) if board is not None and board.version > 0 else None
