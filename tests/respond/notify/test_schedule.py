"""Whom to tell what, and when."""

import msgspec
import pytest

from hwagent.config import Notify
from hwagent.config.schema import ExecNotify, SmtpNotify, UrlNotify
from hwagent.config.units import Duration
from hwagent.model import Action, Outcome, Result, Severity
from hwagent.respond.notify import Acks, Schedule, Silences
from tests.respond.notify.making import NOW, PENDING, RESOLVED, alert

HOUR = 3600.0
JOURNAL = Notify()
MAIL = Notify(journald=False, smtp=[SmtpNotify(host="relay", to=["root@h"])])
DISK, ARRAY = alert(), alert("ArrayDegraded", "array:md0")


def over(a, **changes):
    return msgspec.structs.replace(a, state=RESOLVED, **changes)


def told(deliveries):
    """What was said: status and rule of every alert."""
    return [(i["status"], i["rule"]) for d in deliveries for i in d.payload["alerts"]]


class Agent:
    """A schedule whose deliveries all arrive, unless ``problem`` says otherwise."""

    def __init__(self, notify=JOURNAL, **parts):
        self.schedule = Schedule(notify, "h1", **parts)
        self.problem = ""

    def changed(self, now, *alerts):
        return self._deliver(now, self.schedule.changed(now, alerts))

    def tick(self, now):
        return self._deliver(now, self.schedule.tick(now))

    def _deliver(self, now, deliveries):
        for d in deliveries:
            self.schedule.delivered(now, d.receiver, self.problem)
        return told(deliveries)


def test_an_alert_is_told_once_again_after_a_while_and_when_it_is_over():
    agent = Agent()
    assert agent.changed(NOW, DISK) == [("firing", "SmartFailed")]
    assert agent.tick(NOW + 4 * HOUR - 1) == []
    assert agent.schedule.next_due() == NOW + 4 * HOUR
    assert agent.tick(NOW + 4 * HOUR) == [("firing", "SmartFailed")]
    assert agent.changed(NOW + 5 * HOUR, over(DISK)) == [("resolved", "SmartFailed")]
    assert agent.tick(NOW + 50 * HOUR) == []
    assert agent.schedule.next_due() is None


def test_many_alerts_go_together():
    (delivery,) = Schedule(MAIL, "h1").changed(NOW, [DISK, ARRAY, alert("Other")])
    assert len(delivery.payload["alerts"]) == 3
    assert delivery.receiver == delivery.kind == "smtp"


def test_what_comes_while_a_delivery_is_under_way_waits_and_goes_together():
    schedule = Schedule(JOURNAL, "h1")
    assert told(schedule.changed(NOW, [DISK])) == [("firing", "SmartFailed")]
    assert schedule.changed(NOW + 1, [ARRAY]) == []
    assert schedule.changed(NOW + 2, [alert("Other")]) == []
    schedule.delivered(NOW + 3, "journald", "")
    assert schedule.next_due() <= NOW + 3
    assert told(schedule.tick(NOW + 3)) == [("firing", "ArrayDegraded"), ("firing", "Other")]


def test_a_storm_does_not_become_as_many_mails():
    agent = Agent(MAIL)
    agent.changed(NOW, DISK)
    sent = [agent.changed(NOW + n, alert(f"Rule{n}")) for n in range(1, 30)]
    assert sent == [[]] * 29
    assert len(agent.tick(NOW + 30)) == 29


def test_a_script_is_called_for_one_alert_at_a_time_without_delay():
    agent = Agent(Notify(journald=False, exec=[ExecNotify(command=["/bin/true"])]))
    assert len(agent.changed(NOW, DISK, ARRAY)) == 1
    assert agent.schedule.next_due() == NOW
    assert len(agent.tick(NOW)) == 1
    assert agent.tick(NOW) == []


@pytest.mark.parametrize("severity", list(Severity))
def test_the_severity_from_which_on_people_are_told(severity):
    agent = Agent(Notify(severity=severity))
    said = agent.changed(NOW, *(alert(s, severity=s) for s in Severity))
    expected = {"info": 3, "warning": 2, "critical": 1}
    assert len(said) == expected[severity]
    assert len(agent.changed(NOW + 1, *(over(alert(s, severity=s)) for s in Severity))) == len(said)


