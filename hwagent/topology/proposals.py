"""What could be done about single points of failure, each tried on the graph. Pure.

A second power supply on another feed, a leg in another switch: where another feed or switch is
there already, a cable does what a purchase would. Each proposal is put into the graph, the minutes
of all that it touches are worked out again, and it is taken back.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from .cuts import Solver
from .graph import Graph, Node, need
from .reliability import Rates
from .score import Purchase, Scores, price_of

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


def tried(
    graph: Graph,
    solver: Solver,
    rates: Rates,
    services: Sequence[str],
    prices: Mapping[str, float],
    worst: Sequence[str],
) -> list[Purchase]:
    """What proposals about the ``worst`` components would save."""
    found: dict[tuple[str, str], Purchase] = {}
    tops = set(services)
    count = 0
    for id in worst:
        for proposal in proposals(graph, id):
            key = proposal.component, proposal.words
            if key not in found and count < TRIALS_MAX:
                count += 1
                found[key] = _try(graph, solver, rates, tops, prices, proposal)
    return [p for p in found.values() if p.minutes > 0]


def proposals(graph: Graph, id: str) -> Iterator[Proposal]:
    """What could be done so that not everything hangs on one feed or switch."""
    kind = id.partition(":")[0]
    cable = _CABLES.get(kind)
    others = _others(graph, id, kind) if cable else []
    if not others:
        return
    above = graph.ancestors([id])
    plugs = set(_plugs(graph, id, cable))
    for owner in sorted({above for plug in plugs for above in graph.above(plug)}):
        for number, one in enumerate(graph.get(owner).needs):
            mine = sorted(plugs.intersection(one.of))
            if not mine or sum(c in above for c in one.of) <= one.spare:
                continue
            if one.spare > 0:
                yield _moved(graph, mine[-1], id, others[0])
            else:
                yield _added(graph, owner, number, mine[0], others[0])


def _plugs(graph: Graph, id: str, kind: str | None) -> Iterator[str]:
    """The power supplies of a feed, or the cards on a switch or its ports."""
    for one in graph.above(id):
        if one.startswith("port:"):
            yield from (i for i in graph.above(one) if i.startswith(f"{kind}:"))
        elif one.startswith(f"{kind}:"):
            yield one


def _others(graph: Graph, id: str, kind: str) -> list[str]:
    """Others of its kind, those of the same rack first, that do not hang on what it hangs on."""
    near = set(graph.below(id))
    alike = [i for i in graph.ids() if i.startswith(f"{kind}:") and i != id]
    return sorted(alike, key=lambda i: (near.isdisjoint(_racks(graph, i)), i))


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


def _try(
    graph: Graph,
    solver: Solver,
    rates: Rates,
    tops: Collection[str],
    prices: Mapping[str, float],
    proposal: Proposal,
) -> Purchase:
    before = [graph.get(node.id) if node.id in graph else None for node in proposal.nodes]
    touched = sorted(graph.ancestors(n.id for n in proposal.nodes if n.id in graph) & set(tops))
    minutes, alone = _minutes(solver, rates, touched)
    try:
        for node in proposal.nodes:
            solver.changed(graph.put(node))
        after, left = _minutes(solver, rates, touched)
    finally:
        for node, old in zip(proposal.nodes, before):
            solver.changed(graph.remove(node.id) if old is None else graph.put(old))
    return Purchase(
        component=proposal.component,
        parts=(proposal.component,),
        stops=tuple(s for s in touched if alone[s] - left[s]),
        minutes=minutes - after,
        price=prices.get(proposal.price, price_of(proposal.component, prices)
                         if proposal.price != "cable" else None),
        advice=proposal.words,
    )  # fmt: skip


def _minutes(
    solver: Solver, rates: Rates, services: Sequence[str]
) -> tuple[float, dict[str, set[str]]]:
    """Minutes a year of some services together, and what takes each down alone."""
    scores = Scores(solver, rates)
    total = sum(scores.minutes(solver.cuts(s)) for s in services)
    return total, {s: solver.singles(s) for s in services}
