"""The graph as people see it when they stand before the racks: who stands where, on what. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Component = Mapping[str, Any]


@dataclass
class Plug:
    """A power supply, with the feed that it hangs on, or a network card with its switch."""

    id: str
    state: str
    alone: bool
    end: str = ""


@dataclass
class Box:
    """A host or a switch. ``stores`` are arrays as ``md0 1 of 2``; ``seats`` groups whose addresses
    it may hold."""

    id: str
    state: str
    alone: bool
    psus: list[Plug] = field(default_factory=list)
    nics: list[Plug] = field(default_factory=list)
    stores: list[str] = field(default_factory=list)
    seats: list[str] = field(default_factory=list)


@dataclass
class Rack:
    """A rack: where it stands, and what stands in it."""

    id: str
    place: str
    state: str
    alone: bool
    switches: list[Box] = field(default_factory=list)
    hosts: list[Box] = field(default_factory=list)


@dataclass
class Floor:
    """All racks, addresses with their groups and states, feeds and whether one is alone."""

    racks: list[Rack]
    vips: list[tuple[str, str, str]]
    feeds: dict[str, bool]
    groups: list[str]


def floor(components: Iterable[Component]) -> Floor:
    """Sorts components by where they are; what is in no rack is in one without a name."""
    by = {c["id"]: c for c in components}
    racks: dict[str, Rack] = {}
    for id, component in by.items():
        if component["kind"] in ("host", "switch"):
            name = next((c for c in _needs(component) if c.startswith("rack:")), "")
            rack = racks.get(name) or racks.setdefault(name, _rack(by, name))
            (rack.switches if component["kind"] == "switch" else rack.hosts).append(_box(by, id))
    for id, component in by.items():
        if component["kind"] == "seat":
            _seat(racks, id, [c for c in _needs(component) if c.startswith("host:")])
    ordered = [racks[name] for name in sorted(racks, key=lambda n: (not n, n))]
    vips = [(i[4:], _group(c), c["state"]) for i, c in by.items() if c["kind"] == "vip"]
    feeds = {i: bool(c["alone"]) for i, c in by.items() if c["kind"] == "feed"}
    groups = [i.partition(":")[2] for i, c in by.items() if c["kind"] == "group"]
    return Floor(ordered, vips, feeds, groups)


def _needs(component: Component) -> list[str]:
    return [id for need in component["needs"] for id in need["of"]]


def _rack(by: Mapping[str, Component], id: str) -> Rack:
    component = by.get(id)
    if component is None:
        return Rack(id, "", "up", False)
    place, above = [], _needs(component)
    while above:
        place.append(above[0].partition(":")[2])
        above = _needs(by[above[0]])
    return Rack(id, ", ".join(place), component["state"], bool(component["alone"]))


def _box(by: Mapping[str, Component], id: str) -> Box:
    component = by[id]
    box = Box(id, component["state"], bool(component["alone"]))
    for child in _reached(by, id):
        kind = child.partition(":")[0]
        if kind == "psu":
            box.psus.append(_plug(by, child, "feed:"))
        elif kind == "nic":
            box.nics.append(_plug(by, child, ""))
        elif kind == "array":
            box.stores.append(_store(by[child]))
    return box


def _reached(by: Mapping[str, Component], id: str) -> list[str]:
    """What a host or switch is made of: all that it needs and that bears its name."""
    name = id.partition(":")[2]
    found: dict[str, None] = {}
    waiting = [id]
    while waiting:
        for child in _needs(by[waiting.pop(0)]):
            if child.partition(":")[2].startswith(f"{name}/") and child not in found:
                found[child] = None
                waiting.append(child)
    return list(found)


def _plug(by: Mapping[str, Component], id: str, wanted: str) -> Plug:
    component = by[id]
    ends = [c for c in _needs(component) if c.startswith(wanted or ("switch:", "port:"))]
    end = ends[0] if ends else ""
    if end.startswith("port:"):
        end = f"switch:{end.partition(':')[2].partition('/')[0]}"
    return Plug(id, component["state"], bool(component["alone"]), end)


def _store(component: Component) -> str:
    name = component["id"].partition("/")[2]
    needs = component["needs"]
    return f"{name} {needs[0]['least']} of {len(needs[0]['of'])}" if needs else name


def _seat(racks: Mapping[str, Rack], id: str, hosts: list[str]) -> None:
    group = id.partition("/")[2]
    for rack in racks.values():
        for box in rack.hosts:
            if box.id in hosts:
                box.seats.append(group)


def _group(component: Component) -> str:
    groups = [c.partition(":")[2] for c in _needs(component) if c.startswith("group:")]
    return groups[0] if groups else ""
