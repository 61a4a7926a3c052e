"""Every failure of one and of two components tried, all at once: one bit for each scenario.

It shares nothing with the solver but the meaning of a need: for each scenario, who has lost more
than can be spared does not work. Counting is done by adding up bits, as a circuit does.
"""

import random
from collections.abc import Iterable
from itertools import combinations

from hwagent.topology.graph import Graph, Node, need


def random_graph(seed: int, largest: int = 200) -> tuple[Graph, list[str]]:
    """A graph of up to so many components, and the ids of some that are asked about.

    Shapes differ from seed to seed: how wide, how deep, how much is shared, how much is spare.
    """
    rng = random.Random(seed)
    count = rng.randint(2, largest)
    kinds = rng.choice([("disk",), ("disk", "host", "array"), ("nic", "vip", "bond", "host")])
    reach = rng.choice([3, 10, count])
    names = [f"{rng.choice(kinds)}:{n}" for n in range(count)]
    nodes = []
    for number, id in enumerate(names):
        below = names[max(0, number - reach) : number]
        needs = []
        for _ in range(rng.choice([0, 1, 1, 2, 3]) if below else 0):
            of = rng.sample(below, min(len(below), rng.choice([1, 1, 2, 2, 3, 5])))
            needs.append(
                need(rng.choice([len(of), max(1, len(of) - 1), rng.randint(1, len(of))]), of)
            )
        nodes.append(Node(id=id, needs=tuple(needs)))
    rng.shuffle(nodes)
    return Graph(nodes), names[-3:]


def tried(graph: Graph, tops: Iterable[str], failed: Iterable[str] = ()):
    """For each component of ``tops``: the minimal cut sets of size one and of size two."""
    ids = [id for id in graph.ids() if graph.get(id).fails]
    scenarios = [(), *((id,) for id in ids), *combinations(ids, 2)]
    everywhere = (1 << len(scenarios)) - 1
    broken = dict.fromkeys(graph.ids(), 0)
    for number, scenario in enumerate(scenarios):
        for id in scenario:
            broken[id] |= 1 << number
    for id in failed:
        broken[id] = everywhere
    down: dict[str, int] = {}
    for id in _from_below(graph):
        down[id] = broken[id]
        for one in graph.get(id).needs:
            down[id] |= _more_than(one.spare, [down[child] for child in one.of])
    return {top: _minimal(scenarios, down[top]) for top in tops}


def _from_below(graph: Graph) -> list[str]:
    order: dict[str, None] = {}

    def visit(id: str) -> None:
        if id not in order:
            for child in graph.below(id):
                visit(child)
            order[id] = None

    for id in graph.ids():
        visit(id)
    return list(order)


def _more_than(spare: int, lost: list[int]) -> int:
    """Scenarios in which more than ``spare`` of these are lost."""
    at_least = [0] * (spare + 2)  # at_least[n]: scenarios in which n or more are lost
    for one in lost:
        for n in range(spare + 1, 0, -1):
            at_least[n] |= one & (at_least[n - 1] if n > 1 else -1)
    return at_least[spare + 1]


def _minimal(scenarios, down: int):
    hit = [s for number, s in enumerate(scenarios) if down >> number & 1]
    if () in hit:
        return None, None
    singles = {s[0] for s in hit if len(s) == 1}
    pairs = {tuple(sorted(s)) for s in hit if len(s) == 2 and not singles & set(s)}
    return singles, pairs
