"""What the switches say of the other ends of this host's cables, and of other hosts'. Pure.

Hosts tell by gossip which cards they have and what these hear; whoever polls a switch tells each
host of the ports that its cards hang on. So both ends of a cable are compared where the card is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from hwagent.cluster.messages import Value
from hwagent.model import Sample
from hwagent.snmp.far import Card, Deck, FarEnd, far_ends

from .cards import Cards
from .inventory import Job, Joined

JOB: Job = ("far", "")
#: Bytes of one gossiped value, and how many of them one host tells of its cards.
PIECE, PIECES_MAX = 900, 4
#: Hosts that are told of their ports, and addresses that switches are asked for.
HOSTS_MAX, ADDRESSES_MAX = 200, 200
#: Keys of a host's status: of its cards, and of another host's ports.
CARDS, FAR = "cards:", "far:"
_ADDRESS = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
Members = Sequence[tuple[str, bool, Mapping[str, Value]]]
#: By name of the card, its address and what it hears.
_Cards = dict[str, tuple[str, str]]
_cards = msgspec.json.Decoder(_Cards)
_ends = msgspec.json.Decoder(dict[str, FarEnd])


class FarEnds:
    """One host's part in it. ``cards`` are its own."""

    def __init__(self, me: str, cards: Cards) -> None:
        self._me = me
        self._own = cards
        #: By switch that is polled here, all that it is made of.
        self._polled: dict[str, list[Sample]] = {}
        #: Of those switches, the far ends of all cards of the fleet, by host.
        self._told: dict[str, dict[str, FarEnd]] = {}
        #: Keys of this host's gossiped status.
        self.values: dict[str, Value] = {}

    def polled(self, switch: str, samples: Iterable[Sample]) -> None:
        """Takes what this host has read of a switch."""
        self._polled[switch] = [s for s in samples if s.kind in ("switch", "port")]

    def dropped(self, switch: str) -> None:
        """A switch is not polled here any more, or does not answer: its ports are not known."""
        self._polled.pop(switch, None)

    def look(self, members: Members, watched: bool) -> list[str]:
        """Works out what the cards of the fleet hang on here; returns the addresses that switches
        are to be asked for: of cards that hear nobody. Where no switch is ``watched`` nobody needs
        to know of this host's cards."""
        own = self._own.told()
        cards = [*own, *_cards_of(members)] if self._polled else []
        deck = Deck(cards)
        self._told = self._agreed(deck)
        self.values = _values(self._me, self._told, own if watched else ())
        addresses = {c.address for c in deck.silent if _ADDRESS.fullmatch(c.address)}
        return sorted(addresses)[:ADDRESSES_MAX]

    def _agreed(self, deck: Deck) -> dict[str, dict[str, FarEnd]]:
        """The far ends of cards, by host; of a card that two switches see behind a port, none."""
        seen: dict[tuple[str, str], list[FarEnd]] = {}
        for switch, samples in self._polled.items():
            for key, end in far_ends(switch, samples, deck).items():
                seen.setdefault(key, []).append(end)
        found: dict[str, dict[str, FarEnd]] = {}
        for (host, name), ends in seen.items():
            if len(ends) == 1:
                found.setdefault(host, {})[name] = ends[0]
        return found

    def samples(self, members: Members) -> list[Sample]:
        """The far ends of this host's cards, and what follows from them for its bonds."""
        ends = self._mine(members)
        cards = {c.name: c for c in self._own.told()}
        found = {n: e for n, e in ends.items() if n in cards and e.heard == cards[n].heard}
        places = {n: c.heard for n, c in cards.items() if c.heard}
        places |= {name: end.port for name, end in found.items()}
        return [
            *(_card(name, end) for name, end in sorted(found.items())),
            *(_bond(bond, places) for bond in self._own.bonds().values()),
        ]

    def _mine(self, members: Members) -> dict[str, FarEnd]:
        """What all that poll say of this host's cards. Two that each see a card behind a port of
        theirs contradict each other: that is told by none."""
        said: dict[str, list[FarEnd]] = {}
        texts = [v.get(f"{FAR}{self._me}") for _, alive, v in members if alive]
        for ends in (self._told.get(self._me, {}), *map(_read_ends, texts)):
            for name, end in ends.items():
                if end.port.startswith("port:"):
                    said.setdefault(name, []).append(end)
        return {name: ends[0] for name, ends in said.items() if len({e.port for e in ends}) == 1}


def _values(
    me: str, told: Mapping[str, Mapping[str, FarEnd]], own: Iterable[Card]
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for host in sorted(told.keys() - {me})[:HOSTS_MAX]:
        found |= _piece(f"{FAR}{host}", told[host])
    return found | _pieces(CARDS, {c.name: (c.address, c.heard) for c in own})


def _cards_of(members: Members) -> Iterator[Card]:
    for host, alive, values in members:
        for number in range(PIECES_MAX if alive else 0):
            text = values.get(f"{CARDS}{number}")
            if not isinstance(text, str):
                break
            for name, (address, heard) in _read_cards(text).items():
                yield Card(host, name, address, heard)


def _read_cards(text: str) -> _Cards:
    try:
        return _cards.decode(text)
    except msgspec.DecodeError:
        return {}


def _read_ends(text: Value) -> dict[str, FarEnd]:
    try:
        return _ends.decode(text) if isinstance(text, str) else {}
    except msgspec.DecodeError:
        return {}


def _piece(key: str, ends: Mapping[str, FarEnd]) -> dict[str, Value]:
    """As many cards as fit into one value."""
    told = dict(sorted(ends.items()))
    while told and len(text := msgspec.json.encode(told)) > PIECE:
        told.popitem()
    return {key: text.decode()} if told else {}


def _pieces(key: str, cards: _Cards) -> dict[str, Value]:
    """Cards as several values, each complete by itself."""
    parts: list[_Cards] = [{}]
    for name, card in cards.items():
        if len(msgspec.json.encode({**parts[-1], name: card})) > PIECE:
            parts.append({})
        parts[-1][name] = card
    told = [msgspec.json.encode(part).decode() for part in parts[:PIECES_MAX] if part]
    return {f"{key}{number}": text for number, text in enumerate(told) if len(text) <= PIECE}


def _card(name: str, end: FarEnd) -> Sample:
    """A sample; its metrics are of any number, as those of a look at the card itself."""
    return Sample(
        id=f"nic:{name}", kind="nic", attributes=end.attributes(), metrics={**end.metrics()}
    )


def _bond(bond: Joined, places: Mapping[str, str]) -> Sample:
    """The switches that a bond's legs hang on. Two in whose ports LACP finds one partner are a pair
    of MLAG: to LACP, ports of two switches that are none have two partners."""
    legs = [str(leg).partition(":")[2] for leg in bond.attributes.get("legs", ())]
    found = [_switch(places[leg]) for leg in legs if leg in places]
    switches = sorted(set(found))
    metrics = bond.metrics
    one = metrics.get("aggregators") == 1 and metrics.get("legs_up") == len(legs) == len(found)
    pair = metrics.get("mode") == "802.3ad" and one and metrics.get("partner_missing") != 1
    return Sample(
        id=bond.id,
        kind="bond",
        attributes={
            "leg_switches": ", ".join(switches),
            "mlag_peers": ", ".join(switches) if pair and len(switches) > 1 else "",
        },
        metrics={"legs_placed": len(found), "switches": len(switches)},
    )


def _switch(far: str) -> str:
    return far.partition(":")[2].partition("/")[0]
