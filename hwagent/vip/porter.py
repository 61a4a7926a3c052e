"""Keeps the gate for the guardian: loads it, gives each address a slot, guards every interface.

Every Ethernet interface is guarded, not only those of the plan: Linux answers ARP for any of its
addresses on any interface, and sends from any of them.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, Protocol

from hwagent.gate import SLOTS
from hwagent.gate.kernel import Gate
from hwagent.gate.nftables import Table
from hwagent.net.announce import ETHERNET
from hwagent.net.rtnetlink import Link


class Bearer(Protocol):
    """A gate of one kind: ``gate.kernel.Gate`` or ``gate.nftables.Table``. Raises OSError."""

    @property
    def weakness(self) -> str: ...
    def fileno(self) -> int: ...
    def bear(self, slots: Mapping[str, int]) -> None: ...
    def spare(self, slots: Mapping[str, int]) -> None: ...
    def shut(self, slots: Mapping[str, int]) -> None: ...
    def attach(self, number: int) -> None: ...
    def clear(self, slots: Mapping[str, int]) -> None: ...


class Porter:
    """The gate: eBPF, or else nftables."""

    def __init__(self) -> None:
        self.kind: Literal["ebpf", "nftables"] = "ebpf"
        self.slots: dict[str, int] = {}
        self._lacks = self._failure = ""
        self._guarded: set[int] = set()
        self._gate: Bearer | None = None
        try:
            self._gate = Gate()
        except OSError as e:
            self._fall_back(_reason(e))

    def _fall_back(self, refused: str) -> None:
        try:
            table = Table()
        except OSError as e:
            self._lacks = f"{refused}; nftables: {_reason(e)}"
        else:
            self._gate, self.kind = table, "nftables"
            self._lacks = f"no eBPF ({refused}); nftables instead: {table.weakness}"

    @property
    def problem(self) -> str:
        """Why there is none, or what this one cannot do; or empty."""
        return "; ".join(filter(None, (self._failure, self._lacks)))

    def fileno(self) -> int:
        """The file of the deadlines, for the holder; -1 if there is none."""
        return -1 if self._gate is None else self._gate.fileno()

    def bear(self, addresses: Collection[str]) -> bool:
        """Gives a slot, shut, to new addresses and takes others' away; true if that changed any.

        Raises OSError.
        """
        if self._gate is None or self.slots.keys() == set(addresses):
            return False
        try:
            self._change(self._gate, set(addresses))
        except OSError as e:
            self._failure = f"an address is not guarded: {_reason(e)}"
            raise
        self._failure = ""
        return True

    def _change(self, gate: Bearer, addresses: Collection[str]) -> None:
        if old := {a: slot for a, slot in self.slots.items() if a not in addresses}:
            gate.spare(old)
            self.slots = {a: slot for a, slot in self.slots.items() if a not in old}
        free = iter(sorted(set(range(SLOTS)) - set(self.slots.values())))
        if new := {a: next(free) for a in addresses if a not in self.slots}:
            gate.bear(new)
            self.slots |= new

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
        """Lets nothing pass any more. Raises OSError."""
        if self._gate is not None:
            self._gate.shut(self.slots)

    def rest(self) -> None:
        """Guards nothing: no address is left that could answer. Raises OSError."""
        slots, self.slots = self.slots, {}
        if self._gate is not None and slots:
            self._guarded.clear()
            self._gate.clear(slots)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
