"""The life of one alert."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from hwagent.model import AlertState
from hwagent.rules.machine import CALM_AFTER, FLAP_WINDOW, FLAPS_MAX, Machine, Times

STALE_AFTER = 900.0
INACTIVE, PENDING, FIRING = AlertState.INACTIVE, AlertState.PENDING, AlertState.FIRING


class Timed:
    """A machine with its rule's times; without a ``clear``, unless one is given."""

    def __init__(self, wait: float = 0, keep: float = 0) -> None:
        self.machine = Machine()
        self.times = Times(wait, keep, STALE_AFTER)

    def at(self, now: float, raised: bool | None, *clear: bool | None) -> AlertState:
        cleared = clear[0] if clear else None if raised is None else not raised
        self.machine.step(now, raised, cleared, self.times)
        return self.machine.state

    @property
    def due(self) -> float | None:
        return self.machine.due(self.times)


def test_it_fires_at_once_without_a_for() -> None:
    alert = Timed()
    assert alert.at(10, False) is INACTIVE
    assert alert.at(20, True) is FIRING
    assert alert.machine.since == 20
    assert alert.due is None
    assert alert.at(30, False) is INACTIVE
    assert alert.machine.since == 30


def test_it_waits_until_for_is_served_and_begins_anew_after_a_break() -> None:
    alert = Timed(wait=60)
    assert alert.at(0, True) is PENDING
    assert alert.due == 60
    assert alert.at(59, True) is PENDING
    assert alert.at(59.5, False) is INACTIVE
    assert alert.due is None
    assert alert.at(60, True) is PENDING
    assert alert.machine.since == 60
    assert alert.at(120, True) is FIRING


def test_time_in_doubt_does_not_count_as_served() -> None:
    alert = Timed(wait=60)
    alert.at(0, True)
    assert alert.at(30, None) is PENDING
    assert alert.at(70, True) is PENDING
    assert alert.due == 100
    assert alert.at(100, True) is FIRING


def test_a_pending_alert_is_given_up_after_long_doubt() -> None:
    alert = Timed(wait=60)
    alert.at(0, True)
    alert.at(30, None)
    assert alert.due == 30 + STALE_AFTER
    assert alert.at(30 + STALE_AFTER, None) is INACTIVE
    assert alert.due is None


def test_doubt_alone_never_begins_an_alert() -> None:
    alert = Timed()
    assert alert.at(0, None) is INACTIVE
    assert alert.at(5000, None) is INACTIVE


def test_it_keeps_firing_for_a_while() -> None:
    alert = Timed(keep=300)
    alert.at(0, True)
    assert alert.at(10, False) is FIRING
    assert alert.due == 310
    assert alert.at(200, True) is FIRING
    assert alert.due is None
    assert alert.at(210, False) is FIRING
    assert alert.at(509, False) is FIRING
    assert alert.at(510, False) is INACTIVE


def test_with_hysteresis_it_resolves_only_when_clear_is_true() -> None:
    alert = Timed()
    alert.at(0, True, False)
    assert alert.at(10, False, False) is FIRING
    assert alert.at(20, True, True) is FIRING
    assert alert.at(30, False, True) is INACTIVE


def test_doubt_neither_resolves_nor_lasts_for_ever() -> None:
    alert = Timed()
    alert.at(0, True)
    assert alert.at(10, None) is FIRING
    assert alert.due == 10 + STALE_AFTER
    assert alert.at(9 + STALE_AFTER, None) is FIRING
    assert alert.at(10 + STALE_AFTER, None) is INACTIVE
    assert alert.machine.reason == "stale"


def test_evidence_ends_doubt() -> None:
    alert = Timed()
    alert.at(0, True)
    alert.at(10, None)
    assert alert.at(800, True) is FIRING
    alert.at(810, None)
    assert alert.at(1700, None) is FIRING
    assert alert.at(1705, False) is INACTIVE
    assert alert.machine.reason == ""


def test_an_unknown_clear_is_doubt_too() -> None:
    alert = Timed()
    alert.at(0, True, False)
    assert alert.at(10, False, None) is FIRING
    assert alert.at(10 + STALE_AFTER, False, None) is INACTIVE


def _flap(alert: Timed, changes: int, every: float = 60) -> float:
    """Changes so many times; returns the time of the last change."""
    for number in range(changes):
        alert.at(number * every, number % 2 == 0)
    return (changes - 1) * every


def test_a_flapping_alert_stays_one_alert_until_it_is_calm() -> None:
    alert = Timed()
    last = _flap(alert, FLAPS_MAX)
    assert not alert.machine.flapping
    assert alert.at(last + 60, True) is FIRING
    assert alert.machine.flapping
    for minute in range(2, 20):
        assert alert.at(last + minute * 60, minute % 2 == 0) is FIRING
    end = last + 19 * 60
    assert alert.due == end + CALM_AFTER
    assert alert.at(end + CALM_AFTER - 1, False) is FIRING
    assert alert.at(end + CALM_AFTER, False) is INACTIVE
    assert not alert.machine.flapping


def test_after_calm_an_alert_that_is_true_goes_on_firing() -> None:
    alert = Timed()
    last = _flap(alert, FLAPS_MAX + 1)
    assert alert.at(last + CALM_AFTER, True) is FIRING
    assert not alert.machine.flapping


def test_slow_changes_are_not_flapping() -> None:
    alert = Timed()
    _flap(alert, 40, every=FLAP_WINDOW / FLAPS_MAX + 1)
    assert not alert.machine.flapping


class Step(NamedTuple):
    after: int
    raised: bool | None
    cleared: bool | None


_steps = st.lists(
    st.builds(
        Step,
        st.integers(0, 400),
        st.sampled_from([True, False, None]),
        st.sampled_from([True, False, None]),
    ),
    max_size=60,
)


@given(_steps, st.integers(0, 1000), st.integers(0, 1000))
def test_it_never_fires_before_for_is_served(steps: list[Step], wait: int, keep: int) -> None:
    alert = Timed(wait, keep)
    now, true_for, last = 0, 0.0, False
    for step in steps:
        now += step.after
        true_for = true_for + step.after if last is True else true_for
        last = step.raised if step.raised is not None else None
        if step.raised is False:
            true_for = 0
        before = alert.machine.level
        alert.at(now, step.raised, step.cleared)
        if alert.machine.level is FIRING and before is not FIRING:
            assert step.raised is True
            assert true_for >= wait
            true_for = 0


@given(_steps, st.integers(0, 1000))
def test_it_ends_only_when_quiet_or_stale(steps: list[Step], keep: int) -> None:
    alert = Timed(0, keep)
    now = 0
    for step in steps:
        now += step.after
        before = alert.machine.level
        alert.at(now, step.raised, step.cleared)
        if before is FIRING and alert.machine.level is not FIRING:
            quiet = step.cleared is True and step.raised is not True
            doubt = None in (step.raised, step.cleared) and step.raised is not True
            assert doubt if alert.machine.reason == "stale" else quiet


@given(_steps, st.integers(0, 1000), st.integers(0, 1000))
def test_time_alone_changes_it_only_when_due(steps: list[Step], wait: int, keep: int) -> None:
    alert = Timed(wait, keep)
    now = 0.0
    for step in steps:
        now += step.after
        state = alert.at(now, step.raised, step.cleared)
        until = now + 10_000 if alert.due is None else alert.due
        assert until > now
        for part in (0.2, 0.999):
            assert alert.at(now + (until - now) * part, step.raised, step.cleared) is state
        now = until
