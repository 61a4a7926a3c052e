"""Minimal cut sets of one and two components, exactly, and anew only where something changed.

A cut set is a set of components that, failing together, take a service down; it is minimal if no
part of it does. They are found from below: a need with ``spare`` to lose is lost by whatever takes
down more than ``spare`` of its components, so the cuts of a component follow from those of what it
needs. What only one component needs, and needs without a spare, is as good as a part of it: both
are one *element*, told by the name of the upper one, so that a host whose fifty parts cannot be
spared makes one cut with its peer and not fifty times fifty. Nothing is approximated; ``members``
unfolds an element.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations, product
from typing import TypeVar

from .graph import SERVICES, Graph, Node
from .tally import NO_PAIRS, Cuts, Pair, Tally

_T = TypeVar("_T")
#: What is known of a component: its cuts, and its members as an element.
_Solved = tuple[Cuts, tuple[str, ...]]
#: Of needs of more components it is kept how many of these each element takes down.
_MANY = 100


class Solver:
    """Cut sets of everything in a graph, kept until what is below them changes."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._cuts: dict[str, Cuts] = {}
        self._members: dict[str, tuple[str, ...]] = {}
        self._tallies: dict[str, dict[int, Tally]] = {}
        self._down: set[str] = set()
        #: Circles that were opened, as text.
        self.circles: list[str] = []

    def given(self, failed: Iterable[str]) -> "Given":
        """A solver for the same graph with these failed."""
        return Given(self, self._graph, failed)

    def changed(self, ids: Iterable[str]) -> dict[str, _Solved]:
        """Forgets what follows from components that changed; returns that."""
        forgot: dict[str, _Solved] = {}
        waiting = list(ids)
        while waiting:
            id = waiting.pop()
            if id not in self._graph:
                self._tallies.pop(id, None)
            cuts = self._cuts.pop(id, None)
            if cuts is not None:  # what needs it is solved only if it is
                forgot[id] = cuts, self._members.pop(id)
                waiting.extend(self._graph.above(id))
        return forgot

    @contextmanager
    def tried(self, nodes: Sequence[Node]) -> Iterator[None]:
        """With these nodes in the graph. Afterwards it is as before, and so is what was solved."""
        graph = self._graph
        before = [graph.get(node.id) if node.id in graph else None for node in nodes]
        forgot: dict[str, _Solved] = {}
        try:
            for node in nodes:
                forgot |= self.changed(graph.put(node))
            yield
        finally:
            for node, old in zip(nodes, before):
                self.changed(graph.remove(node.id) if old is None else graph.put(old))
            for id, (cuts, members) in forgot.items():
                self._cuts[id], self._members[id] = cuts, members

    def cuts(self, id: str) -> Cuts:
        """The cut sets of one component, in elements."""
        if not self._knows(id):
            for one in self._order(id):
                self._solve(self._graph.get(one))
        return self._cuts[id]

    def members(self, element: str) -> tuple[str, ...]:
        """The components that are one element: any of them does the same."""
        return self._members[element]

    def singles(self, id: str) -> set[str]:
        """Single points of failure, one by one."""
        return {member for element in self.cuts(id).singles for member in self.members(element)}

    def pairs(self, id: str) -> Iterator[Pair]:
        """Pairs of components, one by one, each sorted."""
        for one, other in self.cuts(id).pairs:
            for pair in product(self.members(one), self.members(other)):
                yield pair if pair[0] < pair[1] else (pair[1], pair[0])

    def _order(self, top: str) -> Iterator[str]:
        """What is not solved yet, from below; a need that closes a circle is dropped."""
        path: dict[str, Iterator[str]] = {top: self._below(top)}
        while path:
            id, rest = next(reversed(path.items()))
            child = next(rest, None)
            if child is None:
                del path[id]
                yield id
            elif child in path:
                self.circles.append(f"{id} needs {child}, which needs {id}")
                self._graph.drop(id, child)
                path[id] = self._below(id)
            elif not self._knows(child):
                path[child] = self._below(child)

    def _knows(self, id: str) -> bool:
        return id in self._cuts

    def _below(self, id: str) -> Iterator[str]:
        return iter(sorted(c for c in self._graph.below(id) if not self._knows(c)))

    def _solve(self, node: Node) -> None:
        id = node.id
        if id in self._down:
            self._cuts[id], self._members[id] = Cuts(down=True), (id,)
            return
        singles: set[str] = set()
        pairs: set[Pair] = set()
        members = [id] if node.fails else []
        own: set[str] = set()
        for number, one in enumerate(node.needs):
            found = {child: self._cuts[child] for child in one.of}
            if one.spare > 0:
                self._redundant(id, number, found, singles, pairs)
                continue
            self._all(id, number, found, singles, pairs)
            for child in one.of:
                if child not in own and self._is_part(child):
                    own.add(child)
                    members += self._members[child]
        singles -= own
        if members:
            singles.add(id)
        settled = singles | own
        self._members[id] = tuple(members)
        left = (p for p in pairs if p[0] not in settled and p[1] not in settled)
        self._cuts[id] = Cuts(frozenset(singles), frozenset(left) if pairs else NO_PAIRS)

    def _is_part(self, child: str) -> bool:
        return len(self._graph.above(child)) == 1 and child.partition(":")[0] not in SERVICES

    def _tally(self, id: str, number: int, found: dict[str, Cuts]) -> Tally:
        """How many of a need's components each takes down; kept where that is much to count."""
        tally = Tally() if len(found) < _MANY else self._kept(id, number)
        tally.count(found)
        return tally

    def _kept(self, id: str, number: int) -> Tally:
        return self._tallies.setdefault(id, {}).setdefault(number, Tally())

    def _all(
        self, id: str, number: int, found: dict[str, Cuts], singles: set[str], pairs: set[Pair]
    ) -> None:
        """Cuts of a need without a component to spare: those of each."""
        if len(found) < _MANY:
            for cuts in found.values():
                singles |= cuts.singles
                pairs |= cuts.pairs
        else:
            tally = self._tally(id, number, found)
            singles.update(tally.alone)
            pairs.update(tally.both)

    def _redundant(
        self, id: str, number: int, found: dict[str, Cuts], singles: set[str], pairs: set[Pair]
    ) -> None:
        """Cuts of a need with components to spare: what takes down more than that."""
        tally = self._tally(id, number, found)
        live = [cuts for cuts in found.values() if not cuts.down]
        spare = self._graph.get(id).needs[number].spare - (len(found) - len(live))
        alone, both = tally.alone, tally.both
        singles.update(element for element, count in alone.items() if count > spare)
        # Which components each takes down is looked at only where their number could suffice:
        # of a fleet that can lose a thousand hosts almost nothing is left.
        widest = max((count for count in alone.values() if count <= spare), default=0)
        near = {pair for pair, count in both.items() if count + 2 * widest > spare}
        wide = {element for element, count in alone.items() if spare - widest < count <= spare}
        covers = _covers([found.singles for found in live], wide.union(*near))
        for (a, b), cover in _covers([found.pairs for found in live], near).items():
            if (cover | covers.get(a, 0) | covers.get(b, 0)).bit_count() > spare:
                pairs.add((a, b))
        rest: dict[int, list[str]] = {}
        for element in wide:
            rest.setdefault(covers[element], []).append(element)
        pairs.update(_products(rest, spare))


