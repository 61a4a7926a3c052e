"""What comes to the port of pushed events: who it is from, or why it counts for nothing. Pure.

An event is believed in one thing only: that this BMC is to be looked at now, and which of its
documents first. It must come from the BMC's address, to the path that only this BMC was told.
"""

import hmac
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from .redfish_event import origins

#: Where events come to; what follows is the secret of one BMC.
PREFIX = "/hwagent/events/"
#: Requests of one address in a row, and for how long it pays for each, in seconds.
BURST, REFILL = 20, 0.2
#: A larger body is not read.
BODY_MAX = 256 << 10


class Friend(NamedTuple):
    """A BMC that pushes: its name, its secret, and the addresses that it may come from."""

    name: str
    secret: str
    sources: Callable[[], Iterable[str]]


class Judged(NamedTuple):
    """Whose event it is, and what it is about; or ``why`` it counts for nothing, and the status
    that says so."""

    name: str = ""
    origins: tuple[str, ...] = ()
    why: str = ""
    status: int = 204


class Reception:
    """All that comes to the port. Times in seconds, of one clock."""

    def __init__(self) -> None:
        self._friends: dict[str, Friend] = {}
        self._rooms: dict[str, tuple[float, float]] = {}
        #: What was dropped, by reason.
        self.dropped: Counter[str] = Counter()

    def expect(self, friend: Friend) -> None:
        """Hears a BMC from now on."""
        self._friends[friend.name] = friend

    def forget(self, name: str) -> None:
        """Hears a BMC no more."""
        self._friends.pop(name, None)

    def admit(self, now: float, source: str) -> str:
        """Somebody has connected; why it is not even listened to, or empty."""
        if not any(source in friend.sources() for friend in self._friends.values()):
            return self.drop("unknown source")
        return "" if self._room(now, source) else self.drop("too many")

    def judge(self, source: str, method: str, target: str, body: bytes) -> Judged:
        """A request was read."""
        judged = self._judge(source, method, target, body)
        if judged.why:
            self.drop(judged.why)
        return judged

    def drop(self, why: str) -> str:
        """Counts something that was dropped, and returns why."""
        self.dropped[why] += 1
        return why

    def _judge(self, source: str, method: str, target: str, body: bytes) -> Judged:
        friend = self._of(target)
        if friend is None:
            return Judged(why="wrong secret", status=404)
        if source not in friend.sources():
            return Judged(why="wrong source", status=404)
        if method != "POST":
            return Judged(why="damaged", status=405)
        try:
            found = origins(body)
        except ValueError:
            return Judged(why="damaged", status=400)
        if found is None:
            return Judged(why="no event", status=204)
        return Judged(friend.name, tuple(found))

    def _of(self, target: str) -> Friend | None:
        secret = target.removeprefix(PREFIX).encode() if target.startswith(PREFIX) else b""
        for friend in self._friends.values():
            if hmac.compare_digest(friend.secret.encode(), secret):
                return friend
        return None

    def _room(self, now: float, source: str) -> bool:
        """Only known addresses get here, so there are few."""
        room, at = self._rooms.get(source, (float(BURST), now))
        room = min(BURST, room + (now - at) / REFILL)
        self._rooms[source] = (max(0.0, room - 1), now)
        return room >= 1
