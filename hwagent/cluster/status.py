"""Every member's status, known to every member: versioned keys of one writer, sent as changes.

Only the owner writes its status; each change gets the next version. A change says from which
version on it is complete, so that what was missed is noticed and asked for. A key that is taken
away stays as None, so that its going is a change too. Who hands a change on says how old it is by
then; so each member can say how old its answer is, without a common clock.
"""

import math
from collections.abc import Iterable, Iterator, Mapping

from .codec import encode, encode_value
from .compound import LENGTH, TooLarge
from .messages import StatusDelta, StatusPull, StatusVersion, Value

#: Keys of one status. Alerts beyond that are counted by the owner, not listed.
KEYS_MAX = 1000
#: Keys that were taken away are forgotten when they are more than these.
GONE_MAX = 200
#: Bytes of one change with all around it: it has to fit into a packet with something beside it.
CHANGE_MAX = 1100
#: Changes that wait for those before them.
EARLY_MAX = 16
#: Seconds between two requests for the same status: the answer is under way.
ASK_EVERY = 0.5
#: Changes in one message.
CHANGES_MAX = 200

Change = tuple[str, int, Value]


class Board:
    """The status of one member, as far as it is known here."""

    def __init__(self, owner: str, session: int, now: float, own: bool = False) -> None:
        self.owner = owner
        self.session = session
        self.version = 0
        self.heard = now
        self._own = own
        self._asked = -math.inf
        self._early: list[StatusDelta] = []
        self._values: dict[str, tuple[int, Value]] = {}
        self._floor = 0

    def values(self) -> dict[str, Value]:
        """Keys and values."""
        return {key: value for key, (_, value) in self._values.items() if value is not None}

    def age(self, now: float) -> float:
        """Seconds since this was true for certain; a member's own status always is."""
        return 0.0 if self._own else max(0.0, now - self.heard)

    def write(self, wanted: Mapping[str, Value]) -> int:
        """The owner's new status; returns the version before, the same if nothing changed.

        Raises TooLarge, and changes nothing, if a value or the whole is too large to be told.
        """
        self._check(wanted)
        before, has = self.version, self.values()
        changed = {k: v for k, v in wanted.items() if k not in has or not _same(has[k], v)}
        changed |= dict.fromkeys(has.keys() - wanted.keys(), None)
        for key, value in changed.items():
            self.version += 1
            self._values[key] = (self.version, value)
        self._forget_gone()
        return before

    def _check(self, wanted: Mapping[str, Value]) -> None:
        if len(wanted) > KEYS_MAX:
            raise TooLarge(f"{len(wanted)} keys of status")
        for key, value in wanted.items():
            size = len(encode(self._delta(0, [(key, 1 << 32, value)], 0)))
            if size > CHANGE_MAX:
                raise TooLarge(f"{size} bytes for {key}")

    def deltas(self, now: float, since: int, room: int) -> Iterator[StatusDelta]:
        """All changes after a version, in messages of so many bytes at most."""
        since = since if since >= self._floor else 0
        age = round(self.age(now) * 1000)
        room -= LENGTH + len(
            encode(StatusDelta(self.owner, self.session, 1 << 32, 1 << 32, age, ()))
        )
        part: list[Change] = []
        left = room
        for change in self._after(since):
            size = len(encode_value(change))
            if part and (size > left or len(part) >= CHANGES_MAX):
                yield self._delta(since, part, age)
                since, part, left = part[-1][1], [], room
            part.append(change)
            left -= size
        if part:
            yield self._delta(since, part, age)

    def take(self, now: float, said: StatusDelta) -> bool:
        """Changes that came in; false if some before them are missing: then they wait a while."""
        if said.until <= self.version:
            if said.until == self.version:
                self.confirm(now, said.age)
            return True
        if said.since > self.version:
            self._early = [*self._early[1 - EARLY_MAX :], said]
            return False
        self._apply(now, said)
        early, self._early = self._early, []
        for one in sorted(early, key=lambda delta: delta.until):
            self.take(now, one)
        return not self._early

    def _apply(self, now: float, said: StatusDelta) -> None:
        if said.since == 0 and self.version:
            self._values = {}
        for key, version, value in said.changes:
            if version > self._values.get(key, (0, None))[0]:
                self._values[key] = (version, value)
        self.version = said.until
        self.heard = now - said.age / 1000

    def confirm(self, now: float, age_ms: int) -> None:
        """What is known here was still true so long ago."""
        self.heard = max(self.heard, now - age_ms / 1000)

    def ask(self, now: float) -> StatusPull | None:
        """What to ask for, unless that was asked for just now."""
        if now - self._asked < ASK_EVERY:
            return None
        self._asked = now
        return StatusPull(self.owner, self.session, self.version)

    def _after(self, since: int) -> list[Change]:
        found = [(k, n, v) for k, (n, v) in self._values.items() if n > since]
        return sorted(found, key=lambda change: change[1])

    def _delta(self, since: int, part: list[Change], age: int) -> StatusDelta:
        return StatusDelta(self.owner, self.session, since, part[-1][1], age, tuple(part))

    def _forget_gone(self) -> None:
        gone = sorted((n, key) for key, (n, value) in self._values.items() if value is None)
        for number, key in gone[: max(0, len(gone) - GONE_MAX)]:
            del self._values[key]
            self._floor = number


