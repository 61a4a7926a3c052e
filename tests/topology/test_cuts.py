"""Cut sets of size one and two: exact, whatever the graph, and after every change."""

import random

import pytest

from hwagent.topology.cuts import Solver, brute_force
from hwagent.topology.graph import Graph, Node, need
from tests.topology.oracle import random_graph, tried


def found(solver: Solver, id: str):
    cuts = solver.cuts(id)
    return (None, None) if cuts.down else (solver.singles(id), set(solver.pairs(id)))


@pytest.mark.parametrize("block", range(20))
def test_cut_sets_of_a_thousand_random_graphs_are_those_of_trying_all(block):
    for seed in range(block * 50, block * 50 + 50):
        graph, tops = random_graph(seed)
        solver = Solver(graph)
        for top, wanted in tried(graph, tops).items():
            assert found(solver, top) == wanted, (seed, top)


@pytest.mark.parametrize("seed", range(100))
def test_with_some_failed_already_it_is_what_it_takes_beyond_them(seed):
    graph, tops = random_graph(seed, 60)
    base = Solver(graph)
    for top in tops:
        base.cuts(top)
    failed = random.Random(seed).sample(graph.ids(), min(2, len(graph)))
    for top, wanted in tried(graph, tops, failed).items():
        assert found(base.given(failed), top) == wanted, (seed, top, failed)


@pytest.mark.parametrize("seed", range(100))
def test_after_any_change_the_answers_are_those_of_the_changed_graph(seed):
    graph, tops = random_graph(seed, 40)
    solver, rng = Solver(graph), random.Random(seed)
    for _ in range(10):
        for top in tops:
            solver.cuts(top)
        id = rng.choice([*graph.ids(), *tops])
        others = sorted(set(graph.ids()) - graph.ancestors([id]))
        of = rng.sample(others, min(len(others), rng.randint(0, 3)))
        change = graph.remove(id) if rng.random() < 0.2 else graph.put(
            Node(id=id, needs=(need(rng.randint(1, len(of)), of),) if of else ())
        )  # fmt: skip
        solver.changed(change)
        for top, wanted in tried(graph, [top for top in tops if top in graph]).items():
            assert found(solver, top) == wanted, (seed, top)


@pytest.mark.parametrize("seed", range(40))
def test_the_oracle_counts_as_failing_one_after_the_other_does(seed):
    graph, tops = random_graph(seed, 14)
    among = [id for id in graph.ids() if graph.get(id).fails]
    for top, (singles, pairs) in tried(graph, tops).items():
        assert {(one,) for one in singles} == brute_force(graph, top, 1, among)
        assert pairs == brute_force(graph, top, 2, among)


def test_legs_of_a_bond_that_meet_in_one_switch_are_no_redundancy():
    graph = Graph(
        [
            Node(id="bond:h/bond0", needs=(need(1, ["nic:h/a", "nic:h/b"]),)),
            Node(id="nic:h/a", needs=(need(1, ["switch:sw1"]),)),
            Node(id="nic:h/b", needs=(need(1, ["switch:sw1"]),)),
        ]
    )
    solver = Solver(graph)
    assert solver.singles("bond:h/bond0") == {"switch:sw1"}
    assert set(solver.pairs("bond:h/bond0")) == {("nic:h/a", "nic:h/b")}
    solver.changed(graph.put(Node(id="nic:h/b", needs=(need(1, ["switch:sw2"]),))))
    assert solver.singles("bond:h/bond0") == set()
    assert ("switch:sw1", "switch:sw2") in set(solver.pairs("bond:h/bond0"))


def test_parts_of_a_host_are_told_as_one():
    parts = [f"dimm:h/{n}" for n in range(50)]
    graph = Graph([Node(id="host:h", needs=(need(50, parts),))])
    solver = Solver(graph)
    assert solver.cuts("host:h").singles == {"host:h"}
    assert set(solver.members("host:h")) == {"host:h", *parts}


def test_a_circle_is_opened_and_told():
    graph = Graph(
        [
            Node(id="host:a", needs=(need(1, ["host:b"]),)),
            Node(id="host:b", needs=(need(1, ["host:a"]),)),
        ]
    )
    solver = Solver(graph)
    assert solver.singles("host:a") == {"host:a", "host:b"}
    assert len(solver.circles) == 1
