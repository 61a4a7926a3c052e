"""The agent's part of the user's checks: how a check is named to a worker, and when it counts."""

import msgspec

from hwagent.config.bmcs import Bmc
from hwagent.config.schema import Service


class RiseFall:
    """Debounces a check: down after ``fall`` failures in a row, up after ``rise`` successes.

    Before the first decision the service is unknown (None); the first success decides, since there
    is no outage yet that it could be a false end of.
    """

    def __init__(self, rise: int, fall: int) -> None:
        self.rise = max(1, rise)
        self.fall = max(1, fall)
        self.up: bool | None = None
        self._in_a_row = 0
        self._last: bool | None = None

    def observe(self, good: bool) -> bool | None:
        """Takes one result; returns whether the service is up, None if not yet known."""
        self._in_a_row = self._in_a_row + 1 if good is self._last else 1
        self._last = good
        if good and (self.up is None or self._in_a_row >= self.rise):
            self.up = True
        elif not good and self._in_a_row >= self.fall:
            self.up = False
        return self.up


def encode(listed: Service | Bmc) -> str:
    """The target that stands for a check or a BMC."""
    return msgspec.json.encode(listed, enc_hook=float).decode()
