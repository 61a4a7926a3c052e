"""Which port of which switch each network card of this host hangs on, and when one loses its link.
Pure."""

from collections.abc import Mapping

from hwagent.collect.bond_legs import ACTIVE_LEG_MODES
from hwagent.snmp.far import Card
from hwagent.topology.discover import links_heard

from .inventory import Joined
from .judge import component

#: Drivers of cards that a hypervisor makes up: their address is seen behind its own card.
_MADE_UP = frozenset({"virtio_net", "vmxnet3", "hv_netvsc", "xen_netfront", "ena", "gve", "veth"})


#: Seconds after a link has come back in which what is heard may be older: LLDP keeps it for 120.
SETTLES = 180.0


class Cards:
    """The cards and bonds of a host. The far ends of cards are remembered from when they had a
    link: without one they hear nobody. A link that was lost and comes back may be to another port:
    it counts for nothing until that is heard."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._far: dict[str, str] = {}
        self._up: set[str] = set()
        #: Cards that have lost their link, and since when they have one again and must be heard.
        self._fallen: set[str] = set()
        self._back: dict[str, float] = {}
        self._cards: dict[str, Joined] = {}
        self._bonds: dict[str, Joined] = {}

    def take(self, now: float, one: Joined) -> str:
        """Takes a card or bond as it is now; returns the port at the other end of a card that has
        just lost its link, if that is known, else nothing."""
        if one.kind == "bond":
            _keep(self._bonds, one)
        elif one.kind == "nic":
            _keep(self._cards, one)
            return self._lost(now, one)
        return ""

    def _lost(self, now: float, card: Joined) -> str:
        heard = links_heard((component(card, []),))
        self._far |= heard
        name = card.id.partition(":")[2]
        if card.metrics.get("carrier") == 1:
            self._up.add(name)
            self._returned(now, name, bool(heard))
        elif card.metrics.get("carrier") == 0 and name in self._up:
            self._up.discard(name)
            self._fallen.add(name)
            far = str(card.attributes.get("far_port") or self._far.get(name, ""))
            return far if far.startswith("port:") and card.metrics.get("admin_up") != 0 else ""
        return ""

    def _returned(self, now: float, name: str, heard: bool) -> None:
        if name in self._fallen:
            self._fallen.discard(name)
            self._back[name] = now
        elif heard and now - self._back.get(name, now) >= SETTLES:
            del self._back[name]

    def knows(self, id: str) -> bool:
        """Whether a card or bond is there."""
        kind, _, name = id.partition(":")
        return name in (self._bonds if kind == "bond" else self._cards)

    def told(self) -> list[Card]:
        """The cards that are hardware and switched on, by name."""
        active = {str(b.metrics.get("active_leg")) for b in self._bonds.values() if _one_leg(b)}
        found = []
        for name, card in sorted(self._cards.items()):
            plain = card.attributes.get("bus") and not card.attributes.get("virtual_function")
            if plain and card.metrics.get("admin_up") != 0:
                address = _address(card, name in active)
                heard = "" if name in self._back else self._far.get(name, "")
                found.append(Card(self._host, name, address, heard))
        return found

    def bonds(self) -> Mapping[str, Joined]:
        """The bonds, by name."""
        return self._bonds


def _keep(known: dict[str, Joined], one: Joined) -> None:
    """Keeps what is there by more than the word of its far end, which would outlive it."""
    name = one.id.partition(":")[2]
    if one.vanished or not ("admin_up" in one.metrics or "admin_up" in one.problems):
        known.pop(name, None)
    else:
        known[name] = one


def _one_leg(bond: Joined) -> bool:
    return bond.metrics.get("mode") in ACTIVE_LEG_MODES


def _address(card: Joined, active: bool) -> str:
    """The address that a switch sees the card by. Legs of a bond have that of the bond: it says
    where a leg is only if no other one sends."""
    attributes = card.attributes
    if attributes.get("driver") in _MADE_UP or (attributes.get("bond") and not active):
        return ""
    return str(attributes.get("address", "")).lower()
