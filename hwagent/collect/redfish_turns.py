"""When an event may have a BMC looked at. Pure; times in seconds, of one clock.

Many BMCs log that we logged in, and tell of that as an event: each look would lead to the next. So
a few events in a row are followed at once, and in the long run one in each interval: a BMC is read
at most twice as often as without events.
"""

#: Events that are followed at once, one after the other.
BURST = 6


class Turns:
    """The turns of one BMC that is looked at each ``interval``."""

    def __init__(self, interval: float) -> None:
        self._interval = max(interval, 0.1)
        self._left = float(BURST)
        self._at = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next turn; 0 if it is there."""
        self._fill(now)
        return max(0.0, (1 - self._left) * self._interval)

    def take(self, now: float) -> None:
        """Takes a turn."""
        self._fill(now)
        self._left -= 1

    def _fill(self, now: float) -> None:
        self._left = min(float(BURST), self._left + max(0.0, now - self._at) / self._interval)
        self._at = now


class Backoff:
    """Pauses between attempts: doubled each time, and as at first after one that went well."""

    def __init__(self, least: float, most: float, healthy: float) -> None:
        self._least, self._most, self._healthy = least, most, healthy
        self._next = least

    def pause(self, lasted: float, asked: float = 0.0) -> float:
        """Seconds to wait after an attempt that lasted so long; ``asked`` is what the server wants
        at least, within bounds."""
        if lasted >= self._healthy:
            self._next = self._least
        pause = min(max(self._next, asked), self._most)
        self._next = min(self._next * 2, self._most)
        return pause
