"""When addresses are announced."""

from hwagent.vip.announcements import BURST, PAUSE, Announcements
from hwagent.vip.effects import Place

PLACE = Place("eth0", "10.0.0.10/24")


def taken(plan: Announcements, until: float) -> list[tuple[float, Place]]:
    """All announcements up to a time, each at the time that was asked for."""
    found = []
    while (due := plan.due()) is not None and due <= until:
        found += [(due, place) for place in plan.take(due)]
    return found


def test_announced_at_once_and_past_the_neighbours_locktime() -> None:
    plan = Announcements()
    plan.start(100.0, PLACE)
    assert [round(at, 3) for at, _ in taken(plan, 200.0)] == [100.0, 101.1, 103.0, 105.0]
    assert plan.due() is None


def test_an_address_given_up_is_announced_no_more() -> None:
    plan = Announcements()
    plan.start(100.0, PLACE)
    assert len(taken(plan, 100.0)) == 1
    plan.stop(PLACE)
    assert taken(plan, 200.0) == []


def test_a_new_round_replaces_the_old_one() -> None:
    plan = Announcements()
    plan.start(100.0, PLACE)
    plan.start(100.5, PLACE)
    assert [round(at, 3) for at, _ in taken(plan, 200.0)] == [100.5, 101.6, 103.5, 105.5]


def test_hundreds_of_addresses_are_spread_and_none_is_left_out() -> None:
    plan = Announcements()
    places = [Place("eth0", f"10.0.{n // 250}.{n % 250}/32") for n in range(616)]
    for place in places:
        plan.start(100.0, place)
    found = taken(plan, 101.0)
    assert sorted(place for _, place in found) == sorted(places)
    for at in {at for at, _ in found}:
        assert sum(1 for other, _ in found if at <= other < at + PAUSE * 0.99) <= BURST
    assert found[-1][0] < 100.3
