"""Asked again after any change, an audit is that of one who has never seen the fleet before."""

import random
from collections.abc import Iterator

import msgspec
import pytest

from hwagent.config.topology import Topology
from hwagent.testing.racks import Racks
from hwagent.topology.audit import Auditor
from hwagent.topology.common import Memo, common_causes
from hwagent.topology.cuts import Solver
from hwagent.topology.fleet import Fleet
from hwagent.topology.graph import Graph, Node, need
from hwagent.topology.view import topology
from hwagent.topology.whatif import what_if
from tests.topology.oracle import random_graph


def told(rng: random.Random, racks: Racks, host: str) -> Iterator[Node]:
    """What a host might tell: parts missing, broken, unknown, of a batch; cables moved."""
    switches = [s for rack in racks.racks for s in racks.switches(rack)]
    for node in racks.part(host):
        if rng.random() < 0.05:
            continue
        state = rng.choice(["", "", "", "", "", "down", "unknown"])
        facts = (("batch", rng.choice("ab")), ("firmware", rng.choice("ab")))
        told = msgspec.structs.replace(node, state=state, facts=facts)
        if node.kind in ("nic", "switch") and rng.random() < 0.2:
            other = need(1, [rng.choice(switches) if node.kind == "nic" else "rack:r1"])
            told = msgspec.structs.replace(told, needs=(other,))
        yield told


@pytest.mark.parametrize("seed", range(12))
def test_after_any_changes_an_audit_is_that_of_a_new_auditor_of_a_new_fleet(seed):
    rng, racks, fleet = random.Random(seed), Racks(3, 2, spines=2), Fleet()
    auditor, parts = Auditor(fleet), dict(racks.parts())
    for host, nodes in parts.items():
        fleet.take(host, nodes)
    for _ in range(12):
        for host in rng.sample(racks.names, rng.randint(0, 2)):
            if host in parts and rng.random() < 0.3:
                fleet.forget(host)
                del parts[host]
            else:
                parts[host] = racks.part(host) if rng.random() < 0.4 else [*told(rng, racks, host)]
                fleet.take(host, parts[host])
        if len(fleet.graph) and rng.random() < 0.3:
            what_if(fleet, [rng.choice(fleet.graph.ids())])
            topology(fleet)
        dead = rng.sample(racks.names, rng.randint(0, 1))
        anew = Fleet()
        for host, nodes in parts.items():
            anew.take(host, nodes)
        assert auditor.audit(Topology(), dead) == Auditor(anew).audit(Topology(), dead)
        assert fleet.graph.ids() == anew.graph.ids()
        assert len(fleet.graph) == len(anew.graph.ids())


@pytest.mark.parametrize("seed", range(60))
def test_common_causes_of_any_graph_are_found_again_after_any_change(seed):
    graph, _ = random_graph(seed, 40)
    solver, rng, memo = Solver(graph), random.Random(seed), Memo()
    for _ in range(20):
        change(rng, graph, solver)
        services = rng.sample(graph.ids(), min(4, len(graph)))
        found = list(common_causes(graph, solver, services, memo))
        alike = Graph(graph.get(id) for id in graph.ids())
        assert found == list(common_causes(alike, Solver(alike), services, {}))
        assert len(memo) <= len(graph)


def change(rng: random.Random, graph: Graph, solver: Solver) -> None:
    id = rng.choice([*graph.ids(), "host:new"])
    if rng.random() < 0.2:
        solver.changed(graph.remove(id))
        return
    others = sorted(set(graph.ids()) - graph.ancestors([id]))
    of = rng.sample(others, min(len(others), rng.randint(0, 4)))
    needs = (need(rng.randint(1, len(of)), of),) if of else ()
    facts = (("batch", rng.choice("ab")),) if rng.random() < 0.5 else ()
    solver.changed(graph.put(Node(id=id, needs=needs, facts=facts)))
