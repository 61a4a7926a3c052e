"""What a value was over a span of time: increase, average, changes. Pure, bounded.

A value holds from the moment it is seen until another one is seen, so only changes are kept. Sums
are kept running, so a window is the difference of two of them; when there are too many changes,
neighbours are merged and only the edge of a window becomes blurred, by a 256th of the span.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import NamedTuple

from hwagent.model import Value

#: Changes kept of one value; more are merged to one for each 256th of the span.
POINTS_MAX = 300
_BUCKETS = 256
#: An average, a rate or a share moves with time alone. Where no reading has it computed anew it is
#: after so many seconds, or this part of its span if that is longer: those of a device at work are
#: read, and so computed, more often.
_PAUSE, _STEPS = 20.0, 40


def step(span: float) -> float:
    """Seconds after which a result that moves with time alone is to be computed again."""
    return max(span / _STEPS, min(_PAUSE, span / 4))


class Point(NamedTuple):
    """A value that holds from ``time`` on, and the sums of everything before.

    ``low`` and ``high`` bound the value until the next point, ``area`` is value times seconds,
    ``known`` seconds with a value, ``changes`` a count, ``increase`` the growth of a counter.
    """

    time: float
    value: Value | None
    low: float | None
    high: float | None
    area: float
    known: float
    changes: int
    increase: float


class History:
    """The changes of one value of one component over the last ``span`` seconds."""

    __slots__ = ("_known", "_points", "span")

    def __init__(self, span: float) -> None:
        self.span = span
        self._points: list[Point] = []
        self._known: Value | None = None

    def __len__(self) -> int:
        return len(self._points)

    def add(self, now: float, value: Value | None) -> None:
        """Takes the value that holds from now on; None if it is not known."""
        last = self._points[-1] if self._points else None
        if last is not None and value == last.value:
            return
        number = _number(value)
        grown = _growth(self._known, value)
        changed = int(None not in (value, self._known) and value != self._known)
        if last is None:
            self._points.append(Point(now, value, number, number, 0.0, 0.0, 0, 0))
        else:
            now = max(now, last.time)
            area, known = _sums(last, now)
            if now == last.time:
                self._points.pop()
            self._points.append(
                Point(
                    now,
                    value,
                    number,
                    number,
                    area,
                    known,
                    last.changes + changed,
                    last.increase + grown,
                )
            )
        if value is not None:
            self._known = value
        self._trim(now)

    def _trim(self, now: float) -> None:
        old = self._index(now, self.span)
        if old > 0:
            del self._points[:old]
        if len(self._points) > POINTS_MAX:
            self._points = _merged(self._points, self.span / _BUCKETS)

    def _index(self, now: float, span: float) -> int:
        """Index of the point that held when the window began; -1 if nothing was known then."""
        return bisect_right(self._points, now, key=lambda p: p.time + span) - 1

    def _value(self) -> Value | None:
        return self._points[-1].value if self._points else None

    def _covered(self, now: float, span: float) -> float:
        """Seconds of the window since the first reading."""
        return min(span, now - self._points[0].time)

    def increase(self, now: float, span: float) -> float | None:
        """Growth of a counter within the window; a decrease is a reset, as Prometheus has it.

        Nothing is extrapolated. None if the counter is not known now, or was read only now.
        """
        if self._value() is None or self._covered(now, span) <= 0:
            return None
        first = self._points[max(self._index(now, span), 0)]
        return self._points[-1].increase - first.increase

    def rate(self, now: float, span: float) -> float | None:
        """Growth of a counter per second; None until half the window has been seen."""
        grown = self.increase(now, span)
        covered = self._covered(now, span) if grown is not None else 0.0
        return None if grown is None or covered < span / 2 else grown / covered

    def lowest(self, now: float, span: float) -> float | None:
        """The smallest value within the window; None if it is not known now."""
        if self._value() is None:
            return None
        start = max(self._index(now, span), 0)
        return min(p.low for p in self._points[start:] if p.low is not None)

    def highest(self, now: float, span: float) -> float | None:
        """The largest value within the window; None if it is not known now."""
        if self._value() is None:
            return None
        start = max(self._index(now, span), 0)
        return max(p.high for p in self._points[start:] if p.high is not None)

    def average(self, now: float, span: float) -> float | None:
        """The mean over time of what is known of the window.

        None if the value is not known now, or was known for less than half the window.
        """
        if self._value() is None:
            return None
        area, known = _sums(self._points[-1], now)
        start = self._index(now, span)
        if start >= 0:
            following = self._points[start + 1] if start + 1 < len(self._points) else None
            before = _sums(self._points[start], now - span, following)
            area, known = area - before[0], known - before[1]
        return area / known if known > 0 and known >= span / 2 else None

    def changes(self, now: float, span: float) -> int | None:
        """How often the value became another one within the window."""
        if self._value() is None:
            return None
        return self._points[-1].changes - self._points[max(self._index(now, span), 0)].changes

    def count(self, now: float, span: float) -> int | None:
        """How many values in a row the window holds: the one at its start and every change."""
        changes = self.changes(now, span)
        return None if changes is None else changes + 1

    def next_change(self, now: float, span: float, smooth: bool) -> float | None:
        """When time alone can change a result, if it can. ``smooth`` results move all the time."""
        if not self._points:
            return None
        first = self._points[0].time
        if now <= first:
            return first + min(1.0, span / 4)
        half = first + span / 2
        if len(self._points) == 1 or self._points[-1].time + span <= now:
            return half if smooth and now < half else None
        if smooth:
            return max(now + step(span), half if now < half else 0.0)
        return self._points[max(self._index(now, span), 0) + 1].time + span


#: Functions over a window: what they compute, and whether the result moves all the time.
FUNCTIONS: Mapping[str, tuple[Callable[[History, float, float], float | None], bool]] = {
    "increase": (History.increase, False),
    "rate": (History.rate, True),
    "min": (History.lowest, False),
    "max": (History.highest, False),
    "avg": (History.average, True),
    "share": (History.average, True),
    "changes": (History.changes, False),
    "count": (History.count, False),
}


def single(function: str, value: Value | None) -> float | None:
    """What a function over a window says of one look: steady values hold, growth is unknown."""
    if value is None or function in ("increase", "rate", "changes"):
        return None
    return 1 if function == "count" else _number(value)


def _number(value: Value | None) -> float | None:
    return None if value is None or isinstance(value, str) else value


def _growth(old: Value | None, new: Value | None) -> float:
    """How much a counter has grown; below the old value it began anew at zero."""
    if old is None or new is None or isinstance(old, str) or isinstance(new, str):
        return 0
    return new - old if new >= old else max(new, 0)


def _sums(point: Point, now: float, following: Point | None = None) -> tuple[float, float]:
    """Area and known seconds at a time from a point on, at most until the following one."""
    passed = now - point.time
    if following is not None:
        part = passed / (following.time - point.time)
        return (
            point.area + (following.area - point.area) * part,
            point.known + (following.known - point.known) * part,
        )
    if point.value is None:
        return point.area, point.known
    return point.area + (_number(point.value) or 0) * passed, point.known + passed


def _merged(points: list[Point], width: float) -> list[Point]:
    """One point for each bucket of time; sums stay exact at the points that are left."""
    kept: list[Point] = []
    for point in points[:-1]:
        if kept and point.time // width == kept[-1].time // width:
            kept[-1] = _join(kept[-1], point)
        else:
            kept.append(point)
    return [*kept, points[-1]]


def _join(first: Point, second: Point) -> Point:
    lows = [x for x in (first.low, second.low) if x is not None]
    highs = [x for x in (first.high, second.high) if x is not None]
    return first._replace(low=min(lows, default=None), high=max(highs, default=None))
