"""What can still take a service down, what was lost already, and what to buy first. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from hwagent.config.topology import Topology

from .common import Common, common_causes
from .cuts import Cuts, Solver
from .fleet import FLEET, Fleet
from .graph import SERVICES, Graph
from .proposals import tried
from .reliability import Rate, Rates
from .score import Purchase, Scores, order, purchases

#: So many pairs of each service are listed, the worst first; all are counted.
PAIRS_MAX = 20
#: So many purchases are listed.
PURCHASES_MAX = 50


class Alone(msgspec.Struct, frozen=True):
    """A single point of failure: a component, and the parts that are as good as it."""

    component: str
    parts: tuple[str, ...]
    minutes: float


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One service: what takes it down alone, what in pairs, and the minutes a year that follow.

    ``state`` is up, down or unknown. ``now`` is what takes it down alone since others have failed.
    """

    id: str
    state: str
    alone: tuple[Alone, ...]
    pairs: tuple[tuple[str, str], ...]
    pairs_total: int
    minutes: float
    now: tuple[str, ...] = ()


class Lost(msgspec.Struct, frozen=True):
    """Redundancy that is gone: ``working`` of the ``total`` work and ``least`` are needed."""

    component: str
    working: int
    total: int
    least: int
    gone: tuple[str, ...]


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was found."""

    services: tuple[Service, ...]
    buy: tuple[Purchase, ...]
    lost: tuple[Lost, ...]
    common: tuple[Common, ...]
    unknown: tuple[str, ...]
    problems: tuple[str, ...]
    components: int
    currency: str = ""


def audit(
    fleet: Fleet,
    topology: Topology,
    dead: Collection[str] = (),
    learned: Mapping[str, Rate] = {},
    only: Collection[str] = (),
) -> Audit:
    """Audits the fleet, or ``only`` some services. ``dead`` are hosts that do not answer."""
    solver, graph = fleet.solver, fleet.graph
    rates = Rates(topology.reliability, learned)
    scores = Scores(solver, rates)
    services = [id for id in fleet.services() if not only or id in only]
    failed = fleet.failed(dead)
    down = graph.down(failed)
    now = solver.given(failed) if down else solver
    told = tuple(_service(id, solver, now, scores, down, fleet) for id in services)
    tops = list(top_services(graph, services))
    buy = _purchases(fleet, scores, rates, tops, topology.prices)
    return Audit(
        services=told,
        buy=tuple(buy[:PURCHASES_MAX]),
        lost=tuple(lost(graph, down)),
        common=tuple(common_causes(graph, solver, graph.support(services))),
        unknown=tuple(fleet.unknown()),
        problems=tuple(solver.circles),
        components=len(graph),
        currency=topology.currency,
    )


def _service(
    id: str, solver: Solver, now: Solver, scores: Scores, down: Collection[str], fleet: Fleet
) -> Service:
    cuts = solver.cuts(id)
    singles = sorted(cuts.singles, key=lambda e: (-scores.broken(e), e))
    state = "down" if id in down else fleet.graph.get(id).state or "up"
    return Service(
        id=id,
        state=state,
        alone=tuple(_alone(e, solver, scores) for e in singles),
        pairs=_worst_pairs(cuts, scores),
        pairs_total=len(cuts.pairs),
        minutes=scores.minutes(cuts),
        now=() if now is solver else tuple(sorted(now.cuts(id).singles - cuts.singles)),
    )


def _alone(element: str, solver: Solver, scores: Scores) -> Alone:
    minutes = scores.minutes(Cuts(frozenset([element])))
    return Alone(element, solver.members(element), minutes)


def _worst_pairs(cuts: Cuts, scores: Scores) -> tuple[tuple[str, str], ...]:
    def size(pair: tuple[str, str]) -> tuple[float, tuple[str, str]]:
        return -scores.broken(pair[0]) * scores.broken(pair[1]), pair

    return tuple(sorted(cuts.pairs, key=size)[:PAIRS_MAX])


def top_services(graph: Graph, services: Iterable[str]) -> Iterator[str]:
    """The services on which no other one hangs, but for the fleet: counted, none counts twice."""
    for id in services:
        above = graph.ancestors([id]) - {id, FLEET}
        if id != FLEET and not any(a.partition(":")[0] in SERVICES for a in above):
            yield id


def lost(graph: Graph, down: Collection[str]) -> Iterator[Lost]:
    """Needs that have lost something and are still met."""
    touched = {above for id in down for above in graph.above(id)}
    for id in sorted(touched - set(down)):
        for one in graph.get(id).needs:
            gone = tuple(c for c in one.of if c in down)
            if gone:
                total = len(one.of)
                yield Lost(id, total - len(gone), total, one.least, gone)


def _purchases(
    fleet: Fleet, scores: Scores, rates: Rates, tops: Sequence[str], prices: Mapping[str, float]
) -> list[Purchase]:
    """A second one of everything, and what a cable does; the most for its money first."""
    solver = fleet.solver
    doubled = purchases(solver, scores, tops, prices)
    worst = sorted((p for p in doubled if p.stops), key=lambda p: (-p.minutes, p.component))
    ids = list(dict.fromkeys(p.component for p in worst))
    moved = tried(fleet.graph, solver, rates, tops, prices, ids)
    better = {(p.component, p.price) for p in moved}  # a second one, and on another feed as well
    kept = [p for p in doubled if (p.component, p.price) not in better]
    return sorted([*moved, *kept], key=order)
