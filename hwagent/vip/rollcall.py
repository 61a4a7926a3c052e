"""Asking from outside who answers for the addresses that other hosts of a group hold. Pure.

Every host asks for each of them now and then, as any neighbour would: what the holders say of
themselves is one thing, what the wire says another. One answer is well; none, or two, is not.
"""

from collections.abc import Callable, Iterator

from .effects import Place
from .ward import ip

#: Seconds between two questions for an address.
EVERY = 30.0
#: Seconds in which answers count: a neighbour is asked again after one (ip-sysctl, retrans_time).
WINDOW = 1.0
#: Questions at a time, four times a second: a thousand addresses take as long as EVERY.
BATCH = 10
#: Questions in a row that nobody, or not one alone, answers before it is told: the address may just
#: be on its way, and a frame may be lost.
CERTAIN = 3


class Rollcall:
    """Which addresses are asked for when, and what came of it."""

    def __init__(self) -> None:
        self._next = 0.0
        self._queue: list[Place] = []
        self._open: dict[str, tuple[float, set[str]]] = {}
        self._odd: dict[str, int] = {}
        self._told: dict[str, tuple[str, ...]] = {}

    def take(self, now: float, elsewhere: Callable[[], list[Place]]) -> list[Place]:
        """The addresses to be asked for now; ``elsewhere`` are all that others hold."""
        if now >= self._next:
            self._next, self._queue = now + EVERY, elsewhere()
            names = {ip(place.address) for place in self._queue}
            self._odd = {a: n for a, n in self._odd.items() if a in names}
            self._told = {a: macs for a, macs in self._told.items() if a in names}
        batch, self._queue = self._queue[:BATCH], self._queue[BATCH:]
        for place in batch:
            self._open[ip(place.address)] = now + WINDOW, set()
        return batch

    def heard(self, address: str, mac: str) -> None:
        """A machine answered for an address."""
        if (asked := self._open.get(address)) is not None:
            asked[1].add(mac)

    def judge(self, now: float) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Addresses of which there is news: who answers for them."""
        for address in [a for a, (end, _) in self._open.items() if now >= end]:
            macs = tuple(sorted(self._open.pop(address)[1]))
            self._odd[address] = 0 if len(macs) == 1 else self._odd.get(address, 0) + 1
            certain = len(macs) == 1 or self._odd[address] >= CERTAIN
            if certain and macs != self._told.get(address):
                self._told[address] = macs
                yield address, macs
