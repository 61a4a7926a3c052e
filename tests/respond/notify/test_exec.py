"""Scripts that were written for smartd and mdadm go on working."""

import json
import sys

import pytest

from hwagent.respond.notify.deliver import deliver
from hwagent.respond.notify.exec import arguments, environment
from hwagent.respond.notify.receivers import ExecOptions
from tests.respond.notify.making import NOW, alert, items, message, payload

SCRIPT = """
import json, os, sys
told = {"env": dict(os.environ), "args": sys.argv[2:], "stdin": sys.stdin.read()}
open(sys.argv[1], "a").write(json.dumps(told) + "\\n")
"""


FAULTY = {"faulty": ["sdb1", "sdc1"]}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Delivers to a script and returns what it saw at each call."""
    monkeypatch.setenv("HWAGENT_SECRET_OF_THE_AGENT", "x")
    log = tmp_path / "log"

    def deliver_to_script(*of):
        options = {"command": [sys.executable, "-c", SCRIPT, str(log)]}
        assert deliver("exec", options, payload(*of)) == ""
        return [json.loads(line) for line in log.read_text().splitlines()]

    return deliver_to_script


def variables(*of, **options):
    script = ExecOptions(["/etc/notify.sh"], **options)
    told = message(*of)
    return environment(script, told.alerts[0], told)


def test_the_script_gets_the_alert_and_nothing_of_the_agents_own(run):
    (saw,) = run(*items(alert(labels={"team": "storage"}, values={"pending_sectors": 8})))
    env = saw["env"]
    assert env["HWAGENT_STATUS"] == "firing"
    assert env["HWAGENT_RULE"] == "SmartFailed"
    assert env["HWAGENT_COMPONENT"] == "disk:wwn-0x5000c500a1b20000"
    assert env["HWAGENT_LABEL_TEAM"] == "storage"
    assert env["HWAGENT_VALUE_PENDING_SECTORS"] == "8"
    assert "HWAGENT_SECRET_OF_THE_AGENT" not in env
    assert "disk sda is about to fail" in saw["stdin"]
    assert saw["args"] == []


def test_a_script_of_smartd_finds_its_variables(run):
    facts = {
        "name": "sda",
        "model": "ST4000NM0035",
        "serial": "Z1",
        "wwn": "wwn-0x5",
        "firmware": "TN05",
    }
    (saw,) = run(*items(alert(), attributes=facts, previous=2, first=NOW - 3600, resend=86400.0))
    env = {k: v for k, v in saw["env"].items() if k.startswith("SMARTD_")}
    full = env.pop("SMARTD_FULLMESSAGE")
    assert "disk sda is about to fail" in full
    first = env.pop("SMARTD_TFIRST")
    assert first.startswith("Tue Nov 14 ")
    assert env == {
        "SMARTD_MAILER": sys.executable,
        "SMARTD_DEVICE": "/dev/sda",
        "SMARTD_DEVICESTRING": "/dev/sda",
        "SMARTD_DEVICETYPE": "auto",
        "SMARTD_DEVICEINFO": "ST4000NM0035, S/N:Z1, WWN:wwn-0x5, FW:TN05",
        "SMARTD_FAILTYPE": "Health",
        "SMARTD_SUBJECT": "SMART error (Health) detected on host: h1",
        "SMARTD_MESSAGE": "Device: /dev/sda, disk sda is about to fail",
        "SMARTD_TFIRSTEPOCH": str(int(NOW - 3600)),
        "SMARTD_PREVCNT": "2",
        "SMARTD_NEXTDAYS": "1",
    }


@pytest.mark.parametrize(
    ("rule", "failtype"),
    [
        ("PendingSectorsMany", "CurrentPendingSector"),
        ("OfflineUncorrectable", "OfflineUncorrectableSector"),
        ("DiskOverheated", "Temperature"),
        ("Test", "EmailTest"),
        ("MyRule", "MyRule"),
    ],
)
def test_types_of_failure(rule, failtype):
    assert variables(*items(alert(rule)))["SMARTD_FAILTYPE"] == failtype


def test_without_a_kernel_name_the_device_is_udevs_link():
    expected = "/dev/disk/by-id/wwn-0x5000c500a1b20000"
    assert variables(*items(alert()))["SMARTD_DEVICE"] == expected


def test_what_is_over_or_no_disk_is_no_error_of_smartd():
    for told in (items(alert(), status="resolved"), items(alert("PsuOffline", "psu:PSU1"))):
        env = variables(*told)
        assert not any(name.startswith("SMARTD_") for name in env)
    assert env["HWAGENT_KIND"] == "psu"


@pytest.mark.parametrize(
    ("rule", "status", "facts", "expected"),
    [
        ("ArrayDegraded", "firing", {}, ["DegradedArray", "/dev/md0"]),
        ("ArrayDegraded", "resolved", {}, ["SpareActive", "/dev/md0"]),
        ("ArrayMemberFaulty", "firing", FAULTY, ["Fail", "/dev/md0", "/dev/sdb1"]),
        ("ArrayVanished", "firing", {}, ["DeviceDisappeared", "/dev/md0"]),
        ("ArraySyncing", "firing", {}, ["RebuildStarted", "/dev/md0"]),
        ("ArraySyncing", "resolved", {}, ["RebuildFinished", "/dev/md0"]),
        ("MyRule", "firing", {}, ["MyRule", "/dev/md0"]),
        ("MyRule", "resolved", {}, ["MyRuleResolved", "/dev/md0"]),
    ],
)  # fmt: skip
def test_a_program_of_mdadm_gets_its_arguments(rule, status, facts, expected):
    (told,) = items(alert(rule, "array:md0"), status=status, attributes=facts)
    assert arguments(told) == expected


def test_a_program_of_mdadm_is_called_with_them(run):
    calls = run(*items(alert("ArrayDegraded", "array:md0"), alert("PsuOffline", "psu:PSU1")))
    assert [c["args"] for c in calls] == [["DegradedArray", "/dev/md0"], []]


def test_hostile_texts_reach_the_script_as_text(run):
    nasty = "$(reboot); `x`\n\0\udcff" + "y" * 200_000
    (saw,) = run(*items(alert(summary="$(reboot)\n\0 y" + "y" * 200_000)))
    assert saw["env"]["HWAGENT_SUMMARY"].startswith("$(reboot)\n y")
    assert len(saw["env"]["HWAGENT_SUMMARY"]) == 8192
    assert variables(*items(alert(summary=nasty)))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["/bin/sh", "-c", "echo no paper >&2; exit 3"], "/bin/sh ended with status 3: no paper"),
        (["/bin/sleep", "30"], "/bin/sleep did not end within 0.2 s"),
        (["/nonexistent"], "No such file"),
    ],
)
def test_a_script_that_fails_is_told(command, said):
    problem = deliver("exec", {"command": command, "timeout": 0.2}, payload())
    assert said in problem
