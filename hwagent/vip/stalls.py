"""How late the holder was: the worst since its start and of the last hour, and how often. Pure.

A turn is late by how much longer than wanted it slept, or by how long it worked: for so long no
heartbeat was sent, and no other host's was answered.
"""

from bisect import bisect_left
from typing import NamedTuple

#: Milliseconds; each turn is counted by the first of these that it did not exceed.
BOUNDS = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 500)
#: Seconds between two looks at what is told: nobody wants to hear of every turn.
_MINUTE = 60.0
_HOUR = 60
_BOUNDS = tuple(bound / 1000 for bound in BOUNDS)


class Told(NamedTuple):
    """Worst stalls in milliseconds, and turns by bound (as ``BOUNDS``, and the rest)."""

    start: float = 0.0
    hour: float = 0.0
    turns: tuple[int, ...] = ()


class Stalls:
    """The books of one holder; times are seconds of CLOCK_BOOTTIME."""

    def __init__(self, now: float) -> None:
        self._minutes = [0.0] * _HOUR
        self._next = now + _MINUTE
        self._turns = [0] * (len(BOUNDS) + 1)
        self._worst = 0.0
        self._told: Told | None = None

    def note(self, now: float, late: float) -> None:
        """A turn that was late by so many seconds; called at every turn, so it is quick."""
        self._turns[bisect_left(_BOUNDS, late)] += 1
        if now >= self._next:
            self._turn_over(now)
        if late > self._minutes[-1]:
            self._minutes[-1] = late
            self._worst = max(self._worst, late)
            self._told = None

    def told(self) -> Told:
        """What is told: anew when a minute is over, and at once when a stall was the worst yet."""
        if self._told is None:
            hour = max(self._minutes)
            self._told = Told(_ms(self._worst), _ms(hour), tuple(self._turns))
        return self._told

    def _turn_over(self, now: float) -> None:
        gone = min(int((now - self._next) // _MINUTE) + 1, _HOUR)
        self._minutes = [*self._minutes[gone:], *([0.0] * gone)]
        self._next = now + _MINUTE
        self._told = None


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
