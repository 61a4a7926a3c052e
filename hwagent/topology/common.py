"""Common causes: what makes two of a kind as good as one. Pure.

Components that can stand in for each other do so only if they do not fail together: because they
hang on one thing, or were made on one day, or run the same firmware, or are equally old.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import msgspec

from .cuts import Solver
from .graph import SERVICES, Graph, Need, Node
from .tally import Cuts

#: Components whose ages differ by no more months count as equally old, from this age on.
_MONTHS_APART, _MONTHS_OLD = 1, 24
_HOW = ("hangs on", "batch", "firmware", "months")
_SERVICES = tuple(f"{kind}:" for kind in SERVICES)


class Common(msgspec.Struct, frozen=True):
    """``what`` is shared (a component's id, or a firmware, batch or age) by that many components
    of each of ``of``, which have fewer to spare."""

    how: str
    what: str
    of: tuple[str, ...]


class Shared(NamedTuple):
    """The component whose needs have something in common, and what."""

    of: str
    how: str
    what: str


class Region(NamedTuple):
    """What is below a service and above the services that it hangs on, which are ``services``."""

    services: frozenset[str]
    shared: frozenset[Shared]


_NOTHING = Region(frozenset(), frozenset())
#: By component: its cuts, and what was found for it while they were these.
Memo = dict[str, tuple[Cuts, Region]]


def region(graph: Graph, solver: Solver, id: str, memo: Memo) -> Region:
    """Looks at one service. It holds while the solver's answer for it is the same object. ``memo``
    is given again with the next question: many services share what is below them."""
    waiting = [id]
    while waiting:
        one = waiting[-1]
        cuts = solver.cuts(one)
        below = [c for c in graph.below(one) if not c.startswith(_SERVICES)]
        new = [c for c in below if c not in memo or memo[c][0] is not solver.cuts(c)]
        if new:
            waiting += new
        else:
            memo[one] = cuts, _region(graph, solver, graph.get(one), [memo[c][1] for c in below])
            waiting.pop()
    return memo[id][1]


def _region(graph: Graph, solver: Solver, node: Node, below: Sequence[Region]) -> Region:
    services = {c for one in node.needs for c in one.of if c.startswith(_SERVICES)}
    shared = {Shared(node.id, *found) for found in _shared(graph, solver, node)}
    if not any((services, shared, *(one is not _NOTHING for one in below))):
        return _NOTHING
    every = services.union(*(one.services for one in below))
    return Region(frozenset(every), frozenset(shared.union(*(one.shared for one in below))))


def common_causes(regions: Iterable[Region]) -> Iterator[Common]:
    """What is shared by those who should stand in for each other, by how."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in set[Shared]().union(*(r.shared for r in regions)):
        found.setdefault((one.how, one.what), []).append(one.of)
    for how, what in sorted(found, key=lambda key: (_HOW.index(key[0]), key)):
        yield Common(how, what, tuple(sorted(found[how, what])))


def forget(memo: Memo, graph: Graph) -> None:
    """Forgets what is not there any more, once that is much."""
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
    switches = {id for child in one.of if (id := _switch(graph, child))}
    run = Counter(dict(graph.get(id).facts).get("firmware", "") for id in switches)
    for value, count in run.items():
        if value and count > max(1, one.spare):
            yield "firmware", value
    ages = sorted(int(f["months"]) for f in facts if f.get("months", "").isdecimal())
    if len(ages) > one.spare and len(ages) > 1 and ages[0] >= _MONTHS_OLD:
        for first, last in zip(ages, ages[one.spare :]):
            if last - first <= _MONTHS_APART:
                yield "months", str(first)
                return


def _switch(graph: Graph, id: str) -> str:
    """The switch that a card or a port hangs on; empty if it hangs on none, or is neither."""
    for _ in range(3):  # a card, its port, the switch
        if id.startswith("switch:"):
            return id
        if not id.startswith(("nic:", "port:")):
            return ""
        id = next((c for c in graph.below(id) if c.startswith(("port:", "switch:"))), "")
    return ""
