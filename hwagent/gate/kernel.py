"""Loads the gate into the kernel and attaches it. For the root helper: CAP_BPF, or CAP_SYS_ADMIN,
and CAP_NET_ADMIN."""

import ipaddress
import os
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from .deadlines import SLOTS, Deadlines
from .libbpf import EGRESS, INGRESS, Library

#: By these tc(8) shows the gate's filters, and a later gate takes their place.
HANDLE, PRIORITY = 0x6877, 1
_PROGRAMS = {INGRESS: "hwagent_in", EGRESS: "hwagent_out"}


class Gate:
    """One gate: all slots shut, attached nowhere. Raises OSError if this kernel cannot bear it.

    What is attached stays in the kernel whatever becomes of the process: a gate left behind goes on
    silencing the addresses whose deadlines have passed. ``weakness`` is what it cannot do.
    """

    weakness = ""

    def __init__(self) -> None:
        self._library = Library()
        self._object = self._library.open(str(Path(__file__).with_name("gate.bpf.o")))
        self._programs = {p: self._library.program(self._object, n) for p, n in _PROGRAMS.items()}
        self._vips = self._library.map(self._object, "vips")
        self.deadlines = Deadlines(os.dup(self._library.map(self._object, "deadlines")))

    def fileno(self) -> int:
        """The file of the deadlines, for the holder."""
        return self.deadlines.fd

    def bear(self, slots: Mapping[str, int]) -> None:
        """Makes addresses (without prefix length) obey a slot's deadline each. Raises OSError."""
        for address, slot in slots.items():
            if not 0 <= slot < SLOTS:
                raise ValueError(f"slot {slot} is not within 0 to {SLOTS - 1}")
            self._library.update(self._vips, key(address), struct.pack("=I", slot))

    def spare(self, slots: Mapping[str, int]) -> None:
        """Leaves addresses alone from now on; those that were not borne may be named."""
        for address, slot in slots.items():
            with suppress(FileNotFoundError):
                self._library.delete(self._vips, key(address))
            self.deadlines.shut(slot)

    def shut(self, slots: Mapping[str, int]) -> None:
        """Lets nothing pass any more."""
        for slot in slots.values():
            self.deadlines.shut(slot)

    def clear(self, slots: Mapping[str, int]) -> None:
        """Spares all: there is nothing to be guarded."""
        self.spare(slots)

    def attach(self, number: int) -> None:
        """Guards an interface, by its index, in both directions. Raises OSError."""
        for point, program in self._programs.items():
            self._library.attach(number, point, program, HANDLE, PRIORITY)

    def detach(self, number: int) -> None:
        """Guards an interface no more. Raises OSError."""
        for point in self._programs:
            self._library.detach(number, point, HANDLE, PRIORITY)

    def close(self) -> None:
        """Gives the files back; what is attached stays attached and goes on by its deadlines."""
        self.deadlines.close()
        os.close(self.deadlines.fd)
        self._library.close(self._object)


def key(address: str) -> bytes:
    """An address as the gate's map knows it: 16 bytes, IPv4 mapped. Raises ValueError."""
    parsed = ipaddress.ip_address(address)
    return parsed.packed if parsed.version == 6 else bytes(10) + b"\xff\xff" + parsed.packed
