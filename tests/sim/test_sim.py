"""The protocol in virtual time: some hundred schedules, and each mutant by one that catches it.

``make sim`` runs ten thousand. After a change of the schedules ``make sim-mutants`` finds new ones.
"""

import json
import subprocess
import sys

import pytest

from tests.sim.mutants import MUTANTS, Mutant, applied
from tests.sim.plan import Fault, Plan, make
from tests.sim.shrink import shrink
from tests.sim.sweep import judge, sweep
from tests.sim.world import World, run

#: Schedules in which the first versions of the protocol failed stand for what they showed.
RUNS = 300


def test_no_schedule_has_two_owners_and_each_vip_is_served_in_time() -> None:
    assert [v for v in sweep(range(RUNS)) if v.violation or v.unserved] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_is_caught(mutant: Mutant) -> None:
    with applied(mutant):
        caught = [seed for seed in mutant.seeds if judge(make(seed)).violation]
    assert caught


def test_a_seed_replays_exactly() -> None:
    first, second = [], []
    run(make(7), first.append)
    run(make(7), second.append)
    assert first
    assert first == second


def test_a_failing_schedule_shrinks_to_what_it_needs() -> None:
    mutant = next(m for m in MUTANTS if m.name == "no silence after the start")
    with applied(mutant):
        plan = shrink(make(mutant.seeds[0]), lambda plan: bool(judge(plan).violation))
        fewer = [plan.faults[:i] + plan.faults[i + 1 :] for i in range(len(plan.faults))]
        assert judge(plan).violation
        assert not any(judge(plan._replace(faults=faults)).violation for faults in fewer)
    assert len(plan.faults) < len(make(mutant.seeds[0]).faults)


def test_a_change_of_voters_alone_costs_no_lease() -> None:
    seeds = (seed for seed in range(1000) if make(seed).spare)
    for seed, _ in zip(seeds, range(20)):
        plan = make(seed)
        (change,) = [fault for fault in plan.faults if fault.kind == "transition"]
        leaving, gap, _, *others = change.args
        calm = plan._replace(faults=(change._replace(args=(leaving, gap, "", *others)),))
        assert [line for line in _told(calm) if " lapsed " in line] == []


def test_a_fifth_of_all_packets_lost_moves_nothing() -> None:
    for seed in range(40):
        plan = make(seed)
        loss = Fault(1.0, "noise", ("", 0.2, 0.0, 0.0, 5.0))
        told = _told(plan._replace(faults=(loss,), wrong="", spare=()))
        assert [line for line in told if " lost " in line and "moved" not in line] == []


def test_the_last_line_is_json_with_the_five_keys() -> None:
    argv = [sys.executable, "-m", "tests.sim", "--runs", "2", "--seed", "5"]
    out = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    found = json.loads(out.splitlines()[-1])
    assert found == {
        "schedules": 2,
        "overlaps": 0,
        "unserved": 0,
        "mutants_caught": 0,
        "mutants": 0,
    }


def test_a_gate_that_opens_twice_is_seen() -> None:
    """The check itself: two hosts that open one VIP, one of them long ago."""
    world = World(make(0))
    one, two = world.hosts[:2]
    world.open(one, "10.0.0.0", 2.0)
    world.time = 1.0
    world.open(two, "10.0.0.0", 3.0)
    assert [violation.kind for violation in world.violations] == ["overlap"]


def _told(plan: Plan) -> list[str]:
    told: list[str] = []
    run(plan, told.append)
    return told
