"""What waits for the fleet: permits asked for in order, others that rebuild, a storm."""

from hwagent.model import Result
from hwagent.respond import Fleet, Run, planner
from hwagent.respond.fleet import DISRUPTIVE, REBUILD
from tests.respond import making
from tests.respond.breaking import DISKS, HALF, SPARE

ARRAY = "array:md0"


def seen(now=making.NOW, **fleet):
    return making.view(HALF, *DISKS, config=SPARE, now=now, fleet=Fleet(permits=True, **fleet))


def wanting(first):
    """A planner that wants to add a spare to a degraded array, and what it came to."""
    made = making.planner(first)
    return made, made.plan(first, [making.alert(ARRAY, "array_add_spare")])


def test_the_permit_to_rebuild_is_asked_for_first_and_the_other_once_it_is_there():
    made, (refused,) = wanting(seen(why={REBUILD: "asked for just now"}))
    assert "no permit to rebuild: asked for just now" in refused.outcome.detail
    assert made.permits(making.NOW, ()) == {REBUILD: 1, DISRUPTIVE: 0}
    (refused,) = made.due(seen(held={REBUILD: 1}))
    assert "(guard fleet_per_hour)" in refused.outcome.detail
    assert made.permits(making.NOW, ()) == {REBUILD: 1, DISRUPTIVE: 1}
    (step,) = made.due(seen(held={REBUILD: 1, DISRUPTIVE: 1}))
    assert isinstance(step, Run)
    assert made.permits(making.NOW, ()) == {REBUILD: 1, DISRUPTIVE: 1}, "it keeps what it uses"


def test_a_permit_is_kept_while_an_array_is_filled_and_the_other_for_an_hour():
    made, _ = wanting(seen())
    (step,) = made.due(seen(held={REBUILD: 1, DISRUPTIVE: 1}))
    made.finished(making.NOW + 1, making.outcome(step, making.NOW + 1, Result.FAILED))
    later = making.NOW + 10
    assert made.permits(later, [ARRAY]) == {REBUILD: 1, DISRUPTIVE: 1}
    assert made.permits(later, []) == {REBUILD: 0, DISRUPTIVE: 1}
    assert made.permits(making.NOW + 3601, []) == {REBUILD: 0, DISRUPTIVE: 0}


def test_while_another_host_rebuilds_nothing_is_asked_for_so_that_it_can_get_it_back():
    made, (refused,) = wanting(seen(busy={"h2": "rebuilds array:md1"}, held={REBUILD: 1}))
    assert "h2 rebuilds array:md1; limits.fleet.rebuilds is 1" in refused.outcome.detail
    assert made.permits(making.NOW, ()) == {REBUILD: 0, DISRUPTIVE: 0}


def test_what_was_asked_for_and_is_not_needed_any_more_is_given_back():
    made, _ = wanting(seen())
    assert made.permits(making.NOW, ())[REBUILD] == 1
    assert made.permits(making.NOW + planner.WANTED, ())[REBUILD] == 0


def test_a_storm_asks_for_no_permits_and_holds_for_people_too():
    made, (refused,) = wanting(seen(storm="storm: 3 of 5 hosts"))
    assert "storm: 3 of 5 hosts (guard storm)" in refused.outcome.detail
    assert made.permits(making.NOW, ()) == {REBUILD: 0, DISRUPTIVE: 0}
    step = made.request(seen(storm="storm: x"), making.action("array_add_spare", ARRAY))
    assert "storm: x" in making.refused(step)


def test_a_new_alert_waits_until_the_others_were_heard_and_then_goes_on_at_once():
    all_held = {REBUILD: 1, DISRUPTIVE: 1}
    made, steps = wanting(seen(settle=5.0, held=all_held))
    assert steps == []
    assert made.next_due() == making.NOW + 5
    (step,) = made.due(seen(now=making.NOW + 5, settle=5.0, held=all_held))
    assert isinstance(step, Run)


def test_a_host_without_a_fleet_asks_nobody():
    alone = making.view(HALF, *DISKS, config=SPARE)
    made = making.planner(alone)
    (step,) = made.plan(alone, [making.alert(ARRAY, "array_add_spare")])
    assert isinstance(step, Run)
