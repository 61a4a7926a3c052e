"""The holder's side of the gate: which addresses it obeys, and until when each is open."""

import os
import select
from collections.abc import Collection, Iterable, Mapping

from hwagent.gate import Deadlines
from hwagent.gate.tickets import Tickets


class _Batch:
    """Addresses that are opened together: their slots, and the deadline of all."""

    def __init__(self, addresses: Iterable[str], slots: Mapping[str, int]) -> None:
        self.addresses = frozenset(addresses)
        self.slots = sorted(slots[a] for a in self.addresses if a in slots)
        self.until = 0


class Slots:
    """What the guardian handed over: a mapping, word of a gate of nftables, or nothing yet."""

    def __init__(self, poll: select.epoll) -> None:
        self._poll = poll
        self._deadlines: Deadlines | None = None
        self._tickets: Tickets | None = None
        self._slots: dict[str, int] = {}
        self._until: dict[str, int] = {}
        self._batches: dict[tuple[str, ...], _Batch] = {}

    @property
    def there(self) -> bool:
        """Whether there is a gate."""
        return self._deadlines is not None or self._tickets is not None

    def lacks(self) -> tuple[str, ...]:
        """Why the gate cannot be opened just now, if so."""
        problem = "" if self._tickets is None else self._tickets.problem
        return (problem,) if problem else ()

    def adopt(self, fd: int, slots: Mapping[str, int]) -> None:
        """Takes a gate's mapping and its slots by IP address; what was open stays so.

        Raises OSError or ValueError for a file that is no such mapping; it is closed then.
        """
        try:
            deadlines = Deadlines(fd)
        except (OSError, ValueError):
            os.close(fd)
            raise
        self._forget()
        self._deadlines = deadlines
        self.assign(slots)

    def adopt_tickets(self, addresses: Mapping[str, int]) -> None:
        """Takes a gate of nftables, and the addresses that obey it. Raises OSError."""
        if self._tickets is None:
            tickets = Tickets()
            self._forget()
            self._tickets = tickets
            self._poll.register(tickets, select.EPOLLIN)
        self.assign(addresses)

    def assign(self, slots: Mapping[str, int]) -> None:
        """Takes the slots of a gate that is there already."""
        for key in list(self._batches):
            self._part(key)
        self._slots = dict(slots)
        for address, until in self._until.items():
            self._write(address, until)

    def serve(self, number: int) -> bool:
        """Takes what has come in on a file descriptor, if it is the gate's."""
        if self._tickets is None or number != self._tickets.fileno():
            return False
        self._tickets.receive()
        return True

    def open_until(self, addresses: tuple[str, ...], deadline: float) -> None:
        """Lets packets pass until a time of CLOCK_BOOTTIME in seconds; 0 shuts the gate."""
        until = max(0, int(deadline * 1e9))
        if self._deadlines is not None and len(addresses) > 1:
            return self._open_batch(self._deadlines, addresses, until)
        self._part(addresses)
        for address in addresses:
            self._until[address] = until
            self._write(address, until)
        return None

    def _open_batch(self, gate: Deadlines, addresses: tuple[str, ...], until: int) -> None:
        """A thousand, ten times a second, and nearly always the same ones."""
        batch = self._batches.get(addresses)
        if batch is None:
            self._part(addresses)
            batch = self._batches[addresses] = _Batch(addresses, self._slots)
        batch.until = until
        gate.open_all_until(batch.slots, until)

    def _part(self, addresses: Collection[str]) -> None:
        """Ends the batches that have one of these: it is to have a deadline of its own."""
        for key, batch in list(self._batches.items()):
            if not batch.addresses.isdisjoint(addresses):
                self._until |= dict.fromkeys(key, batch.until)
                del self._batches[key]

    def _forget(self) -> None:
        """Gives what there was back: the gate goes on by its deadlines."""
        if self._deadlines is not None:
            self._deadlines.close()
            os.close(self._deadlines.fd)
        if self._tickets is not None:
            self._poll.unregister(self._tickets)
            self._tickets.close()
        self._deadlines, self._tickets, self._slots = None, None, {}

    def _write(self, address: str, until: int) -> None:
        slot = self._slots.get(address)
        if slot is None:
            return
        if self._deadlines is not None:
            self._deadlines.open_until(slot, until)
        elif self._tickets is not None:
            self._tickets.open_until(address, until)
