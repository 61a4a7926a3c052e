"""Whether a child goes on: it beats into a pipe, and its parent looks now and then.

The child may be at real-time priority and the parent starved: what was beaten meanwhile is found at
the parent's next look.
"""

import math
import os
from contextlib import suppress

#: Seconds between two looks, and how many of them find nothing in a row of a child that hangs. A
#: parent that stands still itself has one look, however long that lasts.
LOOK, LOOKS = 10.0, 6
_MANY = 1 << 16


class Heart:
    """Of one child after another, each forked from this process."""

    def __init__(self) -> None:
        self._ear, self._mouth = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._looked = -math.inf
        self._silent = 0

    def begin(self) -> None:
        """A child begins: the beats of the one before are not its own."""
        self._heard()
        self._silent = 0

    def beat(self) -> None:
        """The child has done a full round. A pipe that is full tells as much."""
        with suppress(BlockingIOError):
            os.write(self._mouth, b".")

    def stopped(self, now: float) -> bool:
        """Whether the child hangs; to be asked at least every LOOK seconds, by any clock."""
        if now - self._looked >= LOOK:
            self._looked = now
            self._silent = 0 if self._heard() else self._silent + 1
        return self._silent >= LOOKS

    def _heard(self) -> bool:
        try:
            return bool(os.read(self._ear, _MANY))
        except BlockingIOError:
            return False
