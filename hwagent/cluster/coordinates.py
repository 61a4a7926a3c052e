"""Network coordinates: how far members are from each other, without everybody asking everybody.

Vivaldi (Dabek, Cox, Kaashoek, Morris 2004) with height, adjustment and gravity, and the constants
of Serf's coordinate package: 8 dimensions, seconds.
"""

import math
import random
import struct
from collections import deque
from typing import NamedTuple

DIMENSIONS = 8
ERROR_MAX = 1.5
CE = CC = 0.25
HEIGHT_MIN = 10e-6
ADJUSTMENT_WINDOW = 20
GRAVITY_RHO = 150.0
#: Round-trip times beyond this are not believed, in seconds.
RTT_MAX = 10.0
#: On the wire: numbers of 16 bits, in milliseconds but for the error; a thousandth is near enough.
_WIRE = struct.Struct(f"<{DIMENSIONS + 3}e")
_WIRE_MAX = 60_000.0
_ZERO = 1e-6


class Coordinate(NamedTuple):
    """A place in the space of round-trip times; all in seconds but the error."""

    vector: tuple[float, ...] = (0.0,) * DIMENSIONS
    error: float = ERROR_MAX
    adjustment: float = 0.0
    height: float = HEIGHT_MIN

    def pack(self) -> bytes:
        """As bytes on the wire."""
        seconds = (*self.vector, self.adjustment, self.height)
        return _WIRE.pack(*(max(-_WIRE_MAX, min(_WIRE_MAX, s * 1e3)) for s in seconds), self.error)


def unpack(data: bytes) -> Coordinate | None:
    """A coordinate off the wire; None for what is none (wrong size, NaN, infinite, absurd)."""
    if len(data) != _WIRE.size:
        return None
    *numbers, error = _WIRE.unpack(data)
    if not all(map(math.isfinite, numbers)) or not 0 <= error <= ERROR_MAX:
        return None
    *vector, adjustment, height = (n / 1e3 for n in numbers)
    return Coordinate(tuple(vector), error, adjustment, max(height, HEIGHT_MIN))


def distance(one: Coordinate, other: Coordinate) -> float:
    """Estimated round-trip time in seconds."""
    raw = _raw(one, other)
    adjusted = raw + one.adjustment + other.adjustment
    return adjusted if adjusted > 0 else raw


class Locator:
    """This member's own coordinate, which moves with each measured round trip."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._samples: deque[float] = deque(maxlen=ADJUSTMENT_WINDOW)
        self.here = Coordinate()

    def measured(self, there: Coordinate, rtt: float) -> None:
        """A round trip to a member that says where it is; nonsense is ignored."""
        if not 0 <= rtt <= RTT_MAX:
            return
        rtt = max(rtt, _ZERO)
        moved = self._pull(there, rtt)
        self._samples.append(rtt - _raw(moved, there))
        moved = moved._replace(adjustment=sum(self._samples) / (2 * ADJUSTMENT_WINDOW))
        moved = _gravity(moved)
        self.here = moved if _sane(moved) else Coordinate()

    def _pull(self, there: Coordinate, rtt: float) -> Coordinate:
        here = self.here
        apart = distance(here, there)
        wrongness = abs(apart - rtt) / rtt
        total = max(here.error + there.error, _ZERO)
        weight = here.error / total
        error = min(CE * weight * wrongness + here.error * (1 - CE * weight), ERROR_MAX)
        return self._push(here._replace(error=error), there, CC * weight * (rtt - apart))

    def _push(self, here: Coordinate, there: Coordinate, force: float) -> Coordinate:
        difference = [a - b for a, b in zip(here.vector, there.vector)]
        apart = math.hypot(*difference)
        if apart < _ZERO:
            difference = [self._rng.random() - 0.5 for _ in difference]
            unit = [d / math.hypot(*difference) for d in difference]
        else:
            unit = [d / apart for d in difference]
        vector = tuple(a + force * u for a, u in zip(here.vector, unit))
        height = here.height
        if apart >= _ZERO:
            height = max((here.height + there.height) * force / apart + here.height, HEIGHT_MIN)
        return here._replace(vector=vector, height=height)


def _raw(one: Coordinate, other: Coordinate) -> float:
    return math.dist(one.vector, other.vector) + one.height + other.height


def _gravity(here: Coordinate) -> Coordinate:
    """A slight pull to the origin, so that the whole does not drift away."""
    apart = math.hypot(*here.vector)
    if apart < _ZERO:
        return here
    force = -((apart / GRAVITY_RHO) ** 2) / apart
    return here._replace(vector=tuple(v + force * v for v in here.vector))


def _sane(here: Coordinate) -> bool:
    return all(map(math.isfinite, (*here.vector, here.error, here.adjustment, here.height)))
