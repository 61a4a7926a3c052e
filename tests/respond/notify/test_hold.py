"""What waits before it is told, and how long."""

import pytest

from hwagent.config import Duration, Notify
from hwagent.model import AlertState, Severity
from hwagent.respond.notify import Hold, Picture, Place, Schedule
from tests.respond.notify.making import NOW, alert

HOLD = 10.0
NIC = alert("NicDown", "nic:eno1", severity=Severity.WARNING)
DOWN = alert("SwitchDown", "switch:sw1")
UNDER = Place(follows_from="switch:sw1", teller="h1", told=True)
UNTOLD = Place(follows_from="switch:sw1", teller="h1")


def shared(place: Place | None = None, *causes):
    return Picture(places={NIC.key: place} if place else {}, causes=causes, shared=True)


def hold(place: Place | None = None) -> Hold:
    made = Hold(HOLD)
    made.take(NOW, shared(place))
    made.began(NOW, NIC)
    return made


def until(made: Hold) -> float:
    """Seconds from the start after which the alert is held no more."""
    return next((n for n in range(200) if not made.holds(NOW + n, NIC)), float("inf"))


@pytest.mark.parametrize(
    ("place", "seconds"),
    [
        (None, HOLD),
        (Place(), HOLD),
        (Place(waits=False), 0),
        (UNTOLD, 3 * HOLD),
        (UNDER, float("inf")),
    ],
)
def test_how_long_an_alert_is_held(place, seconds):
    assert until(hold(place)) == seconds


def test_a_host_without_a_fleet_holds_nothing():
    made = Hold(HOLD)
    made.began(NOW, NIC)
    assert not made.holds(NOW, NIC)
    assert made.next_due() is None


def test_a_host_that_is_cut_off_tells_what_it_held():
    made = hold(UNDER)
    assert made.holds(NOW + 1, NIC)
    made.take(NOW + 2, Picture())
    assert not made.holds(NOW + 2, NIC)


def test_who_is_cut_off_says_neither_that_a_cause_lasts_nor_that_it_is_over():
    made = Hold(HOLD)
    made.take(NOW, shared(None, DOWN))
    assert made.take(NOW + 60, Picture()) == []
    assert made.holds(NOW + 60, DOWN)


def test_a_wait_of_nothing_holds_nothing_but_what_is_told_elsewhere():
    made = hold()
    made.configure(0)
    assert not made.holds(NOW, NIC)
    made.take(NOW, shared(UNDER))
    assert made.holds(NOW, NIC)


def test_it_is_due_when_it_was_held_long_enough():
    made = hold()
    assert made.next_due() == NOW + HOLD
    made.tick(NOW + HOLD)
    assert not made.holds(NOW + HOLD, NIC)
    assert made.next_due() is None


def test_what_is_silenced_is_not_due_again_and_again():
    schedule = Schedule(Notify(hold=Duration(HOLD)), "h1", quiet=lambda now, alert: True)
    schedule.explained(NOW, shared())
    schedule.changed(NOW, [NIC])
    assert schedule.next_due() == NOW + HOLD
    schedule.tick(NOW + HOLD)
    assert schedule.next_due() > NOW + HOLD


def test_what_ends_is_forgotten():
    made = hold()
    made.began(NOW + 1, alert("NicDown", "nic:eno1", state=AlertState.RESOLVED))
    made.began(NOW + 5, NIC)
    assert made.next_due() == NOW + 5 + HOLD


def test_after_a_cause_that_lasted_the_rest_waits_anew_after_one_that_flickers_it_does_not():
    made = hold(UNDER)
    made.take(NOW + 1, shared())
    assert made.next_due() == NOW + HOLD
    made.take(NOW + 2, shared(UNDER))
    made.take(NOW + 2 + HOLD, shared())
    assert made.next_due() == NOW + 2 + 2 * HOLD


def test_a_cause_begins_once_and_ends_once():
    made = Hold(HOLD)
    (began,) = made.take(NOW, shared(None, DOWN))
    assert (began.state, began.since) == (AlertState.FIRING, NOW)
    assert made.take(NOW + 5, shared(None, DOWN)) == []
    (over,) = made.take(NOW + 9, shared())
    assert (over.state, over.since) == (AlertState.RESOLVED, NOW)
    assert made.take(NOW + 10, shared()) == []


def test_a_cause_that_another_one_tells_by_now_is_not_over():
    made = Hold(HOLD)
    made.take(NOW, shared(None, DOWN))
    elsewhere = Picture(places={DOWN.key: UNDER}, shared=True)
    assert made.take(NOW + 5, elsewhere) == []
    assert made.holds(NOW + 99, DOWN)


def test_it_is_as_severe_as_the_worst_that_was_beneath_it_and_stays_so():
    made = hold()
    made.take(NOW, shared(Place(beneath=("bond:h1/bond0",), worst=Severity.CRITICAL)))
    assert made.beneath(NIC.key) == ("bond:h1/bond0",)
    made.take(NOW + 1, shared(Place()))
    assert made.dressed(NIC).severity is Severity.CRITICAL
    assert made.beneath(NIC.key) == ()


def test_it_says_what_follows_from_what():
    assert hold(UNDER).follows([NIC, DOWN]) == {NIC.key: ("switch:sw1", "h1")}
    assert hold().follows([NIC]) == {}
