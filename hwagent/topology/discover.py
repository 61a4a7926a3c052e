"""What a host is made of and hangs on, out of the components that its agent has found. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from hwagent.model import Component, Health

from .graph import Need, need
from .parts import Found

#: Mount points without which a host does not work.
_SYSTEM = ("/", "/usr", "/var")
#: A function of a PCI card: the same card but for the last number.
_FUNCTION = re.compile(r"([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2})\.[0-7]")
_UNSAFE = re.compile(r"[^A-Za-z0-9._:+/-]+")
#: Disks that hang on a card which other disks hang on too; the others are their own card.
_ON_CARDS = ("sata", "sas", "scsi")
#: Members that md levels can lose. RAID10 by the least it survives: the layout is not known.
_SPARE = {"raid1": -1, "raid4": 1, "raid5": 1, "raid6": 2, "raid10": 1}
_MONTH = 730  # hours


def discover(components: Iterable[Component], links: Mapping[str, str]) -> Found:
    """What the components say. ``links`` are far ends remembered from when a link was up: a card
    without a link hears no neighbour any more, and just then it matters which one it was."""
    by = {c.id: c for c in components}
    found = Found(links={**links, **links_found(by.values())})
    for component in by.values():
        _TELL.get(component.kind, _nothing)(component, found)
        _state(component, found)
        if facts := dict(_facts(component)):
            found.facts[component.id] = facts
    found.psus = _once(found.psus)
    _vital(by.values(), found)
    _cards(by.values(), found)
    return found


def _once(psus: Iterable[str]) -> list[str]:
    """Power supplies as one of those tells who tell of them: a BMC that is asked both by IPMI and
    by Redfish tells of each twice, which is no redundancy. Who tells of the most knows best."""
    by_teller: dict[str, list[str]] = {}
    for psu in psus:
        by_teller.setdefault(psu.rpartition("/")[0], []).append(psu)
    return max(by_teller.values(), key=len, default=[])


def links_found(components: Iterable[Component]) -> dict[str, str]:
    """The far end of each network card of which one is known, by the card's name: as the switch
    calls it, if that was asked."""
    known = list(components)
    told = {_name(c.id): str(c.attributes.get("far_port", "")) for c in known if c.kind == "nic"}
    return links_heard(known) | {nic: far for nic, far in told.items() if far}


def links_heard(components: Iterable[Component]) -> dict[str, str]:
    """The far end of each network card that hears one, by the card's name."""
    found = {}
    for component in components:
        heard = component.attributes.get("neighbours")
        if component.kind == "nic" and isinstance(heard, list) and heard:
            found[_name(component.id)] = _far_end(heard[0])
    return {nic: far for nic, far in found.items() if far}


def _far_end(neighbour: Mapping[str, Any]) -> str:
    """Switches are told by their names without domain, or by their chassis' ids."""
    system, port = str(neighbour.get("system", "")), str(neighbour.get("port", ""))
    switch = _safe(system.partition(".")[0] or str(neighbour.get("chassis", ""))).replace("/", "_")
    if not switch:
        return ""
    return f"port:{switch}/{_safe(port)}" if port else f"switch:{switch}"


def uplinks(components: Iterable[Component]) -> dict[str, list[str]]:
    """What the switches that are polled here hang on, by their names: the far ends of the port that
    leads to the root of the spanning tree, and of those kept back as other ways to it. Which end of
    a link between two switches hangs on the other is told by nothing else that they say."""
    known = list(components)
    names = {_system(c.attributes): _name(c.id) for c in known if c.kind == "switch"}
    by_switch: dict[str, list[Component]] = {}
    for port in known:
        if port.kind == "port":
            by_switch.setdefault(_name(str(port.attributes.get("switch"))), []).append(port)
    found = {switch: _ends(_ways_up(ports), names) for switch, ports in by_switch.items()}
    return {switch: ends for switch, ends in found.items() if ends}


def _ways_up(ports: Collection[Component]) -> list[Component]:
    """The root port and those that the spanning tree blocks, or the members of aggregations. The
    root itself has none, whatever it blocks."""
    root = next((p for p in ports if p.attributes.get("stp_root_port")), None)
    if root is None:
        return []
    ways = {root.id, *(p.id for p in ports if p.metrics.get("stp_state") == "blocking")}
    found = [p for p in ports if ways & {p.id, p.attributes.get("aggregation")}]
    if any(p.attributes.get("neighbours") for p in found):
        return found
    return _members(root, ports)


def _members(aggregation: Component, ports: Iterable[Component]) -> list[Component]:
    """Of an aggregation whose members are not told: ports with neighbours that are none of the
    bridge by themselves, if their speeds add up to its own."""
    outside = [p for p in ports if "bridge_port" not in p.attributes]
    found = [p for p in outside if p.attributes.get("neighbours")]
    speeds = [p.metrics.get("speed_bits_per_second") for p in found]
    total = sum(s for s in speeds if isinstance(s, int | float))
    return found if total == aggregation.metrics.get("speed_bits_per_second") else []


def _ends(ports: Iterable[Component], names: Mapping[str, str]) -> list[str]:
    """The far ends of ports, those of one device each: else there is a hub in between, or a phone.
    Devices that are switches of ours by the names that these have here."""
    found = []
    for port in ports:
        heard = port.attributes.get("neighbours", ())
        ends = [
            _far_end({**n, "system": names.get(_system(n), n.get("system", ""))}) for n in heard
        ]
        if len({end.partition(":")[2].partition("/")[0] for end in ends}) == 1 and ends[0]:
            found.append(ends[0])
    return found


