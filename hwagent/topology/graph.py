"""Components and what each needs: ``at least k of these``. Monotone; circles are opened."""

from collections.abc import Callable, Collection, Iterable, Iterator

import msgspec

#: Kinds that only stand for what they need and cannot fail by themselves.
ABSTRACT = frozenset(
    {"array", "bond", "filesystem", "fleet", "group", "link", "multipath", "seat", "service", "vip"}
)
#: Kinds of which an audit tells whether and how they can be lost.
SERVICES = ("vip", "service", "array", "host", "fleet")
_NO_IDS: frozenset[str] = frozenset()


class Need(msgspec.Struct, frozen=True, array_like=True):
    """``least`` of the components ``of`` must work, or the one that needs them does not."""

    least: int
    of: tuple[str, ...]

    @property
    def spare(self) -> int:
        """How many of them may be lost."""
        return len(self.of) - self.least


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One component of the fleet. ``state`` is empty, ``down`` or ``unknown``.

    ``facts`` are what it may have in common with others: model, firmware, batch, age.
    """

    id: str
    needs: tuple[Need, ...] = ()
    state: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        """What comes before the colon of its id."""
        return self.id.partition(":")[0]

    @property
    def fails(self) -> bool:
        """Whether it is a thing that breaks, rather than a name for what it is made of."""
        return self.kind not in ABSTRACT


def need(least: int, of: Iterable[str]) -> Need:
    """A need of each component once; never of more than there are."""
    each = tuple(dict.fromkeys(of))
    return Need(min(least, len(each)), each)


class Graph:
    """Nodes by id. What is needed and not described is a component that needs nothing."""

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self._nodes: dict[str, Node] = {}
        #: What needs each: of everything, be it described, needed or both.
        self._above: dict[str, set[str]] = {}
        self._kinds: dict[str, set[str]] = {}
        for node in nodes:
            self.put(node)

    def __contains__(self, id: str) -> bool:
        return id in self._above

    def __len__(self) -> int:
        return len(self._above)

    def ids(self) -> list[str]:
        """All ids, sorted."""
        return sorted(self._above)

    def of_kind(self, kind: str) -> list[str]:
        """All ids of one kind, sorted."""
        return sorted(self._kinds.get(kind, ()))

    def get(self, id: str) -> Node:
        """A node; one without needs for an id that is only needed."""
        return self._nodes.get(id) or Node(id=id)

    def above(self, id: str) -> Collection[str]:
        """What needs a component directly."""
        return self._above.get(id, _NO_IDS)

    def below(self, id: str) -> Iterator[str]:
        """What a component needs directly."""
        for one in self.get(id).needs:
            yield from one.of

    def put(self, node: Node) -> set[str]:
        """Takes a node new or changed; returns whose answers may change: it, and what needed alone
        a thing that it shares now, or shared one that it now needs alone."""
        before = set(self.below(node.id))
        self._nodes[node.id] = node
        self._parents(node.id)
        after = set(self.below(node.id))
        return {node.id} | self._relink(node.id, before, after)

    def remove(self, id: str) -> set[str]:
        """Takes a node away; returns whose answers may change, as ``put`` does."""
        before = set(self.below(id))
        self._nodes.pop(id, None)
        touched = {id} | self._relink(id, before, set())
        self._forget_if_unknown(id)
        return touched

    def _relink(self, id: str, before: set[str], after: set[str]) -> set[str]:
        touched: set[str] = set()
        for child in before ^ after:
            parents = self._parents(child)
            if len(parents) == (1 if child in after else 2):
                touched |= parents
            (parents.add if child in after else parents.discard)(id)
            self._forget_if_unknown(child)
        return touched

    def _parents(self, id: str) -> set[str]:
        if id not in self._above:
            self._above[id] = set()
            self._kinds.setdefault(id.partition(":")[0], set()).add(id)
        return self._above[id]

    def _forget_if_unknown(self, id: str) -> None:
        if id in self._above and id not in self._nodes and not self._above[id]:
            del self._above[id]
            self._kinds[id.partition(":")[0]].discard(id)

    def drop(self, id: str, child: str) -> None:
        """Forgets that a component needs another: it closes a circle."""
        node = self.get(id)
        kept = ((n, tuple(c for c in n.of if c != child)) for n in node.needs)
        needs = tuple(need(n.least, of) for n, of in kept if of)
        self.put(msgspec.structs.replace(node, needs=needs))

    def ancestors(self, ids: Iterable[str]) -> set[str]:
        """These and all that needs them, directly or not."""
        return _closure(ids, self.above)

    def support(self, ids: Iterable[str]) -> set[str]:
        """These and all that they need, directly or not."""
        return _closure(ids, self.below)

    def down(self, failed: Iterable[str]) -> set[str]:
        """All that does not work while these have failed: they, and what lacks what it needs."""
        lost: dict[tuple[str, int], int] = {}
        found = {id for id in failed if id in self}
        waiting = list(found)
        while waiting:
            child = waiting.pop()
            for parent in self.above(child):
                if parent not in found and self._lacks(parent, child, lost):
                    found.add(parent)
                    waiting.append(parent)
        return found

    def _lacks(self, id: str, child: str, lost: dict[tuple[str, int], int]) -> bool:
        for number, one in enumerate(self.get(id).needs):
            if child in one.of:
                count = lost[id, number] = lost.get((id, number), 0) + 1
                if count > one.spare:
                    return True
        return False


def _closure(ids: Iterable[str], step: Callable[[str], Iterable[str]]) -> set[str]:
    found = set(ids)
    waiting = list(found)
    while waiting:
        for other in step(waiting.pop()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found
