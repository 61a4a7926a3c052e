"""Where virtual IPs would go if something failed, and whether the other hosts suffice. Pure.

What stops is the graph's to tell (hwagent.topology), where addresses go is placement's.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import combinations
from typing import Any

import msgspec

from hwagent.cluster.placement import Vip, place
from hwagent.cluster.weights import Fitness, Host
from hwagent.topology.graph import Graph

#: Groups of more hosts are told by their largest hosts only, which are the worst to lose.
_TRIED = 12
#: Worst cases that are kept: two of each group of a large fleet, of which few change at a time.
_KEPT = 4096


class Shift(msgspec.Struct, frozen=True):
    """One address that changes its host; ``target`` is empty if no host may hold it."""

    vip: str
    source: str
    target: str


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """How full the hosts of one group are in the worst case: with these ``without``.

    ``used`` is the share in use if what the lost ones did is spread over the others by weight, of
    which ``most`` may be. None where nothing is known of any host's load.
    """

    group: str
    case: str
    without: tuple[str, ...]
    used: float | None
    enough: bool


def groups(graph: Graph) -> dict[str, list[str]]:
    """The hosts that may hold addresses of each group."""
    found = {}
    for id in graph.of_kind("group"):
        seats = [c for c in graph.below(id) if c.startswith("seat:")]
        found[id] = [s.partition(":")[2].partition("/")[0] for s in seats]
    return found


def shifts(
    graph: Graph, down: Collection[str], hosts: Mapping[str, Host], held: Mapping[str, str]
) -> list[Shift]:
    """What moves when all of ``down`` does not work; ``held`` are holders now, by address."""
    found: list[Shift] = []
    for group, names in groups(graph).items():
        seats = {n: f"seat:{n}/{group.partition(':')[2]}" for n in names}
        lost = {n for n in names if seats[n] in down}
        vips = [id[4:] for id in graph.above(group) if id.startswith("vip:")]
        if not any(held.get(v) in lost for v in vips):
            continue
        left = [_unfit(hosts.get(n, Host(n)), n in lost or group in down) for n in names]
        weights = {h.name: h.weight for h in left}
        wanted = [Vip(v, tuple(names)) for v in sorted(vips)]
        targets = place(left, wanted, weights, {v: held[v] for v in vips if v in held})
        found += [
            Shift(v, held[v], targets.get(v, ""))
            for v in sorted(vips)
            if held.get(v) in lost and targets.get(v) != held[v]
        ]
    return found


def _unfit(host: Host, lost: bool) -> Host:
    return msgspec.structs.replace(host, fitness=Fitness.UNFIT) if lost else host


def capacities(
    graph: Graph, hosts: Mapping[str, Host], most: float, down: Collection[str] = ()
) -> list[Capacity]:
    """Whether each group has room for the loss of any one host (N-1) and any two (N-2), and for
    the loss of ``down``."""
    found: list[Capacity] = []
    for group, names in groups(graph).items():
        members = tuple(hosts.get(n, Host(n)) for n in names)
        known = all(n in hosts for n in names)
        gone = {n for n in names if f"host:{n}" in down}
        if gone:
            found.append(_capacity(group, "what if", members, gone, most, known))
        for case, count in (("N-1", 1), ("N-2", 2)):
            if len(members) > count:
                found.append(_worst(group, case, members, count, most, known))
    return found


@lru_cache(_KEPT)
def _worst(
    group: str, case: str, members: tuple[Host, ...], count: int, most: float, known: bool
) -> Capacity:
    largest = sorted(members, key=lambda h: (-h.weight, -h.load, h.name))[:_TRIED]
    tried = (
        _capacity(group, case, members, {h.name for h in lost}, most, known)
        for lost in combinations(largest, count)
    )
    return max(tried, key=lambda c: (c.used or 0.0, c.without))


def _capacity(
    group: str, case: str, members: Iterable[Host], gone: Collection[str], most: float, known: bool
) -> Capacity:
    every = list(members)
    demand = sum(h.weight * h.load for h in every)
    room = sum(h.weight for h in every if h.name not in gone)
    used = demand / room if room else float("inf")
    return Capacity(
        group=group,
        case=case,
        without=tuple(sorted(gone)),
        used=used if known and room else None,
        enough=bool(room) and used <= most,
    )


def known_hosts(members: Iterable[Mapping[str, Any]]) -> dict[str, Host]:
    """Hosts as the fleet tells of them, for placement."""
    return {m["name"]: _host(m) for m in members}


def _host(member: Mapping[str, Any]) -> Host:
    zone = str((member.get("labels") or {}).get("zone", ""))
    weight, load = float(member.get("weight", 1.0)), float(member.get("load", 0.0))
    unfit = bool(member["status"] != "alive" or member.get("unfit") or member.get("maintenance"))
    fitness = Fitness.UNFIT if unfit else Fitness.FIT
    return Host(member["name"], fitness, weight, load, tuple(zone.split("/")))


def held(members: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Who holds which address now."""
    return {vip: m["name"] for m in members for vip in _held(m)}


def _held(member: Mapping[str, Any]) -> Iterator[str]:
    for address, state in (member.get("vips") or {}).items():
        if str(state).startswith("held"):
            yield address.partition("/")[0]
