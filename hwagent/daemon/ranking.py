"""How this host stands for each address of its groups, by what the fleet says of itself. Pure.

Placement (hwagent.cluster.placement) says which host should hold what; the leases decide who does.
"""

from collections.abc import Collection, Iterable, Mapping
from ipaddress import ip_interface
from typing import Any, NamedTuple

import msgspec

from hwagent.cluster.placement import Vip, place, succession
from hwagent.cluster.report import unready
from hwagent.cluster.weights import Fitness, Host, weights
from hwagent.config import Config, Group


class Ranking(NamedTuple):
    """How many hosts should rather take an address, by IP address; those to be left to them.

    Whoever holds an address now does not ask for it: his successor has rank 0, and asks at once.
    """

    ranks: dict[str, int]
    leave: tuple[str, ...]


class Outlook(NamedTuple):
    """All that the ranking of ``host`` follows from.

    ``holders`` are the hosts that hold addresses now, ``loads`` the weights, ``pins`` the hosts
    that an operator wants addresses on. While the fleet is not ``calm``, what a host holds that is
    not unfit stays there; pins are obeyed all the same.
    """

    config: Config
    host: str
    fleet: Collection[Mapping[str, Any]]
    holders: Mapping[str, str]
    loads: Mapping[str, float]
    pins: Mapping[str, str] = {}
    calm: bool = True


def ranking(seen: Outlook) -> Ranking:
    """Ranks of a host.

    A host of which the fleet knows nothing counts as fit, with a weight of one. Hosts that say that
    what runs with an address is not ready there are passed over, unless they hold it or all say so.
    """
    config, host, fleet, holders, loads, pins, calm = seen
    known, shunned = _known(fleet), _shunned(fleet)
    ranks: dict[str, int] = {}
    leave: list[str] = []
    for group in config.groups:
        hosts = [known.get(name, Host(name)) for name in able(group)]
        vips = _vips(config, group, pins, holders, shunned)
        shares = {h.name: loads.get(h.name, h.weight) for h in hosts}
        moves = group.preempt or host in group.witnesses
        moves |= known.get(host, Host(host)).fitness is not Fitness.FIT
        targets = place(hosts, vips, shares, {v.name: holders.get(v.name, "") for v in vips})
        holding = {h.name for h in hosts if h.fitness is not Fitness.UNFIT}
        for vip in vips:
            target = targets.get(vip.name, "")
            holder = holders.get(vip.name, "")
            pinned = target == vip.pin != ""
            if not calm and holder in holding and not pinned:
                target = holder
            ranks[vip.name] = _rank(host, target, succession(hosts, vip, shares), holder)
            if holder == host and target not in ("", host) and (moves or pinned):
                leave.append(vip.name)
    return Ranking(ranks, tuple(leave))


class Rankings:
    """Keeps one host's ranking while all that it follows from is the same: a thousand addresses
    take a tenth of a second, and are asked for every second."""

    def __init__(self) -> None:
        self._config: Config | None = None
        self._inputs: tuple[object, ...] = ()
        self._found = Ranking({}, ())

    def rank(self, seen: Outlook) -> Ranking:
        """What ``ranking`` says, worked out anew only if it may say something else."""
        # Loads change all the time, and count only by the weights that are made of them
        known = {n: msgspec.structs.replace(h, load=0.0) for n, h in _known(seen.fleet).items()}
        given = (dict(seen.holders), dict(seen.loads), dict(seen.pins))
        inputs = (seen.host, known, _shunned(seen.fleet), *given, seen.calm)
        if self._config is not seen.config or inputs != self._inputs:
            self._config, self._inputs = seen.config, inputs
            self._found = ranking(seen)
        return self._found


def barred(config: Config, host: str) -> tuple[str, ...]:
    """IP addresses of groups in which a host only votes: it is not to take any of them."""
    watched = {group.name for group in config.groups if host in group.witnesses}
    return tuple(str(ip_interface(v.address).ip) for v in config.vips if v.group in watched)


def loads(fleet: Iterable[Mapping[str, Any]], before: Mapping[str, float]) -> dict[str, float]:
    """The weight of each host, near the one it had before."""
    return weights(_known(fleet).values(), before)


def _known(fleet: Iterable[Mapping[str, Any]]) -> dict[str, Host]:
    return {member["name"]: _host(member) for member in fleet if member["status"] != "left"}


def _rank(host: str, target: str, order: list[str], holder: str) -> int:
    best = [target, *(name for name in order if name != target)]
    askers = [name for name in best if name not in ("", holder) or name == host]
    return askers.index(host) if host in askers else len(askers)


def _shunned(fleet: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """The addresses that each host would not take over."""
    return {
        member["name"]: {a.partition("/")[0] for a, said in vips.items() if unready(said)}
        for member in fleet
        if (vips := member.get("vips"))
    }


def _vips(
    config: Config,
    group: Group,
    pins: Mapping[str, str],
    holders: Mapping[str, str],
    shunned: Mapping[str, set[str]],
) -> list[Vip]:
    found = []
    for vip in config.vips:
        if vip.group == group.name:
            name = str(ip_interface(vip.address).ip)
            pin = pins.get(name, "")
            ready = tuple(
                host
                for host in able(group)
                if name not in shunned.get(host, ()) or holders.get(name) == host
            )
            found.append(Vip(name, ready or able(group), vip.together, vip.apart, pin))
    return found


def able(group: Group) -> tuple[str, ...]:
    """The hosts that may hold addresses of a group."""
    return tuple(n for n in {**group.members, **group.voters} if n not in group.witnesses)


def _host(member: Mapping[str, Any]) -> Host:
    if member["status"] == "failed" or member.get("unfit") or member.get("maintenance"):
        fitness = Fitness.UNFIT
    else:
        well = member.get("health") in ("ok", "unknown", None)
        fitness = Fitness.FIT if well else Fitness.DEGRADED
    labels = member.get("labels") or {}
    return Host(
        member["name"],
        fitness,
        float(member.get("weight", 1.0)),
        float(member.get("load", 0.0)),
        tuple(str(labels.get("zone", "")).split("/")),
    )