class Statuses:
    """All members' boards."""

    def __init__(self, now: float, me: str, session: int) -> None:
        self.mine = Board(me, session, now, own=True)
        self._boards = {me: self.mine}

    def get(self, owner: str) -> Board | None:
        """One member's board."""
        return self._boards.get(owner)

    def forget(self, owner: str) -> None:
        """A member is not known any more."""
        if owner != self.mine.owner:
            self._boards.pop(owner, None)

    def new_session(self, session: int) -> None:
        """This member goes on under another session; what it said stays said."""
        self.mine.session = session

    def take(self, now: float, said: StatusDelta, session: int) -> StatusPull | None:
        """Changes that came in, of a member whose session is known; what to ask for, if anything.

        Changes of another session are of another life and are ignored.
        """
        if said.owner == self.mine.owner or said.session != session:
            return None
        board = self._board(now, said.owner, session)
        return None if board.take(now, said) else board.ask(now)

    def behind(self, now: float, owner: str, session: int, version: int) -> StatusPull | None:
        """A member says which version its status has; what to ask it for, if anything."""
        if owner == self.mine.owner or not version:
            return None
        board = self._board(now, owner, session)
        if board.version >= version:
            board.confirm(now, 0)
            return None
        return board.ask(now)

    def answer(self, now: float, asked: StatusPull, room: int) -> Iterable[StatusDelta]:
        """What is known after that version; everything, if the other knew another life."""
        board = self._boards.get(asked.owner)
        if board is None or not board.version:
            return ()
        same = board.session == asked.session
        return board.deltas(now, asked.since if same else 0, room)

    def versions(self, now: float) -> tuple[StatusVersion, ...]:
        """Up to where each status is known here."""
        return tuple(
            StatusVersion(b.owner, b.session, b.version, round(b.age(now) * 1000))
            for b in self._boards.values()
        )

    def newer_than(
        self, now: float, versions: Iterable[StatusVersion], room: int
    ) -> Iterator[StatusDelta]:
        """What is known here and not there."""
        there = {v.owner: v for v in versions}
        for board in self._boards.values():
            other = there.get(board.owner)
            same = other is not None and other.session == board.session
            known = other.version if other is not None and same else 0
            if board.version > known:
                yield from board.deltas(now, known, room)

    def missing(
        self, now: float, versions: Iterable[StatusVersion], sessions: Mapping[str, int]
    ) -> Iterator[StatusPull]:
        """What is known there and not here; what is known alike is as old as the younger answer."""
        for other in versions:
            if other.owner == self.mine.owner or sessions.get(other.owner) != other.session:
                continue
            board = self._board(now, other.owner, other.session)
            if board.version < other.version:
                if asked := board.ask(now):
                    yield asked
            elif board.version == other.version and board.version:
                board.confirm(now, other.age)

    def _board(self, now: float, owner: str, session: int) -> Board:
        board = self._boards.get(owner)
        if board is None or board.session != session:
            board = self._boards[owner] = Board(owner, session, now)
        return board


def _same(one: Value, other: Value) -> bool:
    return one == other and type(one) is type(other)
