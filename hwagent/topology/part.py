"""The part of the graph that one host tells, and all that the configuration says. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_interface

import msgspec

from hwagent.config import Config, Group
from hwagent.config.topology import Machine, Rack, Topology
from hwagent.model import Component

from .discover import discover, uplinks
from .graph import Graph, Node, need
from .parts import described, host_nodes, owned, switch_nodes

#: Nodes that one host tells of: what lies deeper than these is left out, and counted.
NODES_MAX = 400


class Part(msgspec.Struct, frozen=True):
    """What one host tells: the nodes, the nearest to the host first, and how many it left out."""

    nodes: tuple[Node, ...] = ()
    left: int = 0


def part(
    host: str, config: Config, components: Iterable[Component], links: Mapping[str, str]
) -> Part:
    """What a host is made of and hangs on, and the addresses that it may hold."""
    known = list(components)
    own = _own(config, known)
    machine = _machine(config, host)
    found = discover(own, links) if known else described(machine)
    names = {c.id for c in own} | found.needs.keys() | {f"nic:{n}" for n in machine.nics}
    nodes = [*host_nodes(host, machine, found), *_seats(config, host, names)]
    nodes += [*_addresses(config, host), *_around(config.topology), *_zone(config)]
    around = list(_switch_parts(config, known))
    nodes += around
    graph = Graph(join(nodes).values())
    roots = [f"host:{host}", *(i for i in graph.ids() if i.startswith((f"seat:{host}/", "vip:")))]
    roots += [i for i in graph.ids() if i.startswith(f"array:{host}/")]
    roots += [n.id for n in around if n.kind == "switch"]  # others may hang on them
    told = [graph.get(id) for id in _nearest(graph, roots)]
    told = [n for n in told if n.needs or n.state or n.facts or n.id == roots[0]]
    return Part(tuple(told[:NODES_MAX]), max(0, len(told) - NODES_MAX))


def _own(config: Config, components: Iterable[Component]) -> list[Component]:
    """What is of the host, and not of a switch that it polls or of another host's BMC."""
    others = {switch.name for switch in config.switches}
    others |= {bmc.name for bmc in config.bmcs if bmc.host}
    return [c for c in components if c.id.partition(":")[2].partition("/")[0] not in others]


def declared(config: Config) -> list[Node]:
    """All that the configuration says, of every host, as if no agent had looked at any."""
    nodes: list[Node] = [*_around(config.topology), *_addresses(config)]
    for name, machine in config.topology.hosts.items():
        found = described(machine)
        nodes += host_nodes(name, machine, found)
        names = found.needs.keys() | {f"nic:{n}" for n in machine.nics}
        nodes += _seats(config, name, names)
    return list(join(nodes).values())


def join(nodes: Iterable[Node]) -> dict[str, Node]:
    """Nodes by id: what several say of one component holds together."""
    found: dict[str, Node] = {}
    for node in nodes:
        before = found.get(node.id)
        found[node.id] = node if before is None else joined(before, node)
    return found


def joined(one: Node, other: Node) -> Node:
    """One component as two tell of it: it needs what either says; down outranks unknown."""
    if one == other:
        return one
    states = {one.state, other.state}
    state = "down" if "down" in states else "" if "" in states else "unknown"
    needs = tuple(dict.fromkeys((*one.needs, *other.needs)))
    facts = tuple(dict.fromkeys((*one.facts, *other.facts)))
    return Node(id=one.id, needs=needs, state=state, facts=facts)


def _machine(config: Config, host: str) -> Machine:
    """What is said of a host; the last of its cluster zone is its rack where nothing else is."""
    machine = config.topology.hosts.get(host, Machine())
    if not machine.rack and config.cluster.zone:
        return msgspec.structs.replace(machine, rack=config.cluster.zone[-1])
    return machine


def _around(topology: Topology) -> Iterator[Node]:
    """Switches, racks, rooms, and what is declared by hand."""
    for name, machine in topology.switches.items():
        yield from switch_nodes(name, machine)
    for name, rack in topology.racks.items():
        above = [f"room:{rack.room}"] if rack.room else [f"site:{rack.site}"] if rack.site else []
        yield Node(id=f"rack:{name}", needs=tuple(need(1, [id]) for id in above))
        if rack.room and rack.site:
            yield Node(id=f"room:{rack.room}", needs=(need(1, [f"site:{rack.site}"]),))
    for one in topology.depends:
        yield Node(id=one.component, needs=(need(one.least or len(one.needs), one.needs),))


