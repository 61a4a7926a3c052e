"""Asked again after any change, an audit is that of one who has never seen the fleet before."""

import random
from collections.abc import Iterator

import msgspec
import pytest

from hwagent.config.topology import Topology
from hwagent.testing.racks import Racks
from hwagent.topology.audit import Auditor
from hwagent.topology.common import Memo, Region, Shared, common_causes, forget, region
from hwagent.topology.cuts import Solver
from hwagent.topology.fleet import Fleet
from hwagent.topology.graph import SERVICES, Graph, Node, need
from hwagent.topology.tally import Cuts
from hwagent.topology.view import topology
from hwagent.topology.whatif import what_if
from tests.topology.oracle import random_graph, tried


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
        if node.kind == "psu" and rng.random() < 0.3:
            told = msgspec.structs.replace(told, needs=(need(1, ["feed:a"]),))
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
        asked = Topology(prices=rng.choice([{}, {"psu": 100, "cable": 10}]))
        anew = Fleet()
        for host, nodes in parts.items():
            anew.take(host, nodes)
        assert auditor.audit(asked, dead) == Auditor(anew).audit(asked, dead)
        assert fleet.graph.ids() == anew.graph.ids()
        assert len(fleet.graph) == len(anew.graph.ids())


@pytest.mark.parametrize("seed", range(60))
def test_common_causes_of_any_graph_are_found_again_after_any_change(seed):
    graph, _ = random_graph(seed, 40)
    solver, rng, memo = Solver(graph), random.Random(seed), Memo()
    known: dict[str, tuple[Cuts, Region]] = {}
    for _ in range(20):
        change(rng, graph, solver)
        services = [id for kind in SERVICES for id in graph.of_kind(kind)]
        for id in services:
            if id not in known or known[id][0] is not solver.cuts(id):
                known[id] = solver.cuts(id), region(graph, solver, id, memo)
        regions = [known[id][1] for id in services]
        alike = Graph(graph.get(id) for id in graph.ids())
        below = [Region(frozenset(), shared(alike, id)) for id in alike.support(services)]
        assert list(common_causes(regions)) == list(common_causes(below))
        for id, one in zip(services, regions):
            assert one.services <= alike.support([id]) & set(services)
        forget(memo, graph)
        assert len(memo) <= len(graph)


def shared(graph: Graph, id: str) -> frozenset[Shared]:
    return region(Graph(graph.get(i) for i in graph.ids()), Solver(graph), id, {}).shared


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


@pytest.mark.parametrize("seed", range(60))
def test_whatever_fails_and_changes_it_is_what_it_takes_beyond_that(seed):
    graph, tops = random_graph(seed, 40)
    solver, rng = Solver(graph), random.Random(seed)
    given = solver.given(())
    for _ in range(10):
        if rng.random() < 0.7:
            change(rng, graph, solver)
        failed = rng.sample(graph.ids(), min(rng.randint(0, 3), len(graph)))
        given.fail(failed)
        for top, wanted in tried(graph, [t for t in tops if t in graph], failed).items():
            cuts = given.cuts(top)
            found = (None, None) if cuts.down else (given.singles(top), set(given.pairs(top)))
            assert found == wanted, (seed, top, failed)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_tried_and_taken_back_leaves_nothing(seed):
    graph, tops = random_graph(seed, 40)
    solver, rng = Solver(graph), random.Random(seed)
    before = {top: solver.cuts(top) for top in tops}
    nodes = {id: graph.get(id) for id in graph.ids()}
    for _ in range(10):
        id = rng.choice([*graph.ids(), "host:new"])
        others = sorted(set(graph.ids()) - graph.ancestors([id]))
        of = rng.sample(others, min(len(others), rng.randint(0, 3)))
        with solver.tried([Node(id=id, needs=(need(1, of),) if of else ())]):
            for top, wanted in tried(graph, tops).items():
                assert (solver.singles(top), set(solver.pairs(top))) == wanted
        assert {id: graph.get(id) for id in graph.ids()} == nodes
        assert all(solver.cuts(top) is cuts for top, cuts in before.items())


def test_many_components_of_one_need_are_counted_as_few_are():
    rng, hosts = random.Random(1), [f"host:{n}" for n in range(120)]
    graph = Graph([])
    solver = Solver(graph)
    for _ in range(12):
        of = [f"switch:{n}" for n in rng.sample(range(9), rng.randint(0, 3))]
        needs = (need(rng.choice([1, len(of)]), of),) if of else ()
        solver.changed(graph.put(Node(id=rng.choice(hosts), needs=needs)))
        every = need(rng.choice([118, 119, 120]), hosts)
        solver.changed(graph.put(Node(id="fleet:all", needs=(every,))))
        wanted = tried(graph, ["fleet:all"])["fleet:all"]
        assert (solver.singles("fleet:all"), set(solver.pairs("fleet:all"))) == wanted
