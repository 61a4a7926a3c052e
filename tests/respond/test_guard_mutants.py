"""Every guard is needed: take it out, and the scenario that it stands against gets through."""

import pytest

from hwagent.model import Result
from hwagent.respond import Run, guards, planner
from tests.respond import making
from tests.respond.breaking import SCENARIOS


def attempt(monkeypatch, scenario):
    """The step that a planner with one careless action comes to."""

    def find(name):
        return scenario.spec if name == "careless" else real(name)

    real = planner.find
    monkeypatch.setattr(planner, "find", find)
    monkeypatch.setattr(planner, "ACTIONS", (*planner.ACTIONS, "careless"))
    made = making.planner(scenario.seen)
    scenario.before(made, scenario.seen)
    cause = making.alert(scenario.on, "careless", labels=scenario.labels)
    steps = made.plan(scenario.seen, [cause])
    return [s for s in steps if act_of(s).name == "careless"]


def act_of(step):
    return step.action if isinstance(step, Run) else step.outcome.action


def without(monkeypatch, name):
    """Takes a guard out of the table."""
    monkeypatch.setattr(guards, "GUARDS", tuple(g for g in guards.GUARDS if g.name != name))


def test_every_guard_has_a_scenario():
    assert set(SCENARIOS) == {guard.name for guard in guards.GUARDS}


#: Guards that only make an action wait: what they wait for was told already.
SILENT = ("one_at_a_time", "cooldown", "tries", "settled")


@pytest.mark.parametrize("name", [n for n in SCENARIOS if n not in SILENT])
def test_the_guard_refuses_with_its_reason(monkeypatch, name):
    (step,) = attempt(monkeypatch, SCENARIOS[name])
    assert step.outcome.result is Result.REFUSED
    assert SCENARIOS[name].reason in step.outcome.detail
    assert f"(guard {name})" in step.outcome.detail


@pytest.mark.parametrize("name", SILENT)
def test_the_guard_lets_it_wait_in_silence(monkeypatch, name):
    assert attempt(monkeypatch, SCENARIOS[name]) == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_without_the_guard_the_harm_is_done(monkeypatch, name):
    without(monkeypatch, name)
    if name == "mode":  # what is not to be done is then at least only rehearsed
        (step,) = attempt(monkeypatch, SCENARIOS[name])
        assert step.outcome.result is Result.REHEARSED
        return
    (step,) = attempt(monkeypatch, SCENARIOS[name])
    assert isinstance(step, Run)
    assert step.verbs == SCENARIOS[name].spec.verbs(None, step.action)


@pytest.mark.parametrize(
    "name", ["known", "last_good_leg", "array_whole", "last_good_member", "redundancy",
             "member_before", "spare_declared", "spare_identity", "spare_well", "spare_free",
             "spare_size", "rebuilds", "per_hour", "cooldown", "mode", "one_at_a_time", "storm",
             "fleet_rebuild", "fleet_per_hour"],
)  # fmt: skip
def test_guards_hold_for_people_too(monkeypatch, name):
    scenario = SCENARIOS[name]
    real = planner.find
    monkeypatch.setattr(planner, "find", lambda n: scenario.spec if n == "careless" else real(n))
    monkeypatch.setattr(planner, "ACTIONS", (*planner.ACTIONS, "careless"))
    made = making.planner(scenario.seen)
    scenario.before(made, scenario.seen)
    step = made.request(scenario.seen, making.action("careless", scenario.on))
    assert SCENARIOS[name].reason in making.refused(step)
    assert f"(guard {name})" in making.refused(step)
