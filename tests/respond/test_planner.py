"""What the planner does about alerts, over time, over failures and over restarts."""

import msgspec
import pytest

from hwagent.model import AlertState, Health, Mode, Result
from hwagent.respond import Done, Ended, Planner, Run
from tests.respond.making import (
    NOW,
    action,
    alert,
    array,
    bond,
    component,
    config,
    disk,
    member,
    nic,
    outcome,
    planner,
    refused,
    verbs,
    view,
)

DEGRADED = array("md0", "raid1", member("sda1"), raid_disks=2)
REBUILDING = array(
    "md0", "raid1", member("sda1"), member("sdc", "rebuilding", 1), sync_action="recover"
)
LOST = alert("array:md0", "array_add_spare", rule="ArrayDegraded")
DISKS = (disk("sda"), disk("sdb"), disk("sdc"))
SPARE = config(spares=("sdc",))
ASKED = action("array_add_spare", "array:md0")


def lost(now=NOW, *components, **parts):
    return view(
        *(components or (DEGRADED, *DISKS)), now=now, config=parts.pop("config", SPARE), **parts
    )


def test_an_alert_leads_to_the_verbs_of_its_action():
    (step,) = planner(lost()).plan(lost(), [LOST])
    assert [str(v) for v in verbs(step)] == ["md_add(array=md0, device=sdc)"]
    assert step.action.cause == "ArrayDegraded on array:md0"
    assert step.action.component == "array:md0"


@pytest.mark.parametrize(
    "change",
    [{"state": AlertState.PENDING}, {"state": AlertState.RESOLVED}, {"inhibited_by": "Cause"}],
)
def test_alerts_that_do_not_count_lead_to_nothing(change):
    assert planner(lost()).plan(lost(), [msgspec.structs.replace(LOST, **change)]) == []


def test_an_action_is_not_begun_twice_while_it_is_under_way():
    p = planner(lost())
    p.plan(lost(), [LOST])
    other = alert("array:md0", "array_add_spare", rule="AnotherRule")
    assert p.plan(lost(), [LOST, other]) == []
    assert p.due(lost(NOW + 3600)) == []


def test_done_is_told_only_when_the_effect_is_seen_and_then_never_repeated():
    p = planner(lost())
    (run,) = p.plan(lost(), [LOST])
    assert p.finished(NOW + 1, outcome(run, NOW + 1)) == []
    assert p.next_due() == NOW + 1
    assert p.due(lost(NOW + 2)) == []
    (done,) = p.due(lost(NOW + 3, REBUILDING, *DISKS))
    assert done.outcome.result is Result.DONE
    assert (done.outcome.started, done.outcome.ended) == (NOW + 1, NOW + 3)
    assert p.due(lost(NOW + 7200)) == []


def test_an_effect_that_does_not_show_is_a_failure():
    p = planner(lost())
    (run,) = p.plan(lost(), [LOST])
    p.finished(NOW, outcome(run, NOW))
    (done,) = [s for s in p.due(lost(NOW + 60)) if isinstance(s, Done)][:1]
    assert done.outcome.result is Result.FAILED
    assert "no effect within 60 s" in done.outcome.detail


def test_an_effect_that_cannot_be_read_is_uncertain_and_not_tried_again():
    p = planner(lost())
    (run,) = p.plan(lost(), [LOST])
    p.finished(NOW, outcome(run, NOW))
    unknown = msgspec.structs.replace(DEGRADED, health=Health.UNKNOWN)
    (done,) = p.due(lost(NOW + 60, unknown, *DISKS))
    assert done.outcome.result is Result.UNCERTAIN
    assert p.due(lost(NOW + 7200)) == []


def test_failures_cool_down_are_tried_again_and_given_up_with_a_word_to_people():
    p = planner(lost())
    now = NOW
    (run,) = p.plan(lost(now), [LOST])
    for number in (1, 2, 3):
        (failed,) = p.finished(now, outcome(run, now, Result.FAILED, "mdadm: no"))
        assert ("given up after 3 failures" in failed.outcome.detail) == (number == 3)
        assert ("tried again after 600 s" in failed.outcome.detail) == (number < 3)
        assert "mdadm: no" in failed.outcome.detail
        assert p.due(lost(now + 599)) == [], "it waits, and says so no second time"
        assert "guard cooldown" in refused(p.request(lost(now + 599), ASKED))
        now += 600
        steps = p.due(lost(now))
        if number < 3:
            (run,) = steps
            assert isinstance(run, Run)
        else:
            assert steps == []


