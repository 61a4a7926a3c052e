"""The deadlines of the gate, as memory that the kernel's program reads for every packet.

A renewal is one aligned store of eight bytes: no system call, no capability. Times are nanoseconds
of CLOCK_BOOTTIME, which goes on while the host is suspended.
"""

import mmap
import time
from collections.abc import Iterable

#: Addresses that one gate can bear; SLOTS in gate.bpf.c.
SLOTS = 4096


class Deadlines:
    """The mapping of the array map ``deadlines``; ``fd`` is its file, which may be passed on.

    Raises OSError if it cannot be mapped.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._map = mmap.mmap(fd, SLOTS * 8)
        self._slots = memoryview(self._map).cast("Q")

    def open_until(self, slot: int, deadline: int) -> None:
        """Lets packets of a slot pass until a nanosecond of CLOCK_BOOTTIME."""
        self._slots[slot] = deadline

    def open_all_until(self, slots: Iterable[int], deadline: int) -> None:
        """The same for many slots, one store each."""
        words = self._slots
        for slot in slots:
            words[slot] = deadline

    def shut(self, slot: int) -> None:
        """Lets no packet of a slot pass from now on."""
        self._slots[slot] = 0

    def close(self) -> None:
        """Ends the mapping; the deadlines stay as they are."""
        self._slots.release()
        self._map.close()


def boot_ns() -> int:
    """Now, as the gate tells time."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
