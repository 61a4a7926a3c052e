"""The holder's hands and eyes: addresses, links, carrier and announcements of this host."""

from collections.abc import Collection, Iterator, Mapping

from hwagent.net.announce import ETHERNET, Announcer
from hwagent.net.listen import Ear, Heard
from hwagent.net.rtnetlink import Address, Events, Link, Netlink

from .carrier import Carriers
from .effects import AddAddress, DelAddress, Effect, Place
from .ward import ip

#: Reads of the event socket in one turn; the rest waits for the next.
_READS = 64


class Changes:
    """What one look at the events found: addresses, and links that are not what they were.

    ``links``: one was told of, or may have been among what was ``lost``.
    """

    def __init__(self) -> None:
        self.moved: set[str] = set()
        self.addresses: list[Address] = []
        self.lost = False
        self.links = False


class Kernel:
    """The kernel's network of this namespace. Everything raises OSError."""

    def __init__(self, link_events: bool) -> None:
        self._requests = Netlink()
        self._link_events = link_events
        self._events = Events(link_events)
        self._announcer = Announcer()
        self._carriers = Carriers()
        self._links: dict[str, Link] = {}
        self._names: dict[int, str] = {}
        self._stacks: dict[str, list[str]] = {}
        self._wanted: dict[str, frozenset[str]] = {}
        self._ear = Ear()
        self._parents: dict[str, str] = {}
        self.refused: set[Place] = set()
        self._dump()

    def fileno(self) -> int:
        """File descriptor of the events."""
        return self._events.fileno()

    def watch(self, names: Collection[str]) -> None:
        """Watches the carrier of these interfaces, and of those that they stand on."""
        self._stacks = {name: [] for name in names}
        self._arrange()

    def virtual(self, parents: Mapping[str, str]) -> None:
        """Takes links that are off but while they bear their address, and what they stand on."""
        self._parents = dict(parents)

    def refresh(self) -> None:
        """Looks for interfaces that were not there before."""
        if self._carriers.missing() or not self._link_events:
            self._dump()
            self._carriers.open()

    def listen(self, wanted: Mapping[str, Collection[str]]) -> None:
        """Listens on interfaces for others who say that one of these IP addresses is theirs."""
        self._wanted = {name: frozenset(addresses) for name, addresses in wanted.items()}
        self._ear.listen({address for found in self._wanted.values() for address in found})

    def heard(self) -> Iterator[Heard]:
        """Who said so since the last call, but for this host itself."""
        own = {link.mac for link in self._links.values()}
        for heard in self._ear.heard():
            if heard.mac not in own and heard.address in self._wanted.get(heard.interface, ()):
                yield heard

    def ask(self, place: Place) -> None:
        """Asks the wire who has an address; only Ethernet has neighbours that answer."""
        link = self._links.get(place.interface)
        if link is not None and link.kind == ETHERNET:
            self._announcer.ask(place.interface, ip(place.address), link.mac)

    def neighbour(self, interface: str, address: str) -> bytes:
        """The MAC address of a neighbour; empty if this host does not know it."""
        return self._requests.neighbour(interface, address)

    def still(self) -> bool:
        """Whether all carriers are as they were at the last look."""
        return self._carriers.still()

    def look(self) -> set[str] | None:
        """Reads all carriers: watched interfaces that had a change; None if nothing is new."""
        changed = self._carriers.read(self._links)
        if not changed:
            return changed
        return {name for name, stack in self._stacks.items() if not changed.isdisjoint(stack)}

    def carriers(self) -> dict[str, bool]:
        """Which of the watched interfaces were on and had carrier at the last look."""
        return {
            name: all(map(self._carriers.up, stack))
            and (name not in self._parents or name in self._links)
            for name, stack in self._stacks.items()
        }

    def missing(self) -> list[str]:
        """Watched interfaces whose carrier is known by events only, or not at all."""
        return self._carriers.missing()

    def changes(self) -> Changes:
        """What the kernel told since the last call."""
        found = Changes()
        for _ in range(_READS):
            items = self._events.read()
            if items is None:
                found.lost = found.links = True
                self._dump()
            elif not items:
                break
            for item in items or ():
                if isinstance(item, Address):
                    found.addresses.append(item)
                else:
                    found.links = True
                    if self._take(item):
                        found.moved.add(item.name)
        return found

    def addresses(self) -> dict[Place, bool]:
        """All addresses and whether they bear our tag; those in ``refused`` do not work."""
        self.refused = set()
        return dict(self._places())

    def perform(self, effect: Effect) -> None:
        """Does what the machine decided; only Ethernet has neighbours to announce to."""
        interface, address = effect.place
        if isinstance(effect, AddAddress):
            if interface in self._parents:
                self._requests.set_up(interface, True)
            self._requests.add_address(interface, address)
        elif isinstance(effect, DelAddress):
            if interface in self._parents:  # first, or the farewell to its groups leaves from there
                self._requests.set_up(interface, False)
            self._requests.delete_address(interface, address)
        elif (link := self._links.get(interface)) is not None and link.kind == ETHERNET:
            self._announcer.send(interface, address, link.mac)

    def _places(self) -> Iterator[tuple[Place, bool]]:
        found = self._requests.addresses()
        if any(item.number not in self._names for item in found):
            self._dump()
        for item in found:
            if item.number in self._names:
                place = Place(self._names[item.number], item.address)
                if item.refused and item.tagged:
                    self.refused.add(place)
                yield place, item.tagged

    def _dump(self) -> None:
        before = self._names
        links = self._requests.links()
        self._links = {link.name: link for link in links}
        self._names = {link.number: link.name for link in links}
        for _, name in self._names.items() ^ before.items():
            self._carriers.reopen(name)
        self._arrange()

    def _arrange(self) -> None:
        """Notes what each watched interface stands on now, and readies it for addresses."""
        self._stacks = {name: self._stack(name) for name in self._stacks}
        self._carriers.watch({name for stack in self._stacks.values() for name in stack})
        self._carriers.open()
        for name in self._stacks:
            keep_neighbours(name)

    def _stack(self, name: str) -> list[str]:
        """An interface and those below it. A VLAN learns of its NIC's carrier by a late event."""
        stack = [self._parents.get(name, name)]
        while (link := self._links.get(stack[-1])) is not None:
            below = self._names.get(link.below)
            if below is None or below in stack:  # the ends of a veth pair stand on each other
                break
            stack.append(below)
        return stack

    def _take(self, link: Link) -> bool:
        """Notes a link's news; true if it is another device or has another MAC address now."""
        name = self._names.pop(link.number, "")
        before = self._links.pop(name, None)
        if not link.gone:
            self._names[link.number] = link.name
            self._links[link.name] = link
        if before is None or link.gone or name != link.name:
            self._carriers.reopen(name)
            self._carriers.reopen(link.name)
            self._arrange()
            return True
        if link.below != before.below:
            self._arrange()
        return link.mac != before.mac


def keep_neighbours(interface: str) -> None:
    """Has the kernel keep the other addresses of a subnet when its first one goes.

    Without promote_secondaries (ip-sysctl) it takes all of them away together with the first, which
    may be ours. Best effort: without the right to write it, it is as the administrator set it.
    """
    try:
        with open(f"/proc/sys/net/ipv4/conf/{interface}/promote_secondaries", "wb", 0) as file:
            file.write(b"1")
    except OSError:
        return