def test_tries_begin_anew_after_the_alert_ended_but_not_before_the_cool_down():
    def seen(now):
        return lost(now, config=config(spares=("sdc",), tries=1))

    p = planner(seen(NOW))
    (run,) = p.plan(seen(NOW), [LOST])
    p.finished(NOW, outcome(run, NOW, Result.FAILED))
    p.plan(seen(NOW + 1), [msgspec.structs.replace(LOST, state=AlertState.RESOLVED)])
    assert p.plan(seen(NOW + 2), [LOST]) == []
    assert isinstance(p.due(seen(NOW + 600))[0], Run)


def test_a_refusal_is_told_once_and_tried_again_when_the_reason_is_gone():
    without = lost(NOW, config=config())
    p = planner(without)
    assert "no spare is declared for md0" in refused(p.plan(without, [LOST])[0])
    assert p.next_due() is not None
    assert p.due(lost(NOW + 15, config=config())) == []
    assert isinstance(p.due(lost(NOW + 30))[0], Run)


def test_observe_refuses_and_act_does():
    observing = config(Mode.OBSERVE, ("sdc",))
    p = planner(lost(config=observing))
    assert "mode is observe" in refused(p.plan(lost(config=observing), [LOST])[0])
    p.configure(SPARE)
    assert isinstance(p.due(lost(NOW + 1))[0], Run)


def test_dry_run_rehearses_once_with_the_verbs_and_acts_after_the_mode_changed():
    rehearsing = config(Mode.DRY_RUN, ("sdc",))
    p = planner(lost(config=rehearsing))
    (step,) = p.plan(lost(config=rehearsing), [LOST])
    assert step.outcome.result is Result.REHEARSED
    assert "md_add(array=md0, device=sdc)" in step.outcome.detail
    assert p.due(lost(NOW + 60, config=rehearsing)) == []
    p.configure(SPARE)
    assert isinstance(p.due(lost(NOW + 61))[0], Run)


def test_maintenance_stops_the_agent_but_not_people():
    p = planner(lost())
    assert "maintenance" in refused(p.plan(lost(maintenance=True), [LOST])[0])
    step = p.request(lost(maintenance=True), action("array_add_spare", "array:md0"))
    assert isinstance(step, Run)


def test_nothing_is_done_before_it_is_known_what_was_under_way():
    p = Planner(SPARE)
    assert p.plan(lost(), [LOST]) == []
    assert "just started" in refused(p.request(lost(), action("array_add_spare", "array:md0")))
    assert p.reconcile(lost(), []) == []
    assert isinstance(p.due(lost())[0], Run)


PENDING = action("array_add_spare", "array:md0", device="sdc")


def test_an_interrupted_action_that_took_effect_is_done():
    p = Planner(SPARE)
    seen = lost(NOW, REBUILDING, *DISKS)
    (found,) = p.reconcile(seen, [PENDING])
    assert found.result is Result.DONE
    assert found.action == PENDING
    assert not any(isinstance(s, Run) for s in p.plan(seen, [LOST]))


def test_an_interrupted_action_that_took_no_effect_failed_and_cools_down():
    p = Planner(SPARE)
    (found,) = p.reconcile(lost(), [PENDING])
    assert found.result is Result.FAILED
    assert p.plan(lost(), [LOST]) == []
    assert isinstance(p.due(lost(NOW + 600))[0], Run)


@pytest.mark.parametrize(
    "pending",
    [
        PENDING,
        msgspec.structs.replace(PENDING, name="gone_in_this_version"),
        msgspec.structs.replace(PENDING, arguments={"of": "another version"}),
    ],
)
def test_an_interrupted_action_of_which_nothing_is_known_is_uncertain_and_not_repeated(pending):
    p = Planner(SPARE)
    away = lost(NOW, *DISKS) if pending is PENDING else lost()
    (found,) = p.reconcile(away, [pending])
    assert found.result is Result.UNCERTAIN
    if pending is PENDING:
        assert "not known whether it took effect" in refused(p.plan(lost(), [LOST])[0])
        assert isinstance(p.request(lost(), PENDING), Run), "a person who has looked may"


