"""When to announce which address where. Pure."""

import heapq
from collections.abc import Iterator

from .effects import Place

#: Seconds after taking an address. A neighbour may drop a second change within its ``locktime`` of
#: one second (arp(7)), hence 1.1; a port that has just come up may drop frames for longer.
TIMES = (0.0, 1.1, 3.0, 5.0)
#: At most so many addresses a pause: a switch drops what comes in one burst of hundreds.
BURST = 50
#: Seconds between bursts.
PAUSE = 0.01


class Announcements:
    """A schedule of announcements, with a limit on their rate."""

    def __init__(self) -> None:
        self._queue: list[tuple[float, int, Place]] = []
        self._number = 0
        self._gate = 0.0

    def add(self, now: float, place: Place) -> None:
        """Plans all announcements of an address that was just taken, or whose link came back."""
        for offset in TIMES:
            self._number += 1
            heapq.heappush(self._queue, (now + offset, self._number, place))

    def drop(self, place: Place) -> None:
        """Forgets an address that was given up, or that starts anew."""
        self._queue = [item for item in self._queue if item[2] != place]
        heapq.heapify(self._queue)

    def take(self, now: float) -> Iterator[Place]:
        """What is to be announced now."""
        if now < self._gate:
            return
        for _ in range(BURST):
            if not self._queue or self._queue[0][0] > now:
                return
            self._gate = now + PAUSE
            yield heapq.heappop(self._queue)[2]

    def due(self) -> float | None:
        """When to ask again; None if nothing is planned."""
        return max(self._queue[0][0], self._gate) if self._queue else None
