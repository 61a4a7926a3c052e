"""What can still take a service down, what was lost already, and what to buy first. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from heapq import nsmallest
from typing import NamedTuple

import msgspec

from hwagent.config.topology import Topology

from .common import Common, Memo, common_causes
from .cuts import Cuts, Solver
from .fleet import FLEET, Fleet
from .graph import Graph
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


class Auditor:
    """Audits one fleet again and again; what did not change since is not worked out again."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._rates = Rates()
        self._scores = Scores(fleet.solver, self._rates)
        self._said: tuple[object, object] = (None, None)
        self._rows: dict[str, _Row] = {}
        self._common: Memo = {}

    def audit(
        self, topology: Topology, dead: Collection[str] = (), learned: Mapping[str, Rate] = {}
    ) -> Audit:
        """Audits all services. ``dead`` are hosts that do not answer."""
        if self._said != (topology.reliability, learned):
            self._said = (topology.reliability, learned)
            self._rates, self._rows = Rates(topology.reliability, learned), {}
            self._scores = Scores(self._fleet.solver, self._rates)
        fleet, solver, graph = self._fleet, self._fleet.solver, self._fleet.graph
        services = fleet.services()
        down = graph.down(fleet.failed(dead))
        now = solver.given(down) if down else solver
        tops = top_services(graph, services)
        counted = set(tops)
        self._rows = {id: self._row(id, now, down, id in counted) for id in services}
        buy = self._purchases(tops, topology.prices)
        common = common_causes(graph, solver, services, self._common)
        return Audit(
            services=tuple(row.service for row in self._rows.values()),
            buy=tuple(buy[:PURCHASES_MAX]),
            lost=tuple(lost(graph, down)),
            common=tuple(common),
            unknown=tuple(fleet.unknown()),
            problems=tuple(solver.circles),
            components=len(graph),
            currency=topology.currency,
        )

    def _row(self, id: str, now: Solver, down: Collection[str], counted: bool) -> "_Row":
        solver, scores = self._fleet.solver, self._scores
        cuts = solver.cuts(id)
        then = cuts if now is solver else now.cuts(id)
        state = "down" if id in down else self._fleet.graph.get(id).state or "up"
        known = self._rows.get(id)
        same = known and known.cuts is cuts and known.now is then and known.counted is counted
        if known and same and known.service.state == state:
            return known
        singles = sorted(cuts.singles, key=lambda e: (-scores.broken(e), e))
        service = Service(
            id=id,
            state=state,
            alone=tuple(_alone(e, solver, scores) for e in singles),
            pairs=_worst_pairs(cuts, scores),
            pairs_total=len(cuts.pairs),
            minutes=scores.minutes(cuts),
            now=tuple(sorted(then.singles - cuts.singles)),
        )
        return _Row(cuts, then, counted, service, scores.shares(cuts) if counted else {})

    def _purchases(self, tops: Sequence[str], prices: Mapping[str, float]) -> list[Purchase]:
        """A second one of everything, and what a cable does; the most for its money first."""
        solver, graph = self._fleet.solver, self._fleet.graph
        doubled = purchases(solver, self._scores, {t: self._rows[t].shares for t in tops}, prices)
        worst = sorted((p for p in doubled if p.stops), key=lambda p: (-p.minutes, p.component))
        ids = list(dict.fromkeys(p.component for p in worst))
        moved = tried(graph, solver, self._rates, tops, prices, ids)
        better = {(p.component, p.price) for p in moved}  # a second one, and on another feed too
        kept = [p for p in doubled if (p.component, p.price) not in better]
        return sorted([*moved, *kept], key=order)


class _Row(NamedTuple):
    cuts: Cuts
    now: Cuts
    counted: bool
    service: Service
    shares: dict[str, float]


def _alone(element: str, solver: Solver, scores: Scores) -> Alone:
    minutes = scores.minutes(Cuts(frozenset([element])))
    return Alone(element, solver.members(element), minutes)


def _worst_pairs(cuts: Cuts, scores: Scores) -> tuple[tuple[str, str], ...]:
    rated = ((-both, pair) for both, pair in scores.both(cuts))
    return tuple(pair for _, pair in nsmallest(PAIRS_MAX, rated))


def top_services(graph: Graph, services: Sequence[str]) -> list[str]:
    """The services on which no other one hangs, but for the fleet: counted, none counts twice."""
    counted = dict.fromkeys(id for id in services if id != FLEET)
    return [id for id in counted if not graph.reaches(graph.above(id), counted)]


def lost(graph: Graph, down: Collection[str]) -> Iterator[Lost]:
    """Needs that have lost something and are still met."""
    touched = {above for id in down for above in graph.above(id)}
    for id in sorted(touched - set(down)):
        for one in graph.get(id).needs:
            gone = tuple(c for c in one.of if c in down)
            if gone:
                total = len(one.of)
                yield Lost(id, total - len(gone), total, one.least, gone)