def test_limits_outlive_the_agent():
    seen = lost(NOW, config=config(spares=("sdc",), disruptive_per_hour=1))
    first = planner(seen)
    (run,) = first.plan(seen, [LOST])
    second = Planner(seen.config)
    second.remember([outcome(run, NOW - 60)])
    second.reconcile(seen, [])
    assert "disruptive_per_hour is 1" in refused(second.plan(seen, [LOST])[0])


LAMP = alert("disk:wwn-sda", "disk_locate", rule="SmartFailed")


def lit(ended: bool = False) -> list[object]:
    """What an agent before this one did about LAMP."""
    (run,) = planner(lost()).plan(lost(), [LAMP])
    return [outcome(run, NOW - 60)] + [Ended("SmartFailed on disk:wwn-sda")] * ended


def test_what_was_done_for_an_alert_that_lasts_is_not_done_again_by_the_next_agent():
    p = Planner(SPARE)
    p.remember(lit())
    p.plan(lost(), [LAMP])
    p.reconcile(lost(alerts=[LAMP]), [])
    assert p.due(lost(alerts=[LAMP])) == []
    ended = msgspec.structs.replace(LAMP, state=AlertState.RESOLVED)
    assert p.plan(lost(), [ended]) == []
    assert isinstance(p.plan(lost(), [LAMP])[0], Run), "it fired anew"


@pytest.mark.parametrize("ended", [True, False])
def test_what_was_done_for_an_alert_that_has_ended_is_done_again_when_it_fires_anew(ended):
    p = Planner(SPARE)
    p.remember(lit(ended))
    p.reconcile(lost(alerts=[LAMP] if ended else []), [])
    assert isinstance(p.plan(lost(), [LAMP])[0], Run)


def test_an_action_that_was_cut_off_is_judged_by_what_the_host_shows():
    p = planner(lost())
    (run,) = p.plan(lost(), [LOST])
    p.finished(NOW + 1, outcome(run, NOW + 1, Result.UNCERTAIN, "md_add: its worker ended"))
    (step,) = p.due(lost(NOW + 2, REBUILDING, *DISKS))
    assert step.outcome.result is Result.DONE


def test_an_action_that_was_cut_off_and_shows_no_effect_has_failed():
    p = planner(lost())
    (run,) = p.plan(lost(), [LOST])
    p.finished(NOW + 1, outcome(run, NOW + 1, Result.UNCERTAIN, "md_add: its worker ended"))
    assert p.due(lost(NOW + 2)) == []
    (step,) = p.due(lost(NOW + 62))
    assert step.outcome.result is Result.FAILED
    assert step.outcome.detail.startswith("md_add: its worker ended, and had no effect")


def test_a_second_spare_is_added_while_the_first_alert_lasts():
    spares = config(spares=("sdc", "sdd"))
    two = array("md0", "raid6", *(member(f"sd{c}1") for c in "abef"), raid_disks=6)
    one = array("md0", "raid6", *(member(f"sd{c}") for c in "abefc"), raid_disks=6)
    disks = (*DISKS, disk("sdd"))
    p = planner(lost(NOW, two, *disks, config=spares))
    (first,) = p.plan(lost(NOW, two, *disks, config=spares), [LOST])
    p.finished(NOW, outcome(first, NOW))
    taken = disk("sdc", arrays=["array:md0"])
    later = lost(NOW + 1, one, disk("sda"), disk("sdb"), taken, disk("sdd"), config=spares)
    steps = p.due(later)
    assert [s.outcome.result for s in steps if isinstance(s, Done)] == [Result.DONE]
    (second,) = [s for s in [*steps, *p.due(later)] if isinstance(s, Run)]
    assert second.action.arguments == {"device": "sdd"}


