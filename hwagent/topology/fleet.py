"""The graph of the fleet out of the parts of its hosts, and its cut sets, kept up to date. Pure."""

from collections import Counter
from collections.abc import Iterable
from functools import reduce

from .cuts import Solver
from .graph import SERVICES, Graph, Node, need
from .part import joined

#: The fleet as a service: each address is held, and at least half of the hosts work.
FLEET = "fleet:all"


class Fleet:
    """Takes what hosts tell, each its part; only what changed is worked out anew."""

    def __init__(self) -> None:
        self.graph = Graph()
        self._solver = Solver(self.graph)
        self._told: dict[str, dict[str, Node]] = {}
        #: By id, what is said of a component and by how many: a switch is told by all of its rack.
        self._by_id: dict[str, Counter[Node]] = {}
        #: What is said not to work, or not to be known, by id.
        self._states: dict[str, str] = {}
        #: Services by kind, and whether those that make up the fleet have changed.
        self._tops: dict[str, set[str]] = {kind: set() for kind in SERVICES}
        self._new_tops = False

    @property
    def solver(self) -> Solver:
        """Cut sets of everything, up to date."""
        if self._new_tops:
            self._new_tops = False
            self._whole()
        return self._solver

    def take(self, owner: str, nodes: Iterable[Node]) -> set[str]:
        """The part of one owner, whole; returns the components that changed."""
        before, after = self._told.get(owner, {}), {n.id: n for n in nodes}
        self._told[owner] = after
        changed = {id for id in before.keys() | after.keys() if before.get(id) != after.get(id)}
        for id in changed:
            said = self._by_id.setdefault(id, Counter())
            if id in after:
                said[after[id]] += 1
            if id in before:
                said[before[id]] -= 1
                said = self._by_id[id] = +said
            self._settle(id, said)
        return changed

    def forget(self, owner: str) -> None:
        """An owner is not known any more."""
        self.take(owner, ())
        del self._told[owner]

    def owners(self) -> list[str]:
        """Those whose parts are known."""
        return sorted(self._told)

    def services(self) -> list[str]:
        """All services, sorted within each kind: what an audit is about."""
        whole = [FLEET] if self.solver and FLEET in self.graph else []
        return [id for kind in SERVICES for id in sorted(self._tops[kind])] + whole

    def failed(self, dead: Iterable[str] = ()) -> set[str]:
        """What is down now by what its host says; ``dead`` hosts besides."""
        said = {id for id, state in self._states.items() if state == "down"}
        return said | {f"host:{name}" for name in dead}

    def unknown(self) -> list[str]:
        """Components of which nobody can tell whether they work."""
        return sorted(id for id, state in self._states.items() if state == "unknown")

    def _settle(self, id: str, said: Counter[Node]) -> None:
        kind = id.partition(":")[0]
        if kind in self._tops and (id in self._tops[kind]) != bool(said):
            (self._tops[kind].add if said else self._tops[kind].discard)(id)
            self._new_tops = True
        self._states.pop(id, None)
        if not said:
            del self._by_id[id]
            self._solver.changed(self.graph.remove(id))
            return
        node = reduce(joined, sorted(said, key=repr) if len(said) > 1 else said)
        if node.state:
            self._states[id] = node.state
        before = self.graph.get(id)
        touched = self.graph.put(node)
        if (before.needs, before.facts) != (node.needs, node.facts):
            self._solver.changed(touched)

    def _whole(self) -> None:
        vips, hosts = sorted(self._tops["vip"]), sorted(self._tops["host"])
        needs = [need(len(vips), vips)] if vips else []
        needs += [need((len(hosts) + 1) // 2, hosts)] if hosts else []
        if needs:
            self._solver.changed(self.graph.put(Node(id=FLEET, needs=tuple(needs))))
        else:
            self._solver.changed(self.graph.remove(FLEET))
