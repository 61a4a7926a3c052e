"""When to announce which address where. Pure."""

import heapq
import math
from collections.abc import Collection, Iterator

from .effects import Place

#: Seconds after taking an address. A neighbour may drop a second change within its ``locktime`` of
#: one second (arp(7)), hence 1.1; a port that has just come up may drop frames for longer.
TIMES = (0.0, 1.1, 3.0, 5.0)
#: Seconds between announcements of a virtual MAC address: bridges forget one that is silent for 300
#: (IEEE 802.1Q, 8.8.3).
REFRESH = 60.0
#: At most so many addresses a pause: a switch drops what comes in one burst of hundreds.
BURST = 50
#: Seconds between bursts.
PAUSE = 0.01


class Announcements:
    """A schedule of announcements, with a limit on their rate."""

    def __init__(self) -> None:
        self._queue: list[tuple[float, int, Place, bool]] = []
        #: Interfaces with a virtual MAC address, from which not much else is sent.
        self.steady: Collection[str] = ()
        self._current: dict[Place, int] = {}
        self._round = 0
        self._left = 0
        self._renewed_at = -math.inf

    def start(self, now: float, place: Place) -> None:
        """Plans a round for an address that was just taken, or whose link came back."""
        self._round += 1
        self._current[place] = self._round
        for offset in TIMES:
            again = offset == TIMES[-1] and place.interface in self.steady
            heapq.heappush(self._queue, (now + offset, self._round, place, again))

    def repeat(self, now: float, place: Place) -> None:
        """Plans one more for an address that is held."""
        if (number := self._current.get(place)) is not None:
            heapq.heappush(self._queue, (now, number, place, False))

    def stop(self, place: Place) -> None:
        """Forgets an address that was given up."""
        self._current.pop(place, None)

    def take(self, now: float) -> Iterator[Place]:
        """What is to be announced now."""
        if now >= self._renewed_at:
            self._left, self._renewed_at = BURST, now + PAUSE
        while self._left and self._queue and self._queue[0][0] <= now:
            _, number, place, again = heapq.heappop(self._queue)
            if self._current.get(place) == number:
                if again:
                    heapq.heappush(self._queue, (now + REFRESH, number, place, True))
                self._left -= 1
                yield place

    def due(self) -> float | None:
        """When to ask again; None if nothing is planned."""
        if not self._queue:
            return None
        return self._queue[0][0] if self._left else max(self._queue[0][0], self._renewed_at)
