"""The clocks of a simulated host: they run at their own rates, and true time is known to nobody."""

from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple

from hwagent.lease import Now


class Stretch(NamedTuple):
    """From true time ``at`` on, ``raw`` and ``boot`` run at these rates."""

    at: float
    raw: float
    boot: float


class Clock:
    """CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME and the wall clock as functions of true time."""

    def __init__(self, stretches: list[Stretch], start: float, wall: float) -> None:
        self._starts = [stretch.at for stretch in stretches]
        self._rates = stretches
        self._wall = wall
        self._raw, self._boot = [start], [start + 50.0]
        for before, after in pairwise(stretches):
            passed = after.at - before.at
            self._raw.append(self._raw[-1] + passed * before.raw)
            self._boot.append(self._boot[-1] + passed * before.boot)

    def now(self, time: float) -> Now:
        """What the clocks show at a true time."""
        i = bisect_right(self._starts, time) - 1
        passed = time - self._starts[i]
        rates = self._rates[i]
        raw, boot = self._raw[i] + passed * rates.raw, self._boot[i] + passed * rates.boot
        return Now(raw, boot, self._wall + time)

    def when(self, boot: float) -> float:
        """The true time at which BOOTTIME reaches a value."""
        i = max(bisect_right(self._boot, boot) - 1, 0)
        return self._starts[i] + (boot - self._boot[i]) / self._rates[i].boot