def _system(attributes: Mapping[str, Any]) -> str:
    """What a device calls itself, without its domain."""
    return str(attributes.get("system", "")).partition(".")[0]


def _psu(component: Component, found: Found) -> None:
    found.psus.append(_name(component.id))


def _nic(component: Component, found: Found) -> None:
    attributes, metrics = component.attributes, component.metrics
    if attributes.get("bond") or attributes.get("virtual_function") or not attributes.get("bus"):
        return
    if metrics.get("link_expected") == 1:
        found.uplinks.append(component.id)


def _bond(component: Component, found: Found) -> None:
    legs = [str(leg) for leg in component.attributes.get("legs", ())]
    if legs:
        least = component.metrics.get("min_links", 1)
        found.needs[component.id] = [need(max(1, int(least)), legs)]
        found.uplinks.append(component.id)


def _link(component: Component, found: Found) -> None:
    """A bridge works while one of what it is built on does."""
    below = [str(id) for id in component.attributes.get("lowers", ())]
    if below:
        found.needs[component.id] = [need(1, below)]


def _array(component: Component, found: Found) -> None:
    members = component.attributes.get("members", ())
    serving = [m for m in members if isinstance(m, Mapping) and m.get("slot") is not None]
    disks = [str(m["disk"]) for m in serving if m.get("disk")]
    if not disks:
        return
    spare = _SPARE.get(str(component.metrics.get("level", "")), 0)
    raid_disks = component.metrics.get("raid_disks", len(disks))
    total = int(raid_disks) if isinstance(raid_disks, int | float) else len(disks)
    least = 1 if spare < 0 else max(1, total - spare)
    found.needs[component.id] = [need(least, disks)]
    for member in serving:
        if member.get("state") in ("faulty", "rebuilding"):
            found.states[str(member["disk"])] = "down"


def _filesystem(component: Component, found: Found) -> None:
    below = component.attributes.get("array") or component.attributes.get("disk")
    if below:
        found.needs[component.id] = [need(1, [str(below)])]


def _multipath(component: Component, found: Found) -> None:
    if disk := component.attributes.get("disk"):
        found.needs[component.id] = [need(1, [str(disk)])]


def _nothing(component: Component, found: Found) -> None:
    """Of other kinds nothing is known that hangs on them."""


_TELL = {
    "psu": _psu,
    "nic": _nic,
    "bond": _bond,
    "link": _link,
    "array": _array,
    "filesystem": _filesystem,
    "multipath": _multipath,
}


def _state(component: Component, found: Found) -> None:
    metrics = component.metrics
    switched = {"nic": ("carrier", "admin_up"), "psu": ("online", "inserted")}
    off = any(metrics.get(m) == 0 for m in ("present", *switched.get(component.kind, ())))
    failed = component.health is Health.FAILED and component.kind in ("psu", "disk", "array")
    if off or failed:
        found.states[component.id] = "down"
    elif component.health is Health.UNKNOWN:
        found.states.setdefault(component.id, "unknown")


def _vital(components: Collection[Component], found: Found) -> None:
    """The arrays and disks that hold the system, and at least one of them if there is any."""
    for component in components:
        if component.kind == "filesystem" and _name(component.id) in _SYSTEM:
            below = component.attributes.get("array") or component.attributes.get("disk")
            if below and str(below) not in found.vital:
                found.vital.append(str(below))


def _cards(components: Iterable[Component], found: Found) -> None:
    """Cards that bear more than one port or disk: where two legs of a bond may meet."""
    by_card: dict[str, list[str]] = {}
    for component in components:
        if card := _card(component):
            by_card.setdefault(card, []).append(component.id)
    for card, ids in by_card.items():
        if len(ids) > 1:
            for id in ids:
                found.needs.setdefault(id, []).append(Need(1, (f"card:{card}",)))


def _card(component: Component) -> str:
    attributes = component.attributes
    place = ""
    if component.kind == "nic" and not attributes.get("virtual_function"):
        place = str(attributes.get("bus", ""))
    elif component.kind == "disk" and attributes.get("transport") in _ON_CARDS:
        place = str(next(iter(attributes.get("pcie", ())), "")).removeprefix("pcie:")
    match = _FUNCTION.fullmatch(place)
    return match[1] if match else ""


def _facts(component: Component) -> Iterator[tuple[str, str]]:
    """What several components may have in common and die of together."""
    if component.kind not in ("disk", "nic", "psu"):
        return
    attributes = component.attributes
    model, firmware = (str(attributes.get(name, "")) for name in ("model", "firmware"))
    if model:
        yield "model", model[:60]
    if firmware:  # the same number of two models is not the same firmware
        yield "firmware", f"{model} {firmware}".strip()[:80]
    serial = str(attributes.get("serial", ""))
    if component.kind == "disk" and len(serial) >= 6 and attributes.get("model"):
        yield "batch", serial[:-3]  # numbered one after the other: made on one day
    hours = component.metrics.get("power_on_hours")
    if isinstance(hours, int | float) and hours >= _MONTH:
        yield "months", str(int(hours // _MONTH))


def _name(id: str) -> str:
    return id.partition(":")[2]


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", text.strip())