def test_an_alert_that_gets_worse_is_told_at_once():
    agent = Agent()
    agent.changed(NOW, alert(severity=Severity.WARNING))
    assert agent.changed(NOW + 1, alert(severity=Severity.CRITICAL)) == [("firing", "SmartFailed")]


@pytest.mark.parametrize("hidden", [{"state": PENDING}, {"inhibited_by": "Cause"}])
def test_what_does_not_count_is_not_told(hidden):
    agent = Agent()
    assert agent.changed(NOW, msgspec.structs.replace(DISK, **hidden)) == []
    assert agent.changed(NOW + 1, over(DISK)) == []


def test_an_alert_whose_cause_is_gone_but_that_lasts_is_told():
    agent = Agent()
    agent.changed(NOW, msgspec.structs.replace(DISK, inhibited_by="Cause"))
    assert agent.changed(NOW + 1, DISK) == [("firing", "SmartFailed")]


def test_a_resolved_alert_tells_when_it_began():
    schedule = Schedule(JOURNAL, "h1")
    schedule.changed(NOW, [DISK])
    schedule.delivered(NOW, "journald", "")
    (delivery,) = schedule.changed(NOW + 60, [over(DISK, since=NOW + 60)])
    (item,) = delivery.payload["alerts"]
    assert (item["since"], item["ended"]) == (NOW, NOW + 60)


def test_a_silence_holds_and_what_lasts_longer_is_told_when_it_ends():
    silences = Silences()
    silences.add("1", "disk:*", "*", NOW + HOUR)
    agent = Agent(quiet=silences.covers)
    assert agent.changed(NOW, DISK, ARRAY) == [("firing", "ArrayDegraded")]
    assert agent.tick(NOW + HOUR - 1) == []
    assert agent.schedule.next_due() <= NOW + HOUR + 15
    assert agent.tick(NOW + HOUR) == [("firing", "SmartFailed")]


def test_what_is_over_before_its_silence_is_never_told():
    silences = Silences()
    silences.add("1", "disk:*", "*", NOW + HOUR)
    agent = Agent(quiet=silences.covers)
    agent.changed(NOW, DISK)
    assert agent.changed(NOW + 60, over(DISK)) == []
    assert agent.tick(NOW + 2 * HOUR) == []


def test_an_acknowledged_alert_is_not_told_again_until_it_changes():
    acks = Acks()
    agent = Agent(quiet=lambda now, a: acks.covers(a))
    agent.changed(NOW, DISK)
    acks.add(DISK)
    assert agent.tick(NOW + 5 * HOUR) == []
    acks.changed(over(DISK))
    assert agent.changed(NOW + 6 * HOUR, over(DISK)) == [("resolved", "SmartFailed")]
    assert agent.changed(NOW + 7 * HOUR, DISK) == [("firing", "SmartFailed")]


def test_a_receiver_that_fails_is_tried_again_ever_later_and_is_a_finding():
    agent = Agent()
    agent.problem = "connection refused"
    assert agent.changed(NOW, DISK)
    now, pauses = NOW, []
    for _ in range(9):
        due = agent.schedule.next_due()
        assert agent.tick(due - 0.1) == []
        assert agent.tick(due) == [("firing", "SmartFailed")]
        pauses.append(due - now)
        now = due
    assert pauses == [10, 20, 40, 80, 160, 320, 600, 600, 600]
    failing = agent.schedule.failing()["journald"]
    assert (failing.times, failing.since) == (10, NOW)
    assert agent.schedule.problems() == ["journald cannot be told (10 times): connection refused"]
    agent.problem = ""
    assert agent.tick(now + 600) == [("firing", "SmartFailed")]
    assert agent.schedule.problems() == []


def test_what_begins_and_ends_while_a_receiver_fails_is_still_told():
    agent = Agent()
    agent.problem = "down"
    agent.changed(NOW, DISK)
    agent.changed(NOW + 1, over(DISK))
    agent.problem = ""
    assert agent.tick(NOW + 10) == [("resolved", "SmartFailed")]
    assert agent.tick(NOW + 20) == []


