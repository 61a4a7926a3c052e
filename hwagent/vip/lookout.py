"""Looks out for other machines that answer for an address held here, and says who they are."""

import math
from collections.abc import Collection
from contextlib import suppress

from hwagent.net.listen import Heard

from .chamber import Chamber
from .kernel import Kernel
from .machine import Machine
from .protocol import Vip
from .rollcall import Rollcall
from .ward import ip

#: Seconds between looks. What was heard waits so long: no flood of theirs wakes this process.
INTERVAL = 0.25
#: Machines in one look about which the kernel is asked: a flood may come from a new one each time.
_ASK_MAX = 4
_STRANGER = "no host of its group"


class Lookout:
    """Listens on the interfaces of a plan, for its addresses."""

    def __init__(self, kernel: Kernel, machine: Machine, chamber: Chamber) -> None:
        self._kernel = kernel
        self._machine = machine
        self._chamber = chamber
        self._rollcall = Rollcall()
        self._at = 0.0
        self._planned = False
        self._lacks: tuple[str, ...] = ()

    def plan(self, vips: Collection[Vip]) -> None:
        """Takes the addresses and their interfaces."""
        wanted: dict[str, set[str]] = {}
        for vip in vips:
            for name in vip.interfaces:
                wanted.setdefault(name, set()).add(ip(vip.address))
        self._planned = bool(wanted)
        self._lacks = ()
        try:
            self._kernel.listen(wanted)
        except OSError as e:
            self._lacks = (f"an ear for who else answers for an address: {e.strerror}",)

    def lacks(self) -> tuple[str, ...]:
        """What keeps it from hearing anybody."""
        return self._lacks

    def due(self) -> float:
        """When to look again; infinite if there is nothing to be heard of."""
        return self._at if self._planned else math.inf

    def look(self, now: float) -> bool:
        """Tells the machine whom it heard, and asks who else is there, if it is time; true if there
        is news."""
        if now < self._at:
            return False
        self._at = now + INTERVAL
        news = self._hear(now)
        for address, macs in self._rollcall.judge(now):
            self._machine.answered(address, macs)
            news = True
        for place in self._rollcall.take(now, self._machine.elsewhere):
            with suppress(OSError):  # an interface that has just gone
                self._kernel.ask(place)
        return news

    def _hear(self, now: float) -> bool:
        known: dict[tuple[str, bytes], str] = {}
        for heard in self._kernel.heard():
            if self._machine.holds(heard.address):
                who = known.get((heard.address, heard.mac)) or self._who(heard, len(known))
                known[heard.address, heard.mac] = who
                self._machine.rival(now, heard.address, heard.mac.hex(":"), who)
            elif heard.answer:
                self._rollcall.heard(heard.address, heard.mac.hex(":"))
        return bool(known)

    def _who(self, heard: Heard, asked: int) -> str:
        """The host of the address's group whose MAC address it is, as far as this host knows it."""
        peers = self._chamber.peers(heard.address) if asked < _ASK_MAX else {}
        for name, addresses in peers.items():
            for address in addresses:
                with suppress(OSError):
                    if self._kernel.neighbour(heard.interface, address) == heard.mac:
                        return f"host {name}"
        return _STRANGER
