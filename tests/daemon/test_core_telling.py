"""What the core tells people of: silences end, messages say what the hardware is."""

import pytest

from hwagent.config import Config, Duration
from hwagent.config.schema import ExecNotify, Notify
from hwagent.daemon.audits import away
from hwagent.daemon.core import Core
from hwagent.daemon.effects import Deliver, Effect
from hwagent.daemon.explaining import audience
from hwagent.daemon.loading import known_vocabulary, rule_set
from hwagent.model import Sample, Severity

NOW = 1_700_000_000.0
JOB = ("power_supply", "")


def core() -> Core:
    config = Config()
    return Core("h1", config, rule_set(config), known_vocabulary())


def psu(online: int) -> Sample:
    return Sample(
        id="psu:PSU1",
        kind="psu",
        attributes={"name": "PSU1", "model": "DPS-800", "type": "Mains"},
        metrics={"present": 1, "online": online, "type": "Mains"},
    )


def told(core: Core, now: float, effects: list[Effect]) -> list[tuple[str, str, str]]:
    found = []
    for effect in effects:
        if isinstance(effect, Deliver):
            core.delivered(now, effect.delivery.receiver, "")
            for item in effect.delivery.payload["alerts"]:
                words = (item["status"], item["rule"], item["attributes"].get("model", ""))
                found.append(words)
    return found


def test_what_is_silenced_when_it_begins_is_told_when_the_silence_ends() -> None:
    made = core()
    made.silences.add("1", "psu:*", "*", NOW + 3600)
    assert told(made, NOW, made.found(NOW, JOB, [psu(online=0)])) == []
    end = NOW + 3601
    assert told(made, end, made.tick(end)) == [("firing", "PsuOffline", "DPS-800")]


def test_what_ends_while_it_is_silenced_is_not_told_for_ever() -> None:
    made = core()
    assert told(made, NOW, made.found(NOW, JOB, [psu(online=0)]))
    made.silences.add("1", "psu:*", "*", NOW + 3600)
    assert told(made, NOW + 60, made.found(NOW + 60, JOB, [psu(online=1)])) == [
        ("resolved", "PsuOffline", "DPS-800")
    ]
    assert told(made, NOW + 86400, made.tick(NOW + 86400)) == []


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Notify(), True),
        (Notify(hold=Duration(60)), True),
        (Notify(syslog=True), False),
        (Notify(severity=Severity.CRITICAL), False),
        (Notify(exec=[ExecNotify(command=["/bin/true"])]), False),
    ],
)
def test_hosts_stand_in_for_each_other_if_they_tell_the_same_people(
    other: Notify, same: bool
) -> None:
    assert (audience(Notify()) == audience(other)) == same


def test_a_host_that_falls_silent_in_maintenance_is_no_trouble() -> None:
    rows = [
        {"name": "h1", "status": "alive", "maintenance": "new fans"},
        {"name": "h2", "status": "failed", "maintenance": "new fans"},
        {"name": "h3", "status": "failed", "maintenance": ""},
        {"name": "h4", "status": "left", "maintenance": ""},
    ]
    assert sorted(away(rows)) == ["h2", "h4"]
