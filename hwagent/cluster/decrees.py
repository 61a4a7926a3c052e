"""What operators order for the whole fleet: a pin of an address, the end of a storm brake. Pure.

Each order has a subject and a version; the newest version of a subject wins, the same on all
hosts, whoever tells of it and in which order. Every member keeps all of them and tells them with
its status, so that an order outlives the host where it was given. What is taken back stays as an
order without a value, or a host that was away would bring it back.

Ends are times of day: hosts whose clocks differ end an order at different moments.
"""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec

#: Most subjects: they are told with every status.
DECREES_MAX = 200
#: Seconds after which an order that is over is forgotten; a host away for longer may bring it back.
FORGET = 30 * 86400.0

#: Prefix of the subjects that are pins: ``pin:10.0.0.10``, the value is a host.
PIN = "pin:"


class Decree(msgspec.Struct, frozen=True):
    """One order. ``value`` is empty where it was taken back; ``until`` is 0: it has no end.

    ``given`` and ``until`` are seconds since the epoch on the clock of the host ``author``.
    """

    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    value: Annotated[str, msgspec.Meta(max_length=128)]
    version: Annotated[int, msgspec.Meta(ge=1)]
    author: Annotated[str, msgspec.Meta(max_length=128)]
    given: float
    until: float = 0.0

    def holds(self, now: float) -> bool:
        """Whether it is to be obeyed."""
        return bool(self.value) and not 0 < self.until <= now

    @property
    def _weight(self) -> tuple[int, str, str]:
        return self.version, self.author, self.value

    def beats(self, other: "Decree | None") -> bool:
        """Whether it is newer than another of its subject; the same on all hosts."""
        return other is None or self._weight > other._weight


class Decrees:
    """All orders that one member knows."""

    def __init__(self) -> None:
        self._known: dict[str, Decree] = {}

    def order(
        self, now: float, subject: str, value: str, author: str, until: float = 0.0
    ) -> Decree:
        """Gives an order, or takes it back with an empty value. Raises ValueError if too many."""
        self._forget(now)
        before = self._known.get(subject)
        if before is None and len(self._known) >= DECREES_MAX:
            raise ValueError(f"there are {DECREES_MAX} orders already; take some back")
        version = before.version + 1 if before else 1
        made = Decree(subject, value, version, author, now, until)
        self._known[subject] = made
        return made

    def merge(self, now: float, heard: Iterable[Decree]) -> bool:
        """Takes what others know; true if that was news."""
        news = False
        for decree in heard:
            before = self._known.get(decree.subject)
            room = before is not None or len(self._known) < DECREES_MAX
            if room and decree.beats(before) and not _over(now, decree):
                self._known[decree.subject] = decree
                news = True
        return news

    def all(self) -> list[Decree]:
        """Everything that is to be told and kept."""
        return [self._known[subject] for subject in sorted(self._known)]

    def get(self, subject: str) -> Decree | None:
        """The newest order about a subject, obeyed or not."""
        return self._known.get(subject)

    def pins(self, now: float) -> dict[str, Decree]:
        """Addresses that are pinned now, without prefix length."""
        return {
            subject.removeprefix(PIN): decree
            for subject, decree in self._known.items()
            if subject.startswith(PIN) and decree.holds(now)
        }

    def to_list(self) -> list[Any]:
        """For the file that outlives the agent."""
        found: list[Any] = msgspec.to_builtins(self.all())
        return found

    def restore(self, data: Any) -> None:
        """Takes back what ``to_list`` gave. Raises msgspec.ValidationError."""
        for decree in msgspec.convert(data, list[Decree]):
            if decree.beats(self._known.get(decree.subject)):
                self._known[decree.subject] = decree

    def _forget(self, now: float) -> None:
        self._known = {s: d for s, d in self._known.items() if not _over(now, d)}


def _over(now: float, decree: Decree) -> bool:
    """Whether an order has been over for so long that it may be forgotten."""
    return not decree.holds(now) and max(decree.given, decree.until) < now - FORGET
