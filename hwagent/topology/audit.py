"""What can still take a service down, what was lost already, and what to buy first. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from heapq import nsmallest
from operator import itemgetter
from typing import NamedTuple

import msgspec

from hwagent.config.topology import Topology

from .common import Common, Memo, Region, common_causes, forget, region
from .fleet import FLEET, Fleet
from .graph import Graph
from .proposals import Trials, movable
from .reliability import MINUTES, Rate, Rates
from .score import Offers, Purchase, Scores, offer
from .tally import Cuts, Pair

#: So many pairs of each service are listed, the worst first; all are counted.
PAIRS_MAX = 20
#: So many purchases are listed.
PURCHASES_MAX = 50


class Alone(msgspec.Struct, frozen=True):
    """A single point of failure; ``Audit.elements`` says which others are as good as it."""

    component: str
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
    """Everything that was found.

    ``elements`` are components that stand for several, each of which does the same as all of them,
    with these: told once, as many services hang on one rack.
    """

    services: tuple[Service, ...]
    elements: dict[str, tuple[str, ...]]
    buy: tuple[Purchase, ...]
    lost: tuple[Lost, ...]
    common: tuple[Common, ...]
    unknown: tuple[str, ...]
    problems: tuple[str, ...]
    components: int
    currency: str = ""


class Auditor:
    """Audits one fleet again and again; what did not change since is not worked out again.

    What is known of a service holds while its cuts are the same objects: the solver makes new ones
    of all that a change reaches.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._now = fleet.solver.given(())
        self._common: Memo = {}
        self._begin(Topology(), {})

    def _begin(self, topology: Topology, learned: Mapping[str, Rate]) -> None:
        """Forgets all that follows from rates and prices."""
        graph, solver = self._fleet.graph, self._fleet.solver
        self._said = (topology.reliability, topology.prices, learned)
        self._scores = Scores(solver, Rates(topology.reliability, learned))
        self._offers = Offers(solver, self._scores, topology.prices)
        self._trials = Trials(graph, solver, self._scores, topology.prices)
        self._rows: dict[str, _Row] = {}

    def audit(
        self, topology: Topology, dead: Collection[str] = (), learned: Mapping[str, Rate] = {}
    ) -> Audit:
        """Audits all services. ``dead`` are hosts that do not answer."""
        if self._said != (topology.reliability, topology.prices, learned):
            self._begin(topology, learned)
        fleet, solver, graph = self._fleet, self._fleet.solver, self._fleet.graph
        services, unknown = fleet.services(), fleet.unknown()
        down = graph.down(fleet.failed(dead))
        self._now.fail(down)
        rows = self._rows = self._row_of_each(services, down, set(unknown))
        self._scores.forget(2 * len(graph))
        forget(self._common, graph)
        return Audit(
            services=tuple(row.service for row in rows.values()),
            elements=self._elements(rows.values()),
            buy=self._purchases(_tops(rows)),
            lost=tuple(lost(graph, down)),
            common=tuple(common_causes(row.region for row in rows.values())),
            unknown=tuple(unknown),
            problems=tuple(solver.circles),
            components=len(graph),
            currency=topology.currency,
        )

    def _row_of_each(
        self, services: Iterable[str], down: Set[str], unknown: Set[str]
    ) -> dict[str, "_Row"]:
        rows, solver, now = {}, self._fleet.solver, self._now
        for id in services:
            cuts = solver.cuts(id)
            then = now.cuts(id) if id in now.reached else cuts
            state = "down" if id in down else "unknown" if id in unknown else "up"
            row = self._rows.get(id)
            if row is None or row.cuts is not cuts:
                row = self._row(id, cuts)
            same = row.now is then and row.service.state == state
            rows[id] = row if same else row.told(then, state)
        return rows

    def _row(self, id: str, cuts: Cuts) -> "_Row":
        scores = self._scores
        both = scores.both(cuts)
        singles = sorted(cuts.singles, key=lambda e: (-scores.broken(e), e))
        service = Service(
            id=id,
            state="",
            alone=tuple(Alone(e, MINUTES * scores.broken(e)) for e in singles),
            pairs=_worst(both),
            pairs_total=len(both),
            minutes=scores.minutes(singles, both),
        )
        below = region(self._fleet.graph, self._fleet.solver, id, self._common)
        return _Row(cuts, cuts, service, below)

    def _elements(self, rows: Iterable["_Row"]) -> dict[str, tuple[str, ...]]:
        named = {element for row in rows for element in row.cuts.singles}
        members = ((element, self._fleet.solver.members(element)) for element in sorted(named))
        return {element: of for element, of in members if len(of) > 1}

    def _purchases(self, tops: Mapping[str, Cuts]) -> tuple[Purchase, ...]:
        """A second one of everything, and what a cable does; the most for its money first."""
        self._offers.update(tops)
        doubled = list(self._offers.all())
        worst = [p for _, p in doubled if p.stops and movable(p.component)]
        worst.sort(key=lambda p: (-p.minutes, p.component))
        moved = self._trials.tried(tops, worst)
        better = {(p.component, p.price) for p in moved}  # a second one, and on another feed too
        kept = [o for o in doubled if (o.purchase.component, o.purchase.price) not in better]
        first = nsmallest(PURCHASES_MAX, [*map(offer, moved), *kept], key=itemgetter(0))
        return tuple(purchase for _, purchase in first)


class _Row(NamedTuple):
    """A service, the cuts of which that is told, those with what has failed now, what is below."""

    cuts: Cuts
    now: Cuts
    service: Service
    region: Region

    def told(self, now: Cuts, state: str) -> "_Row":
        alone = tuple(sorted(now.singles - self.cuts.singles))
        service = msgspec.structs.replace(self.service, state=state, now=alone)
        return self._replace(now=now, service=service)


def _worst(both: Sequence[tuple[float, Pair]]) -> tuple[Pair, ...]:
    return tuple(pair for _, pair in nsmallest(PAIRS_MAX, ((-share, pair) for share, pair in both)))


def _tops(rows: Mapping[str, _Row]) -> dict[str, Cuts]:
    """The services on which no other one hangs, but for the fleet: counted, none counts twice."""
    counted = {id: row for id, row in rows.items() if id != FLEET}
    below = set[str]().union(*(row.region.services for row in counted.values()))
    return {id: row.cuts for id, row in counted.items() if id not in below}


def lost(graph: Graph, down: Collection[str]) -> Iterator[Lost]:
    """Needs that have lost something and are still met."""
    touched = {above for id in down for above in graph.above(id)}
    for id in sorted(touched - set(down)):
        for one in graph.get(id).needs:
            gone = tuple(c for c in one.of if c in down)
            if gone:
                total = len(one.of)
                yield Lost(id, total - len(gone), total, one.least, gone)
