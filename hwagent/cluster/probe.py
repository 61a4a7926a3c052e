"""One round of asking one member: directly, through helpers and by TCP, and over every network.

The direct answer has ``probe_timeout``; helpers, the other networks and TCP have the rest of the
interval. A helper is told how long the rest is and says after 80 % of it that it heard nothing. (In
memberlist it waits a whole timeout of its own, so that its nack comes too late at the default
settings, and every true crash counts against the healthy member that found it.)
"""

import random

from .messages import Name

#: Share of the helper's time after which it says that it heard nothing (Lifeguard, section IV.A).
NACK_SHARE = 0.8


class Round:
    """One probe."""

    def __init__(self, now: float, number: int, target: Name, link: str, timeout: float) -> None:
        self.number = number
        self.target = target
        self.link = link
        self.started = now
        self.indirect_at = now + timeout
        self.ends_at = now + timeout
        self.asked: set[str] = set()
        self.nacked: set[str] = set()
        self.how = ""
        self.indirect = False

    def go_indirect(self, ends_at: float, helpers: set[str]) -> None:
        """The direct answer did not come in time: others are asked."""
        self.indirect = True
        self.ends_at = ends_at
        self.asked = helpers

    def postpone(self, seconds: float) -> None:
        """This process stood still: answers get the time that nobody listened."""
        self.started += seconds
        self.indirect_at += seconds
        self.ends_at += seconds

    def answered(self, how: str) -> bool:
        """An ack came; true if it is the first."""
        first = not self.how
        self.how = self.how or how
        return first

    def nack(self, helper: str) -> None:
        """A helper says that it is there and heard nothing."""
        if helper in self.asked:
            self.nacked.add(helper)

    def due(self) -> float:
        """When something is to be done about it."""
        return self.ends_at if self.indirect else self.indirect_at

    def blame(self) -> int:
        """What a failure says about this member itself: helpers that did not answer either.

        Without helpers nobody can vouch for it, and it counts one against itself.
        """
        return len(self.asked - self.nacked) if self.asked else 1

    def evidence(self) -> str:
        """What was tried, for the accusation."""
        tried = [f"no ack on {self.link or 'its network'}"]
        if self.asked:
            tried.append(f"{len(self.nacked)} of {len(self.asked)} helpers heard nothing")
        return ", ".join([*tried, "no answer by TCP"])


class Order:
    """Whom to probe next: shuffled round-robin; a newcomer goes to a random place."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._names: list[str] = []
        self._known: set[str] = set()
        self._next = 0

    def add(self, name: str) -> None:
        """A member to probe from now on."""
        if name not in self._known:
            self._known.add(name)
            at = self._rng.randint(self._next, len(self._names))
            self._names.insert(at, name)

    def remove(self, name: str) -> None:
        """Not to be probed any more."""
        if name in self._known:
            self._known.discard(name)
            at = self._names.index(name)
            del self._names[at]
            self._next -= at < self._next

    def take(self) -> str | None:
        """The next one; None if there is nobody."""
        if not self._names:
            return None
        if self._next >= len(self._names):
            self._rng.shuffle(self._names)
            self._next = 0
        self._next += 1
        return self._names[self._next - 1]