def _zone(config: Config) -> Iterator[Node]:
    """Where the host's rack stands by its cluster zone (site, room, rack, or site, rack), unless
    that is described."""
    zone = config.cluster.zone
    described = config.topology.racks.get(zone[-1], Rack()) if zone else Rack()
    if len(zone) < 2 or described.room or described.site:
        return
    above = [f"site:{zone[0]}", *(f"room:{name}" for name in zone[1:-1])]
    for id, upper in zip([*above[1:], f"rack:{zone[-1]}"], above):
        yield Node(id=id, needs=(need(1, [upper]),))


def _switch_parts(config: Config, components: Iterable[Component]) -> Iterator[Node]:
    """Power supplies, uplinks and software of the switches that this agent polls."""
    known = list(components)
    psus: dict[str, list[str]] = {}
    software: dict[str, str] = {}
    switches = {switch.name for switch in config.switches}
    for component in known:
        switch, _, name = component.id.partition(":")[2].partition("/")
        if component.kind == "psu" and switch in switches:
            psus.setdefault(switch, []).append(name)
        elif component.kind == "switch" and component.attributes.get("software"):
            made = (component.attributes.get(key, "") for key in ("maker", "software"))
            software[switch] = " ".join(made).strip()
    heard = uplinks(known)
    for switch in {**psus, **heard, **software}:
        machine = config.topology.switches.get(switch, Machine())
        more = psus.get(switch, ()), heard.get(switch, ()), software.get(switch, "")
        yield from switch_nodes(switch, machine, *more)


def _addresses(config: Config, host: str = "") -> Iterator[Node]:
    """Virtual IPs and groups; those that ``host`` may hold, or all."""
    for vip in config.vips:
        id = f"vip:{ip_interface(vip.address).ip}"
        if vip.group:
            yield Node(id=id, needs=(need(1, [f"group:{vip.group}"]),))
        elif owner := host or config.host:
            yield Node(id=id, needs=(need(1, [owned(owner, f"seat:{id[4:]}")]),))
    for group in config.groups:
        voters = [f"host:{name}" for name in group.voters]
        most = 1 if group.quorum == "any" else len(voters) // 2 + 1
        seats = [owned(name, f"seat:{group.name}") for name in holders(group)]
        yield Node(id=f"group:{group.name}", needs=(need(most, voters), need(1, seats)))


def holders(group: Group) -> list[str]:
    """The hosts that may hold the addresses of a group."""
    return [n for n in {**group.voters, **group.members} if n not in group.witnesses]


def _seats(config: Config, host: str, names: Iterable[str]) -> Iterator[Node]:
    """The places where a host holds addresses: it needs itself and one of their interfaces."""
    interfaces: dict[str, dict[tuple[str, ...], None]] = {}
    groups = {group.name: group for group in config.groups}
    for vip in config.vips:
        if vip.group and host not in holders(groups[vip.group]):
            continue
        seat = vip.group or str(ip_interface(vip.address).ip)
        if vip.group or host == config.host or not config.host:
            interfaces.setdefault(seat, {})[tuple(vip.interfaces)] = None
    known = set(names)
    for seat, lists in interfaces.items():
        needs = [need(1, [f"host:{host}"])]
        for one in lists:
            ids = [i for name in one for kind in _INTERFACES if (i := f"{kind}:{name}") in known]
            needs += [need(1, (owned(host, id) for id in ids))] if ids else []
        yield Node(id=owned(host, f"seat:{seat}"), needs=tuple(needs))


_INTERFACES = ("bond", "link", "nic")


def _nearest(graph: Graph, roots: Iterable[str]) -> Iterator[str]:
    """The roots and what they need, level by level."""
    level = dict.fromkeys(roots)
    seen = dict(level)
    while level:
        yield from level
        below = dict.fromkeys(child for id in level for child in graph.below(id))
        level = dict.fromkeys(id for id in below if id not in seen)
        seen |= level
