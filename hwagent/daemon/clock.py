"""The agent's time: the wall clock as it was at the start, carried on by a clock nobody sets."""

import time


class Clock:
    """Seconds since the epoch that never jump: steps of the wall clock move no window or timer."""

    def __init__(self) -> None:
        self._offset = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)

    def now(self) -> float:
        """CLOCK_BOOTTIME (it counts suspended time too, clock_gettime(2)) from the epoch on."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) + self._offset
