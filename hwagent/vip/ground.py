"""What is there: carrier and addresses of this host, and what its kernel would not do. Pure.

Addresses that are ours are those with our tag, and those that were set here and stayed since,
whatever became of the tag.
"""

import math
from collections.abc import Collection, Iterable, Mapping

from .effects import Place
from .ward import ip

#: Seconds after a flap of the link or a stall of ours in which a missing address is nobody's fault.
FORGIVING = 1.0


class Ground:
    """As the kernel has shown it last, with what was done to it since."""

    def __init__(self) -> None:
        #: Which interfaces are on and have carrier.
        self.up: Mapping[str, bool] = {}
        #: Interfaces whose port passes nothing though it has carrier.
        self.muted: set[str] = set()
        #: All addresses, and whether they are ours.
        self.present: dict[Place, bool] = {}
        self._others: dict[str, list[Place]] = {}
        self._refused: set[Place] = set()
        self._stuck: dict[Place, float] = {}
        self._forgiven: dict[str, float] = {}
        self._stalled_until = -math.inf

    # What the kernel shows

    def addresses(self, present: Mapping[Place, bool], refused: Collection[Place]) -> bool:
        """Takes all addresses, whether they bear our tag, and which answer to nobody; true if that
        is news."""
        before, self._refused = self.present, set(refused)
        self.present = {p: tag or before.get(p, False) for p, tag in present.items()}
        self._stuck = {p: until for p, until in self._stuck.items() if p in present}
        self._others = {}
        for place, ours in self.present.items():
            if not ours:
                self._others.setdefault(ip(place.address), []).append(place)
        return bool(refused) or self.present != before

    def mute(self, addresses: Iterable[str]) -> bool:
        """Takes own addresses of this host (without prefix length) whose ports pass nothing; true
        if that is news."""
        wanted, before = set(addresses), self.muted
        self.muted = {p.interface for p in self.present if ip(p.address) in wanted}
        return self.muted != before

    def flapped(self, now: float, interface: str) -> None:
        """An interface lost carrier and has it again."""
        self._forgiven[interface] = now + FORGIVING

    def stalled(self, now: float) -> None:
        """The holder itself stood still."""
        self._stalled_until = now + FORGIVING

    # What was done

    def added(self, place: Place) -> None:
        """An address of ours is there."""
        self.present[place] = True

    def removed(self, place: Place) -> None:
        """An address is not there any more."""
        self.present.pop(place, None)

    def stuck(self, place: Place, until: float) -> bool:
        """An address of ours could not be taken away, and is left until then; true if that was
        known."""
        self.present[place] = True
        known, self._stuck[place] = place in self._stuck, until
        return known

    # What follows

    def excuses(self, now: float, interface: str) -> bool:
        """Whether it is nobody's fault if an address is missing there."""
        return now < max(self._stalled_until, self._forgiven.get(interface, -math.inf))

    def foreign(self, address: str, interfaces: Collection[str]) -> str:
        """The one of some interfaces on which somebody else set an IP address, or nothing."""
        there = (place.interface for place in self._others.get(address, ()))
        return next((name for name in there if name in interfaces), "")

    def choose(self, address: str, interface: str, usable: list[str]) -> str:
        """The interface where an address is, if that is usable; else the first that is."""
        usable = [name for name in usable if name not in self.muted] or usable
        if interface in usable:
            return interface
        there = (name for name in usable if self.present.get(Place(name, address)))
        return next(there, usable[0])

    def surplus(self, now: float, targets: Collection[Place]) -> list[Place]:
        """Addresses of ours that are there and should not be, but those that are stuck for now."""
        there = [p for p, ours in self.present.items() if ours and p not in targets]
        return [p for p in there if now >= self._stuck.get(p, -math.inf)]

    def missing(self, targets: Iterable[Place]) -> list[Place]:
        """Addresses that should be there and are not."""
        return [p for p in targets if p not in self.present]

    def take_refused(self, targets: Iterable[Place]) -> list[Place]:
        """Addresses that failed duplicate address detection and should be there; told once."""
        found = [p for p in targets if p in self._refused]
        self._refused.difference_update(found)
        return found

    def later(self) -> Iterable[float]:
        """When what is stuck may be tried again."""
        return self._stuck.values()
