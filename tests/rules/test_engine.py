"""The engine: changes in, transitions out."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwagent.model import Alert, AlertState, Severity
from hwagent.rules import Engine, RuleSet, explain
from tests.rules.making import rules

HOT = """
alert: Hot
expr: celsius > 50
clear: celsius < 45
annotations: {summary: "{id} is {celsius:.1f} C, {errors} errors"}
actions: [locate]
"""
BROKEN = "{alert: Broken, expr: missing > 0, labels: {severity: critical}}"
ODD = "{alert: Odd, expr: celsius > peers(celsius) + 10}"
GROWING = "{alert: Growing, expr: 'increase(errors, 10m) >= 3', for: 1m}"


def see(engine: Engine, now: float, id: str = "disk:a", **metrics: Any) -> list[Alert]:
    attributes = metrics.pop("attributes", {})
    engine.observe(now, id, id.partition(":")[0], metrics, attributes)
    return engine.evaluate(now)


def told(alerts: list[Alert]) -> list[tuple[str, str, str]]:
    return [(a.rule, a.component, a.state.value) for a in alerts]


def test_an_alert_is_told_once_when_it_fires_and_once_when_it_resolves(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, HOT))
    assert see(engine, 0, celsius=40.0) == []
    (fired,) = see(engine, 10, celsius=51.25, errors=3)
    assert fired == Alert(
        rule="Hot",
        component="disk:a",
        kind="disk",
        state=AlertState.FIRING,
        severity=Severity.WARNING,
        since=10,
        summary="disk:a is 51.2 C, 3 errors",
        labels={"severity": "warning"},
        values={"celsius": 51.25},
        actions=("locate",),
    )
    assert see(engine, 20, celsius=52.0) == []
    assert [a.summary for a in engine.alerts()] == ["disk:a is 52.0 C, unknown errors"]
    assert see(engine, 30, celsius=46.0) == []
    (resolved,) = see(engine, 40, celsius=44.0)
    assert (resolved.state, resolved.since) == (AlertState.RESOLVED, 40)
    assert resolved.summary == "disk:a is 52.0 C, unknown errors"
    assert engine.alerts() == []
    assert see(engine, 50, celsius=44.0) == []


def test_time_alone_fires_what_has_waited_long_enough(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, "{expr: missing > 0, for: 5m}"))
    assert told(see(engine, 100, missing=1)) == [("Alert0", "disk:a", "pending")]
    assert engine.next_due() == 400
    assert engine.evaluate(399) == []
    assert told(engine.evaluate(400)) == [("Alert0", "disk:a", "firing")]
    assert engine.next_due() is None


def test_a_pending_alert_that_comes_to_nothing_is_told_as_inactive(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, "{expr: missing > 0, for: 5m}"))
    see(engine, 0, missing=1)
    assert told(see(engine, 10, missing=0)) == [("Alert0", "disk:a", "inactive")]
    assert engine.next_due() is None


def test_growth_leaves_the_window_with_time_alone(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, GROWING))
    see(engine, 0, errors=7)
    assert told(see(engine, 60, errors=10)) == [("Growing", "disk:a", "pending")]
    assert told(engine.evaluate(120)) == [("Growing", "disk:a", "firing")]
    assert engine.next_due() == 660
    assert engine.evaluate(659) == []
    assert told(engine.evaluate(660)) == [("Growing", "disk:a", "resolved")]
    assert engine.next_due() is None


def test_a_metric_that_is_not_known_neither_fires_nor_resolves(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, BROKEN))
    assert see(engine, 0) == []
    see(engine, 10, present=1, missing=1)
    assert see(engine, 20, present=1) == []
    assert [a.state for a in engine.alerts()] == [AlertState.FIRING]
    assert engine.evaluate(20 + 86399) == []
    (stale,) = engine.evaluate(20 + 86400)
    assert (stale.state, stale.values) == (AlertState.RESOLVED, {"missing": 1, "reason": "stale"})


def test_the_alerts_of_what_is_gone_are_soon_stale(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, BROKEN))
    see(engine, 0, present=1, missing=1)
    assert see(engine, 10, present=0) == []
    assert engine.next_due() == 910
    assert told(engine.evaluate(910)) == [("Broken", "disk:a", "resolved")]


def test_a_sleeping_component_that_is_pulled_is_soon_stale(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, BROKEN))
    see(engine, 0, present=1, missing=1)
    assert see(engine, 10, present=1) == []
    assert told(see(engine, 5000, present=0)) == [("Broken", "disk:a", "resolved")]
    assert engine.alerts() == []


def test_forgetting_a_component_resolves_its_alerts(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, BROKEN, "{expr: missing > 0, for: 1h}"))
    see(engine, 0, missing=1)
    engine.forget("disk:a")
    engine.forget("disk:never")
    (over,) = engine.evaluate(50)
    assert (over.rule, over.state, over.values["reason"]) == ("Broken", "resolved", "forgotten")
    assert engine.alerts() == []
    assert engine.next_due() is None


def test_one_look_fires_without_waiting_but_knows_nothing_of_growth(tmp_path: Path) -> None:
    engine = Engine(
        rules(
            tmp_path,
            "{alert: Waits, expr: missing > 0, for: 1h}",
            "{alert: Steady, expr: 'share(missing > 0, 6m) > 0.5 and avg(missing, 1h) == 2'}",
            "{alert: Grows, expr: 'increase(errors, 1h) >= 0'}",
            "{alert: Either, expr: 'increase(errors, 1h) > 0 or errors > 4'}",
        ),
        impatient=True,
    )
    fired = see(engine, 0, missing=2, errors=5)
    assert told(fired) == [(n, "disk:a", "firing") for n in ("Either", "Steady", "Waits")]
    assert engine.next_due() is None


def test_a_cause_on_the_same_component_explains(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, BROKEN, HOT + "inhibited_by: [Broken]"))
    see(engine, 0, celsius=60)
    (broken, hot) = see(engine, 10, celsius=60, missing=1)
    assert (broken.rule, broken.active) == ("Broken", True)
    assert (hot.rule, hot.inhibited_by, hot.active) == ("Hot", "Broken", False)
    (resolved, hot) = see(engine, 20, celsius=60, missing=0)
    assert (resolved.state, hot.state, hot.inhibited_by) == ("resolved", "firing", "")


def test_a_consequence_that_fires_with_its_cause_is_told_once(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, HOT + "inhibited_by: [Broken]", BROKEN))
    alerts = see(engine, 10, celsius=60, missing=1)
    assert [(a.rule, a.inhibited_by) for a in alerts] == [("Broken", ""), ("Hot", "Broken")]
    (hot,) = see(engine, 20, celsius=20, missing=1)
    assert (hot.state, hot.inhibited_by) == ("resolved", "Broken")


@pytest.mark.parametrize("switches", ["switch:1", ["switch:0", "switch:1"]])
def test_a_cause_on_another_component_explains(tmp_path: Path, switches: Any) -> None:
    engine = Engine(
        rules(
            tmp_path,
            BROKEN,
            "{alert: Down, on: switch, expr: present == 0}",
            HOT + "inhibited_by: [{alert: Down, on: switch, via: switch}]",
        )
    )
    see(engine, 0, celsius=60, attributes={"switch": switches})
    see(engine, 0, "disk:b", celsius=60, attributes={"switch": "switch:9"})
    (_, down) = see(engine, 10, "switch:1", present=0)
    hot = {a.component: a.inhibited_by for a in engine.alerts() if a.rule == "Hot"}
    assert down.rule == "Down"
    assert hot == {"disk:a": "Down switch:1", "disk:b": ""}
    (freed,) = see(engine, 20, celsius=60, attributes={"switch": "switch:9"})
    assert (freed.rule, freed.inhibited_by) == ("Hot", "")


def test_any_component_of_a_kind_can_explain_but_not_itself(tmp_path: Path) -> None:
    down = "{alert: Down, on: switch, expr: present == 0}"
    engine = Engine(rules(tmp_path, down, HOT + "inhibited_by: [{alert: Down, on: switch}]"))
    see(engine, 0, celsius=60)
    see(engine, 1, "switch:x", present=0)
    assert [a.inhibited_by for a in engine.alerts()] == ["Down switch:x", ""]


GROUP = {"peer_group": "shelf 1"}


def test_the_odd_one_among_its_peers(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, ODD))
    for name in "abc":
        assert see(engine, 0, f"disk:{name}", celsius=30, attributes=GROUP) == []
    see(engine, 0, "disk:other", celsius=90, attributes={"peer_group": "shelf 2"})
    see(engine, 0, "disk:none", celsius=90)
    assert engine.alerts() == []
    assert told(see(engine, 10, "disk:a", celsius=45, attributes=GROUP)) == [
        ("Odd", "disk:a", "firing")
    ]


def test_a_change_of_a_peer_is_judged_on_its_siblings(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, ODD))
    for name, celsius in (("a", 50), ("b", 45), ("c", 45)):
        see(engine, 0, f"disk:{name}", celsius=celsius, attributes=GROUP)
    assert engine.alerts() == []
    see(engine, 10, "disk:b", celsius=30, attributes=GROUP)
    assert told(engine.alerts()) == [("Odd", "disk:a", "firing")]
    see(engine, 20, "disk:b", celsius=41, attributes=GROUP)
    assert engine.alerts() == []


def test_with_one_peer_left_it_is_not_known_who_is_odd(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, ODD))
    for name, celsius in (("a", 50), ("b", 30), ("c", 30)):
        see(engine, 0, f"disk:{name}", celsius=celsius, attributes=GROUP)
    engine.forget("disk:c")
    engine.evaluate(10)
    assert told(engine.alerts()) == [("Odd", "disk:a", "firing")]
    assert "unknown" in explain(engine, "Odd", "disk:a")


def test_a_flapping_alert_is_told_as_such(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, BROKEN))
    alerts = [a for i in range(40) for a in see(engine, i * 30, missing=i % 2)]
    assert len(alerts) == 7
    assert [a.flapping for a in alerts] == [False] * 6 + [True]
    assert engine.alerts()[0].flapping
    due = engine.next_due()
    assert due == 39 * 30 + 1800
    (still,) = engine.evaluate(due)
    assert (still.state, still.flapping) == ("firing", False)


def test_a_clock_that_is_set_back_does_not_prolong_anything(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, "{expr: missing > 0, for: 5m}"))
    see(engine, 100_000, missing=1)
    assert engine.evaluate(50_000) == []
    assert engine.next_due() == 50_300
    (fired,) = engine.evaluate(50_300)
    assert fired.since == 50_300


def test_new_rules_keep_the_alerts_of_old_ones(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path / "old", HOT, BROKEN, "{alert: Gone, expr: missing > 0}"))
    see(engine, 0, celsius=60, missing=1)
    new = rules(
        tmp_path / "new",
        HOT,
        BROKEN.replace("critical", "warning"),
        "{alert: New, expr: celsius > 1}",
    )
    alerts = engine.replace(new, 10)
    assert [(a.rule, a.state.value, a.since) for a in alerts] == [
        ("Broken", "firing", 0),
        ("Gone", "resolved", 10),
        ("New", "firing", 10),
    ]
    assert [(a.rule, a.since) for a in engine.alerts()] == [("Broken", 0), ("Hot", 0), ("New", 10)]
    assert engine.replace(new, 20) == []


def test_new_rules_keep_what_is_known_of_the_past(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path / "old", GROWING))
    see(engine, 0, errors=1)
    see(engine, 60, errors=2)
    new = rules(tmp_path / "new", "{alert: More, expr: 'increase(errors, 1h) >= 3'}")
    assert engine.replace(new, 100) == []
    assert told(see(engine, 120, errors=4)) == [("More", "disk:a", "firing")]
    assert told(engine.replace(RuleSet(), 130)) == [("More", "disk:a", "resolved")]


def test_a_component_may_change_its_kind(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, BROKEN))
    see(engine, 0, "disk:a", missing=1)
    engine.observe(10, "disk:a", "array", {"missing": 1}, {})
    assert told(engine.evaluate(10)) == [("Broken", "disk:a", "resolved")]


def test_why_a_rule_says_what_it_says(tmp_path: Path) -> None:
    engine = Engine(rules(tmp_path, HOT))
    see(engine, 0, celsius=46)
    assert explain(engine, "Hot", "disk:a") == (
        "disk:a is inactive; 'celsius > 50' is false; clear 'celsius < 45' is false; celsius=46"
    )
    assert "no such component" in explain(engine, "Hot", "disk:b")


EVERYTHING = (
    HOT + "inhibited_by: [Broken]",
    BROKEN,
    ODD,
    GROWING,
    "{alert: Waits, expr: missing > 1 or errors > 8, for: 90s, keep_firing_for: 2m}",
    "{alert: Mostly, expr: 'share(celsius > 40, 10m) > 0.5', for: 30s}",
    "{alert: Average, expr: 'avg(celsius, 20m) > 30', clear: 'avg(celsius, 5m) < 25'}",
    "{alert: Rate, expr: 'rate(errors, 5m) > 0.01'}",
    "{alert: Restless, expr: 'changes(state, 10m) > 2 or count(celsius, 3m) > 3'}",
    "{alert: Range, expr: 'max(celsius, 5m) - min(celsius, 15m) > 20'}",
    "{alert: Word, expr: 'state in (\"up\",) and not has(missing)'}",
    "{alert: Shelf, expr: 'max(celsius, 2m) > peers(avg(celsius, 4m)) + 15', for: 1m}",
    "{alert: Labelled, expr: 'model == \"X\" and (missing > 0 or celsius > 60)'}",
)

_metrics = st.fixed_dictionaries(
    {"celsius": st.sampled_from([20, 30, 31, 32, 44, 46, 51, 70])},
    optional={
        "missing": st.integers(0, 2),
        "errors": st.integers(0, 12),
        "state": st.sampled_from(["up", "down"]),
        "present": st.integers(0, 1),
    },
)
_attributes = st.sampled_from(
    [{"peer_group": "1"}, {"peer_group": "1", "model": "X"}, {"peer_group": "2"}, {}]
)
_observations = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.sampled_from(["disk:a", "disk:b", "disk:c", "disk:d"]),
        st.one_of(st.none(), st.tuples(_metrics, _attributes)),
    ),
    max_size=40,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_observations)
def test_evaluating_what_changed_is_as_good_as_evaluating_everything(
    tmp_path: Path, observations: list[Any]
) -> None:
    ruleset = rules(tmp_path, *EVERYTHING)
    thrifty, thorough = Engine(ruleset), Engine(ruleset)
    now = 0
    for name in "abcd":
        for engine in (thrifty, thorough):
            engine.observe(now, f"disk:{name}", "disk", {"celsius": 30}, {"peer_group": "1"})
    for ticks, id, seen in observations:
        for _ in range(ticks):
            now += 30
            assert thrifty.evaluate(now) == thorough.replace(ruleset, now)
        for engine in (thrifty, thorough):
            if seen is None:
                engine.forget(id)
            else:
                engine.observe(now, id, "disk", *seen)
        assert thrifty.evaluate(now) == thorough.replace(ruleset, now)
        assert thrifty.alerts() == thorough.alerts()
