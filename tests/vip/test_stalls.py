"""The books of stalls, and what follows from them for a group's times."""

from hypothesis import given
from hypothesis import strategies as st

from hwagent.config import Duration, Group
from hwagent.vip.prediction import predict
from hwagent.vip.stalls import BOUNDS, Stalls
from hwagent.vip.timing import bearable, misfit

VOTERS = {f"h{n}": (f"10.0.0.{n}",) for n in (1, 2, 3)}


def group(interval: float, lease: float, **rest: object) -> Group:
    return Group(
        name="web", voters=VOTERS, interval=Duration(interval), lease=Duration(lease), **rest
    )


def test_the_worst_of_the_last_hour_is_forgotten_and_that_since_the_start_is_not() -> None:
    stalls = Stalls(0.0)
    stalls.note(10.0, 0.0401)
    stalls.note(11.0, 0.002)
    assert (stalls.told().start, stalls.told().hour) == (40.1, 40.1)
    stalls.note(3500.0, 0.003)
    assert stalls.told().hour == 40.1
    stalls.note(3700.0, 0.001)
    assert (stalls.told().start, stalls.told().hour) == (40.1, 3.0)


def test_every_turn_is_counted_once_by_how_late_it_was() -> None:
    stalls = Stalls(0.0)
    for late in (0.0005, 0.001, 0.0011, 0.4, 7.0):
        stalls.note(1.0, late)
    turns = dict(zip((*BOUNDS, "more"), stalls.told().turns, strict=True))
    assert {bound: n for bound, n in turns.items() if n} == {1: 2, 2: 1, 500: 1, "more": 1}


def test_nothing_new_is_told_within_a_minute_unless_it_is_worse() -> None:
    stalls = Stalls(0.0)
    stalls.note(1.0, 0.005)
    told = stalls.told()
    stalls.note(2.0, 0.004)
    assert stalls.told() is told
    stalls.note(3.0, 0.006)
    assert stalls.told().hour == 6.0
    told = stalls.told()
    stalls.note(62.0, 0.001)
    assert sum(stalls.told().turns) == 4


@given(st.floats(0.0, 1.0))
def test_the_interval_that_is_told_to_be_borne_is_borne(worst: float) -> None:
    interval = bearable(worst)
    assert misfit(group(interval, 3 * interval), worst * 0.999) == ""


@given(st.floats(0.005, 1.0), st.floats(2.1, 6.0), st.floats(0.0, 0.1))
def test_a_stall_that_eats_the_lease_is_refused_with_its_figure(
    interval: float, intervals: float, slew: float
) -> None:
    asked = group(interval, interval * intervals, slew=slew)
    assert "ms late" in misfit(asked, interval * intervals)
    assert misfit(asked, 0.0) == ""


def test_ten_milliseconds_are_borne_up_to_a_stall_of_eight() -> None:
    assert misfit(group(0.01, 0.03), 0.008) == ""
    assert "bears an interval of 11ms" in misfit(group(0.01, 0.03), 0.009)
    assert misfit(group(0.01, 0.05), 0.015) == ""


@given(st.floats(0.005, 1.0), st.floats(2.1, 6.0), st.floats(0.0, 0.05))
def test_no_outage_is_predicted_worse_than_its_worst(
    interval: float, intervals: float, rtt: float
) -> None:
    for outage in predict(group(interval, interval * intervals), rtt):
        assert 0 <= outage.mean <= outage.worst, outage


def test_the_default_times_are_predicted_as_the_lease_says() -> None:
    found = {o.fault: o for o in predict(group(0.1, 0.3), 0.0002)}
    assert 0.25 < found["host crashed"].mean < 0.26
    assert found["host crashed"].worst < 0.38
    assert found["planned move"].mean < 0.01
    assert found["holder frozen"].worst < found["host crashed"].worst
    assert found["agent killed"].mean == 0
