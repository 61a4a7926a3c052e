"""Keeps the gate for the guardian: loads it, gives each address a slot, guards every interface.

Every Ethernet interface is guarded, not only those of the plan: Linux answers ARP for any of its
addresses on any interface, and sends from any of them.
"""

from collections.abc import Collection, Iterable

from hwagent.gate import SLOTS
from hwagent.gate.kernel import Gate
from hwagent.net.announce import ETHERNET
from hwagent.net.rtnetlink import Link


class Porter:
    """The gate, or why there is none: ``problem``."""

    def __init__(self) -> None:
        self.problem = ""
        self.slots: dict[str, int] = {}
        self._guarded: set[int] = set()
        self._gate: Gate | None = None
        try:
            self._gate = Gate()
        except OSError as e:
            self.problem = e.strerror or str(e)

    def fileno(self) -> int:
        """The file of the deadlines, for the holder; -1 if there is no gate."""
        return -1 if self._gate is None else self._gate.deadlines.fd

    def bear(self, addresses: Collection[str]) -> bool:
        """Gives a slot, shut, to new addresses and takes others' away; true if that changed any."""
        if self._gate is None or self.slots.keys() == set(addresses):
            return False
        for address in self.slots.keys() - set(addresses):
            self._gate.spare(address)
            self._gate.deadlines.shut(self.slots.pop(address))
        free = iter(sorted(set(range(SLOTS)) - set(self.slots.values())))
        for address in set(addresses) - self.slots.keys():
            slot = next(free)
            self._gate.bear(address, slot)
            self.slots[address] = slot
        return True

    def guard(self, links: Iterable[Link]) -> None:
        """Attaches the gate to interfaces that are new. Raises OSError; the rest is guarded."""
        if self._gate is None or not self.slots:
            return
        there = {link.number for link in links if link.kind == ETHERNET}
        self._guarded &= there
        problem: OSError | None = None
        for number in there - self._guarded:
            try:
                self._gate.attach(number)
            except OSError as e:
                problem = e
            else:
                self._guarded.add(number)
        if problem is not None:
            raise problem

    def shut(self) -> None:
        """Lets nothing pass any more."""
        if self._gate is not None:
            for slot in self.slots.values():
                self._gate.deadlines.shut(slot)
