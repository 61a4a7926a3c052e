"""Common causes: what makes two of a kind as good as one. Pure.

Components that can stand in for each other do so only if they do not fail together: because they
hang on one thing, or were made on one day, or run the same firmware, or are equally old.
"""

from collections.abc import Collection, Iterator

import msgspec

from .cuts import Solver
from .graph import Graph, Need

#: Components whose ages differ by no more months count as equally old, from this age on.
_MONTHS_APART, _MONTHS_OLD = 1, 24


class Common(msgspec.Struct, frozen=True):
    """``what`` is shared (a component's id, or a firmware, batch or age) by that many components
    of each of ``of``, which have fewer to spare."""

    how: str
    what: str
    of: tuple[str, ...]


#: What was found for a need, and the nodes and cuts that it was found from.
Memo = dict[Need, tuple[list[object], list[tuple[str, str]]]]


def common_causes(
    graph: Graph, solver: Solver, among: Collection[str], memo: Memo
) -> Iterator[Common]:
    """What is shared by those who should stand in for each other, by how. ``memo`` is given again
    with the next question: what is the same is not looked at again."""
    found: dict[tuple[str, str], list[str]] = {}
    for id in sorted(among):
        for one in graph.get(id).needs:
            if one.spare > 0:
                for shared in _shared(graph, solver, one, memo):
                    found.setdefault(shared, []).append(id)
    for (how, what), of in sorted(found.items(), key=lambda item: (_order(item[0][0]), item)):
        yield Common(how, what, tuple(dict.fromkeys(of)))


def _order(how: str) -> int:
    return ("hangs on", "batch", "firmware", "months").index(how)


def _shared(graph: Graph, solver: Solver, one: Need, memo: Memo) -> list[tuple[str, str]]:
    basis: list[object] = [solver.cuts(child) for child in one.of]
    basis += [graph.get(child).facts for child in one.of]
    known = memo.get(one)
    if known is None or any(a is not b for a, b in zip(known[0], basis)):
        known = memo[one] = basis, [*_hangs_on(solver, one), *_alike(graph, one)]
    return known[1]


def _hangs_on(solver: Solver, one: Need) -> Iterator[tuple[str, str]]:
    counts: dict[str, int] = {}
    for child in one.of:
        for element in solver.cuts(child).singles:
            counts[element] = counts.get(element, 0) + 1
    for element, count in counts.items():
        if count > one.spare:
            yield "hangs on", element


def _alike(graph: Graph, one: Need) -> Iterator[tuple[str, str]]:
    facts = [dict(graph.get(child).facts) for child in one.of]
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
