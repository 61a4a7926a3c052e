"""The far end of a host's cable: which port of which switch each network card hangs on, and how
that is by the switch's word. Pure.

What a card hears by LLDP names the port; where it hears nobody, the switch says behind which port
it has seen the card's address.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from hwagent.model import Metric, Sample, counter, gauge

_BY = "the switch, by SNMP"
KINDS: dict[str, tuple[Metric, ...]] = {
    "nic": (
        gauge("far_admin_up", "1 if the switch's port is switched on", "", _BY),
        gauge("far_carrier", "1 if the switch says that its port has a link", "", _BY),
        gauge("far_speed_bits_per_second", "speed that the switch's port runs at", "bit/s", _BY),
        counter("far_errors", "packets that the switch's port could not take or send", "", _BY),
    ),
    "bond": (
        gauge("legs_placed", "legs of which it is known what switch they hang on", "", "LLDP"),
        gauge("switches", "different switches that these hang on", "", "LLDP"),
    ),
}
NAMES: dict[str, tuple[str, ...]] = {
    "nic": ("far_port", "far_description", "far_by"),
    "bond": ("leg_switches", "mlag_peers"),
}
_ODD = re.compile(r"[^a-z0-9]+")


class Card(NamedTuple):
    """A network card: the address to look for it by (empty if that says nothing), and the id of the
    port that it hears by LLDP (empty if none)."""

    host: str
    name: str
    address: str
    heard: str


class FarEnd(msgspec.Struct, frozen=True, array_like=True):
    """The port at the other end of a card's cable, and how it is. ``heard`` is what the card heard;
    empty where the switch was asked for its address."""

    port: str
    heard: str = ""
    description: str = ""
    admin_up: int | None = None
    carrier: int | None = None
    speed: int | None = None
    errors: int | None = None

    def metrics(self) -> dict[str, int]:
        """As metrics of the card."""
        found = {
            "far_admin_up": self.admin_up,
            "far_carrier": self.carrier,
            "far_speed_bits_per_second": self.speed,
            "far_errors": self.errors,
        }
        return {name: value for name, value in found.items() if value is not None}

    def attributes(self) -> dict[str, str]:
        """As attributes of the card."""
        how = "LLDP" if self.heard else "its address"
        return {"far_port": self.port, "far_description": self.description, "far_by": how}


class Deck:
    """The cards of a fleet, by what they hear: thousands, of which a switch has a few dozen."""

    def __init__(self, cards: Iterable[Card]) -> None:
        every = list(cards)
        self.hosts = {card.host for card in every}
        self.owners = {card.address: card.host for card in every if card.address}
        self.silent = [card for card in every if card.address and not card.heard]
        self._by_system: dict[str, list[Card]] = {}
        for card in every:
            kind, _, name = card.heard.partition(":")
            if kind == "port":
                self._by_system.setdefault(_plain(name.partition("/")[0]), []).append(card)

    def hearing(self, systems: Iterable[str]) -> list[Card]:
        """The cards that hear a switch which calls itself by one of these names."""
        return [card for name in {*map(_plain, systems)} for card in self._by_system.get(name, ())]


def far_ends(switch: str, samples: Iterable[Sample], deck: Deck) -> dict[tuple[str, str], FarEnd]:
    """The cards that hang on a switch, by host and name, with their ports there."""
    own = list(samples)
    systems = [str(s.attributes.get("system", "")) for s in own if s.kind == "switch"]
    hearing = deck.hearing([switch, *(system.partition(".")[0] for system in systems)])
    seen = any("stations" in s.attributes for s in own)
    if not hearing and not seen:
        return {}
    panel = _Panel(own, deck)
    found = {(c.host, c.name): (c, panel.heard(c)) for c in hearing}
    if seen:
        found |= {(c.host, c.name): (c, panel.behind(c)) for c in deck.silent}
    return {key: _far_end(port, card) for key, (card, port) in found.items() if port is not None}


class _Panel:
    """The ports of one switch, by all that they are called."""

    def __init__(self, samples: Iterable[Sample], deck: Deck) -> None:
        self._deck = deck
        self._ports = [s for s in samples if s.kind == "port" and s.attributes.get("physical") == 1]
        self._by: list[dict[str, list[Sample]]] = []
        for key in ("lldp_id", "name", "description", "mac", "index"):
            by: dict[str, list[Sample]] = {}
            for port in self._ports:
                if text := _plain(str(port.attributes.get(key, ""))):
                    by.setdefault(text, []).append(port)
            self._by.append(by)

    def heard(self, card: Card) -> Sample | None:
        """The port that a card heard, unless another host of ours is heard there now."""
        name = _plain(card.heard.partition("/")[2])
        for by in self._by:
            found = by.get(name, [])
            if len(found) == 1:
                return None if self._other(found[0], card.host) else found[0]
        return None

    def _other(self, port: Sample, host: str) -> bool:
        """Whether another host hangs on a port: the cable was moved since the card heard it."""
        systems = _systems(port)
        return bool(systems & self._deck.hosts) and host not in systems

    def behind(self, card: Card) -> Sample | None:
        """The one port behind which a card was seen: not one that leads to another switch."""
        found = [p for p in self._ports if card.address in p.attributes.get("stations", ())]
        return found[0] if len(found) == 1 and self._is_edge(found[0], card.host) else None

    def _is_edge(self, port: Sample, host: str) -> bool:
        owners = {self._deck.owners.get(mac, host) for mac in port.attributes["stations"]}
        alone = owners == {host} and _systems(port) <= {host}
        return alone and not port.attributes.get("stp_root_port")


def _systems(port: Sample) -> set[str]:
    """The devices that a port hears, by their names without domain."""
    heard = port.attributes.get("neighbours", ())
    return {str(n.get("system", "")).partition(".")[0] for n in heard}


def _far_end(port: Sample, card: Card) -> FarEnd:
    if port.unreadable:
        return FarEnd(port.id, card.heard, _description(port))
    errors = [_whole(port.metrics, name) for name in ("rx_errors", "tx_errors")]
    counted = [number for number in errors if number is not None]
    return FarEnd(
        port.id,
        card.heard,
        _description(port),
        admin_up=_whole(port.metrics, "admin_up"),
        carrier=_whole(port.metrics, "carrier"),
        speed=_whole(port.metrics, "speed_bits_per_second"),
        errors=sum(counted) if counted else None,
    )


def _description(port: Sample) -> str:
    """What people have written at the port, else what the switch calls it."""
    attributes = port.attributes
    return str(attributes.get("alias") or attributes.get("description") or "")[:60]


def _whole(metrics: Mapping[str, object], name: str) -> int | None:
    value = metrics.get(name)
    return int(value) if isinstance(value, int | float) else None


def _plain(text: str) -> str:
    """Names as LLDP, a component's id and SNMP have them in common."""
    return _ODD.sub("_", text.casefold()).strip("_")
