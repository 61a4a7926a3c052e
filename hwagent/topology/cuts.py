"""Minimal cut sets of one and two components, exactly, and anew only where something changed.

A cut set is a set of components that, failing together, take a service down; it is minimal if no
part of it does. They are found from below: a need with ``spare`` to lose is lost by whatever takes
down more than ``spare`` of its components, so the cuts of a component follow from those of what it
needs. What only one component needs, and needs without a spare, is as good as a part of it: both
are one *element*, told by the name of the upper one, so that a host whose fifty parts cannot be
spared makes one cut with its peer and not fifty times fifty. Nothing is approximated; ``members``
unfolds an element.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, combinations, product
from typing import NamedTuple, TypeVar

from .graph import SERVICES, Graph, Need, Node

Pair = tuple[str, str]
_T = TypeVar("_T")
_NONE: frozenset[str] = frozenset()
_NO_PAIRS: frozenset[Pair] = frozenset()


class Cuts(NamedTuple):
    """The elements that alone take a component down, and the pairs; ``down``: it is so already."""

    singles: frozenset[str] = _NONE
    pairs: frozenset[Pair] = _NO_PAIRS
    down: bool = False


class Solver:
    """Cut sets of everything in a graph, kept until what is below them changes.

    ``failed`` have failed already: then the cuts are what it takes beyond that.
    """

    def __init__(self, graph: Graph, failed: Iterable[str] = ()) -> None:
        self._graph = graph
        self._cuts: dict[str, Cuts] = {}
        self._members: dict[str, tuple[str, ...]] = {}
        self._down = graph.down(failed)
        #: Circles that were opened, as text.
        self.circles: list[str] = []

    def given(self, failed: Iterable[str]) -> "Solver":
        """A solver for the same graph with these failed; takes over what does not change."""
        other = Solver(self._graph, failed)
        other._cuts, other._members = self._cuts.copy(), self._members.copy()
        for id in self._graph.ancestors(other._down):
            other._cuts.pop(id, None)
            other._members.pop(id, None)
        return other

    def changed(self, ids: Iterable[str]) -> None:
        """Forgets what follows from components that changed."""
        waiting = list(ids)
        while waiting:
            id = waiting.pop()
            self._members.pop(id, None)
            if self._cuts.pop(id, None) is not None:  # what needs it is solved only if it is
                waiting.extend(self._graph.above(id))

    def cuts(self, id: str) -> Cuts:
        """The cut sets of one component, in elements."""
        if id not in self._cuts:
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
            elif child not in self._cuts:
                path[child] = self._below(child)

    def _below(self, id: str) -> Iterator[str]:
        return iter(sorted(self._graph.below(id)))

    def _solve(self, node: Node) -> None:
        id = node.id
        if id in self._down:
            self._cuts[id], self._members[id] = Cuts(down=True), (id,)
            return
        singles: set[str] = set()
        pairs: set[Pair] = set()
        members = [id] if node.fails else []
        own: set[str] = set()
        for one in node.needs:
            if one.spare > 0:
                self._redundant(one, singles, pairs)
                continue
            for child in one.of:
                found = self._cuts[child]
                singles |= found.singles
                pairs |= found.pairs
                if self._is_part(child) and child not in own:
                    own.add(child)
                    members += self._members[child]
        singles -= own
        if members:
            singles.add(id)
        settled = singles | own
        self._members[id] = tuple(members)
        left = (p for p in pairs if p[0] not in settled and p[1] not in settled)
        self._cuts[id] = Cuts(frozenset(singles), frozenset(left) if pairs else _NO_PAIRS)

    def _is_part(self, child: str) -> bool:
        return len(self._graph.above(child)) == 1 and self._graph.get(child).kind not in SERVICES

    def _redundant(self, one: Need, singles: set[str], pairs: set[Pair]) -> None:
        """Cuts of a need with components to spare: what takes down more than that."""
        live = [found for child in one.of if not (found := self._cuts[child]).down]
        spare = one.spare - (len(one.of) - len(live))
        alone = Counter(chain.from_iterable(found.singles for found in live))
        both = Counter(chain.from_iterable(found.pairs for found in live))
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