class Given(Solver):
    """Cut sets of a graph in which some have failed already: what it takes beyond that.

    Whom the failures do not reach is asked of the solver without them. Of the others an answer
    holds while that solver's own is the same and so are the failures below.
    """

    def __init__(self, base: Solver, graph: Graph, failed: Iterable[str]) -> None:
        super().__init__(graph)
        self._base = base
        #: By component, the solver's answer when it was solved here.
        self._then: dict[str, Cuts] = {}
        #: Whom the failures reach.
        self.reached: set[str] = set()
        self.fail(failed)

    def fail(self, failed: Iterable[str]) -> None:
        """These and no others have failed now."""
        down = self._graph.down(failed)
        for id in self._graph.ancestors(down ^ self._down):
            self._then.pop(id, None)
        self._down, self.reached = down, self._graph.ancestors(down)
        for known in (self._cuts, self._members, self._then, self._tallies):
            if len(known) > len(self.reached):
                for id in known.keys() - self.reached:
                    del known[id]

    def cuts(self, id: str) -> Cuts:
        """The cut sets of one component, in elements."""
        return super().cuts(id) if id in self.reached else self._base.cuts(id)

    def members(self, element: str) -> tuple[str, ...]:
        """The components that are one element: any of them does the same."""
        return super().members(element) if element in self.reached else self._base.members(element)

    def _knows(self, id: str) -> bool:
        cuts = self._base.cuts(id)
        if id in self.reached:
            return self._then.get(id) is cuts
        self._cuts[id], self._members[id] = cuts, self._base.members(id)
        return True

    def _kept(self, id: str, number: int) -> Tally:
        if number not in self._tallies.get(id, ()):  # most of it is as without the failures
            self._tallies.setdefault(id, {})[number] = self._base._kept(id, number).copy()
        return self._tallies[id][number]

    def _solve(self, node: Node) -> None:
        super()._solve(node)
        self._then[node.id] = self._base.cuts(node.id)


def _covers(found: Iterable[frozenset[_T]], among: set[_T]) -> dict[_T, int]:
    """Of which sets each of ``among`` is: one bit for each set."""
    covers: dict[_T, int] = {}
    for number, some in enumerate(found):
        for one in some & among:
            covers[one] = covers.get(one, 0) | 1 << number
    return covers


def _products(rest: dict[int, list[str]], spare: int) -> Iterator[Pair]:
    """Pairs of elements that together cover more than can be spared."""
    covers = sorted(rest, key=int.bit_count, reverse=True)
    for index, one in enumerate(covers):
        least = spare - one.bit_count()
        for other in covers[index:]:
            if other.bit_count() <= least:
                break
            if one == other or (one | other).bit_count() <= spare:
                continue
            for a, b in product(rest[one], rest[other]):
                yield (a, b) if a < b else (b, a)


def brute_force(graph: Graph, id: str, size: int, among: Collection[str]) -> set[tuple[str, ...]]:
    """Minimal cut sets of one size by trying them all: what ``Solver`` is tested against."""
    smaller = [set(c) for n in range(1, size) for c in brute_force(graph, id, n, among)]
    return {
        chosen
        for chosen in combinations(sorted(among), size)
        if id in graph.down(chosen) and not any(s <= set(chosen) for s in smaller)
    }