def test_a_dying_disk_is_replaced_in_all_its_arrays_one_after_the_other():
    spares = config(spares=("sdc", "sdd"))
    md0 = array("md0", "raid1", member("sda1"), member("sdb1"))
    md1 = array("md1", "raid1", member("sda2"), member("sdb2"))
    dying = (disk("sda", Health.FAILED), disk("sdb"), disk("sdc"), disk("sdd"))
    seen = view(md0, md1, *dying, config=spares)
    p = planner(seen)
    run, waits = p.plan(seen, [alert("disk:wwn-sda", "array_replace_member")])
    assert run.action.component == "array:md0"
    assert "rebuilds" in refused(waits)
    p.finished(NOW, outcome(run, NOW))
    gone = array(
        "md0", "raid1", member("sda1", "faulty", None), member("sdb1"),
        member("sdc", "rebuilding", 0), raid_disks=2, sync_action="recover",
    )  # fmt: skip
    done = p.due(view(gone, md1, *dying, config=spares, now=NOW + 5))
    assert [s.outcome.result for s in done] == [Result.DONE]
    whole = array("md0", "raid1", member("sdc"), member("sdb1"))
    held = (*dying[:2], disk("sdc", arrays=["array:md0"]), dying[3])
    (second,) = p.due(view(whole, md1, *held, config=spares, now=NOW + 9000))
    assert second.action.component == "array:md1"
    assert second.action.arguments == {"member": "sda2", "spare": "sdd"}


def test_a_disk_in_no_array_is_told_as_such_once():
    seen = view(disk("sda", Health.FAILED))
    p = planner(seen)
    (step,) = p.plan(seen, [alert("disk:wwn-sda", "array_replace_member")])
    assert "member of no array" in refused(step)
    assert p.due(seen._replace(now=NOW + 60)) == []


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (action("array_add_spar", "array:md0"), "did you mean 'array_add_spare'?"),
        (action("array_add_spare", "array:md7"), "there is no array:md7"),
        (action("array_add_spare", "array:md0", devise="sdc"), "devise"),
        (action("array_add_spare", "array:md0", device=7), "device"),
        (action("bond_failover", "array:md0"), "is for bond, not array"),
        (action("array_replace_member", "disk:wwn-sdc"), "in use nowhere"),
    ],
)
def test_what_people_ask_wrongly_is_refused_with_a_reason(asked, reason):
    assert reason in refused(planner(lost()).request(lost(), asked))


def test_people_are_asked_which_array_they_mean():
    md0, md1 = (array(n, "raid1", member("sda1"), member("sdb1")) for n in ("md0", "md1"))
    seen = view(md0, md1, *DISKS)
    text = refused(planner(seen).request(seen, action("array_replace_member", "disk:wwn-sda")))
    assert "array:md0, array:md1" in text


def test_two_actions_of_one_alert_do_not_run_on_one_component_together():
    back = (disk("sda"), disk("sdb"), disk("sdc"))
    broken = array("md0", "raid1", member("sda1"), member("sdb1", "faulty", None), raid_disks=2)
    seen = view(broken, *back, config=SPARE)
    steps = planner(seen).plan(seen, [alert("array:md0", "array_re_add", "array_add_spare")])
    assert [s.action.name for s in steps if isinstance(s, Run)] == ["array_re_add"]


def test_nothing_is_due_when_nothing_is_wanted():
    p = planner(lost())
    p.due(lost())
    assert p.next_due() is None


def test_a_bond_moves_off_its_bad_leg():
    seen = view(bond(), nic("eno1"), nic("eno2"))
    (step,) = planner(seen).plan(seen, [alert("bond:bond0", "bond_failover")])
    assert [str(v) for v in verbs(step)] == ["bond_active(bond=bond0, leg=eno2)"]


def test_an_alert_on_the_wrong_kind_is_refused_not_obeyed():
    seen = view(component("psu:PSU1"))
    (step,) = planner(seen).plan(seen, [alert("psu:PSU1", "bond_failover")])
    assert "is for bond, not psu" in refused(step)


def test_a_lamp_that_cannot_be_lit_is_tried_once():
    seen = view(disk("sda", Health.FAILED))
    p = planner(seen)
    (run,) = p.plan(seen, [alert("disk:wwn-sda", "disk_locate")])
    (failed,) = p.finished(NOW, outcome(run, NOW, Result.FAILED, "in no enclosure"))
    assert failed.outcome.detail == "in no enclosure"
    assert p.due(seen._replace(now=NOW + 7200)) == []
