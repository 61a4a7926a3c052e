"""The holder's side of the gate: which slot each address has, and until when it is open."""

import os
from collections.abc import Iterable, Mapping

from hwagent.gate import Deadlines


class Slots:
    """The mapping that the guardian handed over, or none yet."""

    def __init__(self) -> None:
        self._deadlines: Deadlines | None = None
        self._slots: dict[str, int] = {}
        self._until: dict[str, int] = {}

    @property
    def there(self) -> bool:
        """Whether there is a gate."""
        return self._deadlines is not None

    def adopt(self, fd: int, slots: Mapping[str, int]) -> None:
        """Takes a gate's mapping and its slots by IP address; what was open stays so.

        Raises OSError or ValueError for a file that is no such mapping; it is closed then.
        """
        try:
            deadlines = Deadlines(fd)
        except (OSError, ValueError):
            os.close(fd)
            raise
        self.forget()
        self._deadlines = deadlines
        self.assign(slots)

    def assign(self, slots: Mapping[str, int]) -> None:
        """Takes the slots of a gate that is there already."""
        self._slots = dict(slots)
        for address, until in self._until.items():
            self._write(address, until)

    def open_until(self, addresses: Iterable[str], deadline: float) -> None:
        """Lets packets pass until a time of CLOCK_BOOTTIME in seconds; 0 shuts the gate."""
        until = max(0, int(deadline * 1e9))
        for address in addresses:
            self._until[address] = until
            self._write(address, until)

    def forget(self) -> None:
        """Gives the mapping back: the guardian is gone, and the gate goes on by its deadlines."""
        if self._deadlines is not None:
            self._deadlines.close()
            os.close(self._deadlines.fd)
        self._deadlines, self._slots = None, {}

    def _write(self, address: str, until: int) -> None:
        slot = self._slots.get(address)
        if slot is not None and self._deadlines is not None:
            self._deadlines.open_until(slot, until)
