"""One host or switch as nodes of the graph, from what was said or found out about it. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hwagent.config.topology import Machine

from .graph import Need, Node, need


@dataclass
class Found:
    """What a host or switch is made of, by the names that its components have on it.

    ``links`` are the far ends of network cards, ids of the fleet; ``needs`` what else its
    components need, by id on the host (``disk:sda``); ``vital`` the components without which the
    host does not work; ``uplinks`` those of which one must work.
    """

    psus: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    needs: dict[str, list[Need]] = field(default_factory=dict)
    vital: list[str] = field(default_factory=list)
    uplinks: list[str] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    facts: dict[str, dict[str, str]] = field(default_factory=dict)


def described(machine: Machine) -> Found:
    """What the configuration says of a host that no agent has looked at."""
    found = Found()
    for bond, legs in machine.bonds.items():
        found.needs[f"bond:{bond}"] = [need(1, [f"nic:{leg}" for leg in legs])]
    bonded = {leg for legs in machine.bonds.values() for leg in legs}
    found.uplinks = [f"bond:{b}" for b in machine.bonds]
    found.uplinks += [f"nic:{n}" for n in machine.nics if n not in bonded]
    for array, disks in machine.arrays.items():
        found.needs[f"array:{array}"] = [need(1, [f"disk:{disk}" for disk in disks])]
    found.vital = [f"array:{a}" for a in machine.arrays] + [f"disk:{d}" for d in machine.disks]
    return found


def host_nodes(host: str, machine: Machine, found: Found) -> Iterator[Node]:
    """The host, what it is made of, and what that hangs on outside."""

    def own(id: str) -> str:
        return owned(host, id)

    psus = supplies(machine.psus, found.psus)
    needs = [need(machine.psus_needed, [own(f"psu:{p}") for p in psus])] if psus else []
    needs += [need(1, [own(id)]) for id in found.vital]
    needs += [need(1, map(own, found.uplinks))] if found.uplinks else []
    needs += [need(1, [f"rack:{machine.rack}"])] if machine.rack else []
    below: dict[str, list[Need]] = {f"host:{host}": needs}
    for psu, feed in psus.items():
        below[own(f"psu:{psu}")] = _one(f"feed:{feed}") if feed else []
    links = {nic: far_end(text) for nic, text in machine.nics.items()} | found.links
    for nic, far in links.items():
        below[own(f"nic:{nic}")] = _one(far)
    for id, more in found.needs.items():
        mine = [need(n.least, map(own, n.of)) for n in more]
        below[own(id)] = below.get(own(id), []) + mine
    states = {own(id): state for id, state in found.states.items()}
    facts = {own(id): known for id, known in found.facts.items()}
    yield from _nodes(below, states, facts)
    yield from ports(links.values())


def switch_nodes(
    switch: str,
    machine: Machine,
    psus: Iterable[str] = (),
    heard: Iterable[str] = (),
    firmware: str = "",
) -> Iterator[Node]:
    """A switch, its power supplies, and what these hang on. ``heard`` are far ends of its uplinks,
    which count where none are declared."""
    feeds = supplies(machine.psus, list(psus))
    ids = [owned(switch, f"psu:{p}") for p in feeds]
    needs = [need(machine.psus_needed, ids)] if ids else []
    needs += [need(1, [f"rack:{machine.rack}"])] if machine.rack else []
    ends = [far_end(u) for u in machine.uplinks] or list(heard)
    needs += [need(1, ends)] if ends else []
    below = {f"switch:{switch}": needs}
    for id, feed in zip(ids, feeds.values()):
        below[id] = _one(f"feed:{feed}") if feed else []
    yield from _nodes(below, {}, {f"switch:{switch}": {"firmware": firmware}} if firmware else {})
    yield from ports(ends)


def supplies(declared: Mapping[str, str], found: Sequence[str]) -> dict[str, str]:
    """Power supplies and the feed of each, empty if it is not known. One that is declared as
    ``PSU1`` is the one that was found as ``bmc/PSU_1``, or as ``PS1_Status``: the only one with
    that name, or that number."""
    feeds = {_called(name, found): feed for name, feed in declared.items()}
    return {**feeds, **{name: feeds.get(name, "") for name in found}}


def _called(declared: str, found: Sequence[str]) -> str:
    for plain in (str, _letters, _digits):
        alike = [name for name in found if plain(declared) and plain(name) == plain(declared)]
        if len(alike) == 1:
            return alike[0]
    return declared


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.rpartition("/")[2].casefold())


def _digits(name: str) -> str:
    return re.sub(r"[^0-9]", "", name.rpartition("/")[2])


def ports(ends: Iterable[str]) -> Iterator[Node]:
    """The ports among far ends, each of its switch."""
    for end in dict.fromkeys(ends):
        kind, _, name = end.partition(":")
        if kind == "port":
            yield Node(id=end, needs=tuple(_one(f"switch:{name.partition('/')[0]}")))


def far_end(text: str) -> str:
    """``sw1`` or ``sw1/Ethernet7`` as the id of a switch or of a port."""
    return f"port:{text}" if "/" in text else f"switch:{text}"


def owned(owner: str, id: str) -> str:
    """The id in the fleet of a component of a host or switch: ``disk:db1/sda``."""
    kind, _, name = id.partition(":")
    return f"{kind}:{owner}/{name}"


def _one(id: str) -> list[Need]:
    return [need(1, [id])]


def _nodes(
    below: Mapping[str, list[Need]],
    states: Mapping[str, str],
    facts: Mapping[str, Mapping[str, str]],
) -> Iterator[Node]:
    for id in below.keys() | states.keys() | facts.keys():
        yield Node(
            id=id,
            needs=tuple(dict.fromkeys(below.get(id, ()))),
            state=states.get(id, ""),
            facts=tuple(sorted(facts.get(id, {}).items())),
        )
