"""Common causes: what makes two of a kind as good as one. Pure.

Components that can stand in for each other do so only if they do not fail together: because they
hang on one thing, or were made on one day, or run the same firmware, or are equally old.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import chain

import msgspec

from .cuts import Cuts, Solver
from .graph import Graph, Need, Node

#: Components whose ages differ by no more months count as equally old, from this age on.
_MONTHS_APART, _MONTHS_OLD = 1, 24


class Common(msgspec.Struct, frozen=True):
    """``what`` is shared (a component's id, or a firmware, batch or age) by that many components
    of each of ``of``, which have fewer to spare."""

    how: str
    what: str
    of: tuple[str, ...]


#: By component: its cuts, and what was found for it while they were these.
Memo = dict[str, tuple[Cuts, list[tuple[str, str]]]]


def common_causes(
    graph: Graph, solver: Solver, services: Collection[str], memo: Memo
) -> Iterator[Common]:
    """What is shared by those who should stand in for each other, by how, in all that ``services``
    hang on. ``memo`` is given again with the next question: what is the same is not looked at."""
    _look(graph, solver, services, memo)
    wanted = set(services)
    found: dict[tuple[str, str], list[str]] = {}
    for id in sorted(id for id, (_, shared) in memo.items() if shared):
        if id in wanted or graph.reaches(graph.above(id), wanted):
            for shared in memo[id][1]:
                found.setdefault(shared, []).append(id)
    for (how, what), of in sorted(found.items(), key=lambda item: (_order(item[0][0]), item)):
        yield Common(how, what, tuple(dict.fromkeys(of)))


def _order(how: str) -> int:
    return ("hangs on", "batch", "firmware", "months").index(how)


def _look(graph: Graph, solver: Solver, services: Collection[str], memo: Memo) -> None:
    """Looks at what is new from the services on down. The solver makes new cuts for all above a
    change: below a component whose cuts are those known, everything is."""
    waiting = list(services)
    while waiting:
        id = waiting.pop()
        known, cuts = memo.get(id), solver.cuts(id)
        if known is None or known[0] is not cuts:
            memo[id] = cuts, list(_shared(graph, solver, graph.get(id)))
            waiting.extend(graph.below(id))
    if len(memo) > len(graph):
        for id in [id for id in memo if id not in graph]:
            del memo[id]


def _shared(graph: Graph, solver: Solver, node: Node) -> Iterator[tuple[str, str]]:
    for one in node.needs:
        if one.spare > 0:
            yield from _hangs_on(solver, one)
            yield from _alike(graph, one)


def _hangs_on(solver: Solver, one: Need) -> Iterator[tuple[str, str]]:
    counts = Counter(chain.from_iterable(solver.cuts(child).singles for child in one.of))
    for element, count in counts.items():
        if count > one.spare:
            yield "hangs on", element


def _alike(graph: Graph, one: Need) -> Iterator[tuple[str, str]]:
    facts = [dict(told) for child in one.of if (told := graph.get(child).facts)]
    for key in ("batch", "firmware"):
        values = [f[key] for f in facts if key in f]
        for value in dict.fromkeys(values):
            if values.count(value) > one.spare and len(values) > 1:
                yield key, value
    ages = sorted(int(f["months"]) for f in facts if f.get("months", "").isdecimal())
    if len(ages) > one.spare and len(ages) > 1 and ages[0] >= _MONTHS_OLD:
        for first, last in zip(ages, ages[one.spare :]):
            if last - first <= _MONTHS_APART:
                yield "months", str(first)
                return
