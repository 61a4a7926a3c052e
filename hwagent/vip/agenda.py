"""Which addresses have to be decided anew: those that something was heard of, and those whose time
has come. With a thousand addresses, to decide all of them at every step would take milliseconds.
Pure."""

import math
from collections.abc import Iterable


class Agenda:
    """Addresses by name, in the order in which they came up; times are as the caller has them."""

    def __init__(self) -> None:
        self._open: dict[str, None] = {}
        self._times: dict[str, float] = {}

    def touch(self, address: str) -> None:
        """Something was heard of an address."""
        self._open[address] = None

    def touch_all(self, addresses: Iterable[str]) -> None:
        """Something was heard that concerns all of these."""
        self._open = dict.fromkeys(addresses)

    def clear(self) -> None:
        """Forgets all addresses."""
        self._open, self._times = {}, {}

    def later(self, address: str, time: float) -> None:
        """Takes when time alone changes something about an address, in place of what was known;
        infinite if it does not."""
        if time < math.inf:
            self._times[address] = time
        else:
            self._times.pop(address, None)

    def take(self, now: float) -> Iterable[str]:
        """The addresses to be decided now; each is to be given its next time."""
        for address, time in self._times.items():
            if time <= now:
                self._open[address] = None
        found, self._open = self._open, {}
        return found

    def times(self) -> Iterable[float]:
        """When addresses come up by time alone."""
        return self._times.values()
