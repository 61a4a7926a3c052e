"""Windows: compared with plain sums over every change, and bounded."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.rules.window import FUNCTIONS, POINTS_MAX, History, single
from tests.rules.making import history

Changes = list[tuple[float, Any]]


def test_increase_counts_growth_within_the_window_only() -> None:
    made = history(3600, (0, 5), (600, 7), (1200, 10))
    assert made.increase(1200, 3600) == 5
    assert made.increase(1200, 700) == 5
    assert made.increase(1200, 600) == 3
    assert made.increase(1799, 600) == 3
    assert made.increase(1800, 600) == 0


def test_a_decrease_is_a_reset_and_a_wrap_counts_what_came_after() -> None:
    assert history(3600, (0, 100), (60, 3)).increase(60, 3600) == 3
    assert history(3600, (0, 2**32 - 5), (60, 6)).increase(60, 3600) == 6
    assert history(3600, (0, 100), (60, 0), (120, 100)).increase(120, 3600) == 100


def test_growth_over_a_gap_counts_and_is_unknown_during_it() -> None:
    made = history(3600, (0, 5), (60, None))
    assert made.increase(60, 3600) is None
    made.add(120, 8)
    assert made.increase(120, 3600) == 3
    assert made.changes(120, 3600) == 1


def test_a_single_look_says_nothing_of_growth_but_a_steady_value_does() -> None:
    made = history(3600, (100, 5))
    assert made.increase(100, 3600) is None
    assert made.increase(101, 3600) == 0
    assert made.rate(200, 3600) is None
    assert made.rate(1900, 3600) == 0


def test_rate_is_per_second_of_what_was_seen() -> None:
    made = history(600, (0, 0), (400, 80))
    assert made.rate(299, 600) is None
    assert made.rate(400, 600) == pytest.approx(0.2)
    assert made.rate(600, 600) == pytest.approx(80 / 600)


def test_extremes_include_the_value_that_held_when_the_window_began() -> None:
    made = history(600, (0, 90), (100, 20), (200, 30))
    assert made.highest(200, 150) == 90
    assert made.highest(200, 100) == 30
    assert made.lowest(200, 100) == 20


def test_average_is_over_time_and_needs_half_the_window() -> None:
    made = history(100, (0, 10), (50, 30))
    assert made.average(49, 100) is None
    assert made.average(50, 100) == 10
    assert made.average(100, 100) == 20
    assert made.average(125, 100) == pytest.approx(25)
    assert made.average(150, 100) == 30


def test_share_leaves_out_what_is_not_known() -> None:
    made = history(100, (0, True), (30, None), (60, False), (80, True))
    assert made.average(100, 100) == pytest.approx(50 / 70)
    assert history(100, (0, True), (10, None), (80, True)).average(100, 100) is None


def test_changes_and_count_of_words() -> None:
    made = history(3600, (0, "up"), (60, "down"), (120, "up"), (180, "up"))
    assert made.changes(180, 3600) == 2
    assert made.count(180, 3600) == 3
    assert made.changes(180, 100) == 1


def test_one_look_takes_values_as_steady() -> None:
    assert single("max", 5) == single("avg", 5) == single("min", 5) == 5
    assert single("share", True) == 1
    assert single("count", 5) == 1
    assert single("increase", 5) is None
    assert single("max", None) is None


def test_a_clock_that_stands_still_or_runs_back_does_no_harm() -> None:
    made = history(100, (50, 1), (50, 4), (40, 9))
    assert made.increase(60, 100) == 8 or made.increase(60, 100) == 0
    assert made.highest(60, 100) == 9


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_nothing_is_known_of_an_empty_history(name: str) -> None:
    assert FUNCTIONS[name][0](History(60), 10, 60) is None
    assert History(60).next_change(10, 60, True) is None


_values = st.one_of(st.none(), st.integers(0, 20))
_changes = st.lists(st.tuples(st.integers(1, 500), _values), min_size=1, max_size=60)


def _timeline(steps: list[tuple[int, Any]]) -> Changes:
    at, found = 0.0, []
    for step, value in steps:
        at += step
        found.append((at, value))
    return found


def _held(changes: Changes, at: float) -> Any:
    return next((v for t, v in reversed(changes) if t <= at), None)


def _seconds(changes: Changes, now: float, span: float) -> list[Any]:
    """The value of every second of the window; times are whole."""
    return [_held(changes, at) for at in range(int(now - span), int(now))]


def _growth(changes: Changes, now: float, span: float) -> float:
    total, before = 0, None
    for at, value in changes:
        if value is None:
            continue
        if before is not None and at > now - span:
            total += value - before if value >= before else value
        before = value
    return total


@given(_changes, st.integers(1, 3000), st.integers(1, 1000))
def test_windows_against_plain_sums(steps: list[tuple[int, Any]], span: int, later: int) -> None:
    changes = _timeline(steps)
    now = changes[-1][0] + later
    made = history(3000, *changes)
    if changes[-1][1] is None:
        assert made.increase(now, span) is None
        assert made.average(now, span) is None
        assert made.highest(now, span) is None
        return
    seconds = [v for v in _seconds(changes, now, span) if v is not None]
    assert made.increase(now, span) == _growth(changes, now, span)
    assert made.highest(now, span) == max(seconds)
    assert made.lowest(now, span) == min(seconds)
    if len(seconds) < span / 2:
        assert made.average(now, span) is None
    else:
        assert made.average(now, span) == pytest.approx(sum(seconds) / len(seconds))


@given(_changes, st.integers(1, 3000), st.sampled_from(sorted(FUNCTIONS)))
def test_results_change_with_time_alone_only_when_announced(
    steps: list[tuple[int, Any]], span: int, name: str
) -> None:
    changes = _timeline(steps)
    made = history(3000, *changes)
    compute, smooth = FUNCTIONS[name]
    now = changes[-1][0]
    for _ in range(200):
        due = made.next_change(now, span, smooth)
        until = now + 5000 if due is None else due
        assert until > now
        if now > changes[0][0] and (not smooth or due is None):
            before = compute(made, now, span)
            for part in (0.3, 0.999):
                between = now + (until - now) * part
                assert compute(made, between, span) == pytest.approx(before)
        if due is None:
            return
        now = due
    assert smooth


def test_memory_is_bounded_and_totals_stay_exact() -> None:
    day = 86400.0
    made = History(day)
    for second in range(0, 3 * 86400, 30):
        made.add(float(second), second)
        assert len(made) <= POINTS_MAX
    now = 3 * day - 30
    blur = day / 256 + 30
    assert day <= made.increase(now, day) <= day + blur
    assert made.increase(now, 3600.0) == pytest.approx(3600, abs=blur)
    assert made.average(now, day) == pytest.approx(now - day / 2, rel=0.001)
    assert made.highest(now, day) == now
    assert now - day - blur <= made.lowest(now, day) <= now - day


def test_a_merged_increase_is_exact_while_the_window_holds_all_of_it() -> None:
    made = History(86400.0)
    for i in range(2000):
        made.add(i * 10.0, i * 3 % 1000)
    naive = _growth([(i * 10.0, i * 3 % 1000) for i in range(2000)], 20000, 86400)
    assert made.increase(20000.0, 86400.0) == naive
    assert len(made) <= POINTS_MAX