def test_a_receiver_that_fails_holds_up_no_other():
    two = Notify(webhook=[UrlNotify(url="http://a"), UrlNotify(url="http://b")])
    schedule = Schedule(two, "h1")
    names = [d.receiver for d in schedule.changed(NOW, [DISK])]
    assert names == ["journald", "webhook", "webhook-2"]
    schedule.delivered(NOW, "webhook", "down")
    schedule.delivered(NOW, "webhook-2", "")
    assert [d.receiver for d in schedule.changed(NOW + 1, [ARRAY])] == ["webhook-2"]
    assert [d.receiver for d in schedule.tick(NOW + 10)] == ["webhook"]


def test_a_delivery_of_which_nobody_reports_is_made_again():
    schedule = Schedule(JOURNAL, "h1")
    schedule.changed(NOW, [DISK])
    due = schedule.next_due()
    assert schedule.tick(due) == []
    assert told(schedule.tick(schedule.next_due())) == [("firing", "SmartFailed")]


def test_alertmanager_is_told_each_minute_with_an_end_in_the_future():
    schedule = Schedule(Notify(journald=False, alertmanager=[UrlNotify(url="http://a")]), "h1")
    for now in (NOW, NOW + 60, NOW + 120):
        (delivery,) = schedule.tick(now) if now > NOW else schedule.changed(now, [DISK])
        assert delivery.payload["alerts"][0]["ended"] == now + 300
        schedule.delivered(now, "alertmanager", "")


def test_a_flapping_alert_lasts_for_the_receiver():
    agent = Agent()
    agent.changed(NOW, DISK)
    assert agent.changed(NOW + 60, msgspec.structs.replace(DISK, flapping=True)) == []


def test_previous_messages_are_counted():
    schedule = Schedule(JOURNAL, "h1")
    for number, now in enumerate((NOW, NOW + 4 * HOUR, NOW + 8 * HOUR)):
        (delivery,) = schedule.tick(now) if number else schedule.changed(now, [DISK])
        (item,) = delivery.payload["alerts"]
        assert (item["previous"], item["first"], item["resend"]) == (number, NOW, 4 * HOUR)
        schedule.delivered(now, "journald", "")


def test_a_test_goes_to_everybody_and_is_not_remembered():
    schedule = Schedule(Notify(syslog=True), "h1")
    assert [d.receiver for d in schedule.test(NOW)] == ["journald", "syslog"]
    assert schedule.tick(NOW) == []
    assert schedule.next_due() is None


def test_a_reload_keeps_what_was_told_to_those_who_stay():
    agent = Agent()
    agent.changed(NOW, DISK)
    agent.schedule.configure(Notify(syslog=True, resend=Duration(60)))
    deliveries = agent.schedule.tick(NOW + 1)
    assert [d.receiver for d in deliveries] == ["syslog"]
    assert [d.receiver for d in agent.schedule.tick(NOW + 60)] == ["journald"]


def done(result, detail=""):
    action = Action(id="1", name="array_replace_member", component="array:md0", cause="X on disk:a")
    return Outcome(action=action, result=result, detail=detail, started=NOW, ended=NOW)


@pytest.mark.parametrize(
    ("result", "detail", "severity", "said"),
    [
        (Result.FAILED, "mdadm: no", "critical", []),
        (Result.FAILED, "mdadm: no", "warning", [("firing", "ActionFailed")]),
        (Result.FAILED, "given up after 3 failures", "critical", [("firing", "ActionFailed")]),
        (Result.UNCERTAIN, "x", "warning", [("firing", "ActionUncertain")]),
        (Result.DONE, "", "info", [("firing", "ActionDone")]),
        (Result.REFUSED, "x", "info", []),
    ],
)
def test_people_learn_what_became_of_actions_once(result, detail, severity, said):
    schedule = Schedule(Notify(severity=Severity(severity)), "h1")
    assert told(schedule.outcome(NOW, done(result, detail))) == said
    schedule.delivered(NOW, "journald", "")
    assert schedule.tick(NOW + 50 * HOUR) == []


def test_messages_carry_what_the_hardware_is():
    facts = {"name": "sda", "model": "ST4000", "serial": "Z1", "peer_group": "x"}
    schedule = Schedule(JOURNAL, "h1", attributes=lambda id: facts)
    (delivery,) = schedule.changed(NOW, [DISK])
    expected = {"name": "sda", "model": "ST4000", "serial": "Z1"}
    assert delivery.payload["alerts"][0]["attributes"] == expected
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(delivery.payload)) == delivery.payload
