"""What could be done about single points of failure, each tried on the graph. Pure.

A second power supply on another feed, a leg in another switch: where another feed or switch is
there already, a cable does what a purchase would. Each proposal is put into the graph, the minutes
of all that it touches are worked out again, and it is taken back.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from .cuts import Solver
from .graph import Graph, Node, need
from .score import Purchase, Scores, price_of
from .tally import Cuts

#: So many are tried, those about the worst single points of failure first.
TRIALS_MAX = 60
#: What hangs on what by a cable that can be moved.
_CABLES = {"feed": "psu", "switch": "nic"}


class Proposal(msgspec.Struct, frozen=True):
    """Nodes as they would be; ``component`` is moved or bought, ``price`` the key of its price."""

    component: str
    nodes: tuple[Node, ...]
    price: str
    words: str


class Trials:
    """Tries proposals; what was tried before is known while nothing below it has changed."""

    def __init__(
        self, graph: Graph, solver: Solver, scores: Scores, prices: Mapping[str, float]
    ) -> None:
        self._graph = graph
        self._solver = solver
        self._scores = scores
        self._prices = prices
        #: By proposal, the cuts of all that it touches and hangs on, and what it saved then.
        self._known: dict[Proposal, tuple[list[Cuts], Purchase]] = {}

    def tried(self, services: Collection[str], worst: Iterable[Purchase]) -> list[Purchase]:
        """What proposals about the ``worst`` components would save in these services."""
        known, self._known = self._known, {}
        for proposal in islice(self._proposals(worst), TRIALS_MAX):
            ids = [n.id for n in proposal.nodes if n.id in self._graph]
            touched = sorted(self._graph.ancestors(ids).intersection(services))
            basis = [self._solver.cuts(id) for id in [*touched, *_ends(proposal)]]
            before = known.get(proposal)
            same = before is not None and _same(before[0], basis)
            purchase = before[1] if before and same else self._try(proposal, touched)
            self._known[proposal] = basis, purchase
        return [p for _, p in self._known.values() if p.minutes > 0]

    def _proposals(self, worst: Iterable[Purchase]) -> Iterator[Proposal]:
        seen = set()
        for id in dict.fromkeys(p.component for p in worst):
            for proposal in proposals(self._graph, self._solver, id):
                key = proposal.component, proposal.words
                if key not in seen:
                    seen.add(key)
                    yield proposal

    def _try(self, proposal: Proposal, touched: Sequence[str]) -> Purchase:
        minutes, alone = self._minutes(touched)
        with self._solver.tried(proposal.nodes):
            after, left = self._minutes(touched)
        prices, price = self._prices, proposal.price
        bought = price_of(proposal.component, prices) if price != "cable" else None
        return Purchase(
            component=proposal.component,
            parts=(proposal.component,),
            stops=tuple(s for s in touched if alone[s] - left[s]),
            minutes=minutes - after,
            price=prices.get(price, bought),
            advice=proposal.words,
        )

    def _minutes(self, services: Sequence[str]) -> tuple[float, dict[str, set[str]]]:
        """Minutes a year of some services together, and what takes each down alone."""
        solver, scores = self._solver, self._scores
        cuts = [solver.cuts(s) for s in services]
        total = sum(scores.minutes(c.singles, scores.both(c)) for c in cuts)
        return total, {s: solver.singles(s) for s in services}


def _ends(proposal: Proposal) -> list[str]:
    """What the nodes of a proposal need, apart from each other."""
    own = {node.id for node in proposal.nodes}
    below = (child for node in proposal.nodes for one in node.needs for child in one.of)
    return [child for child in below if child not in own]


def _same(some: Sequence[Cuts], others: Sequence[Cuts]) -> bool:
    """Whether these are the same objects, below which nothing has changed."""
    return len(some) == len(others) and all(a is b for a, b in zip(some, others))


def movable(id: str) -> bool:
    """Whether it is something on which others hang by cables."""
    return id.partition(":")[0] in _CABLES


def proposals(graph: Graph, solver: Solver, id: str) -> Iterator[Proposal]:
    """What could be done so that not everything hangs on one feed or switch."""
    kind = id.partition(":")[0]
    cable = _CABLES.get(kind)
    other = _other(graph, id, kind) if cable else None
    if other is None:
        return
    plugs = set(_plugs(graph, id, cable))
    for owner in sorted({above for plug in plugs for above in graph.above(plug)}):
        for number, one in enumerate(graph.get(owner).needs):
            mine = sorted(plugs.intersection(one.of))
            if not mine or sum(id in solver.singles(c) for c in one.of) <= one.spare:
                continue
            if one.spare > 0:
                yield _moved(graph, mine[-1], id, other)
            else:
                yield _added(graph, owner, number, mine[0], other)


def _plugs(graph: Graph, id: str, kind: str | None) -> Iterator[str]:
    """The power supplies of a feed, or the cards on a switch or its ports."""
    for one in graph.above(id):
        if one.startswith("port:"):
            yield from (i for i in graph.above(one) if i.startswith(f"{kind}:"))
        elif one.startswith(f"{kind}:"):
            yield one


def _other(graph: Graph, id: str, kind: str) -> str | None:
    """Another one of its kind that does not hang on it; one of the same rack if there is one."""
    near = set(graph.below(id))
    alike = [i for i in graph.of_kind(kind) if i != id]
    alike.sort(key=lambda i: near.isdisjoint(_racks(graph, i)))
    return next((i for i in alike if id not in graph.support([i])), None)


def _racks(graph: Graph, id: str) -> Collection[str]:
    return [i for i in graph.below(id) if i.startswith("rack:")]


def _moved(graph: Graph, plug: str, end: str, other: str) -> Proposal:
    words = f"hang it on {other} instead of {end}"
    return Proposal(plug, (_on(graph, plug, other),), "cable", words)


def _added(graph: Graph, owner: str, number: int, plug: str, other: str) -> Proposal:
    twin = f"{plug}+"
    node = graph.get(owner)
    one = node.needs[number]
    rest = [n for i, n in enumerate(node.needs) if i != number]
    rest += [need(1, [c]) for c in one.of if c != plug]
    changed = msgspec.structs.replace(node, needs=(*rest, need(1, [plug, twin])))
    second = msgspec.structs.replace(_on(graph, plug, other), id=twin, state="")
    words = f"a second one, on {other}"
    return Proposal(plug, (changed, second), plug.partition(":")[0], words)


def _on(graph: Graph, plug: str, other: str) -> Node:
    """A plug on another feed or switch; whatever else it needs it needs further on."""
    node = graph.get(plug)
    kept = [n for n in node.needs if not n.of[0].startswith(("feed:", "switch:", "port:"))]
    return msgspec.structs.replace(node, needs=(*kept, need(1, [other])))
