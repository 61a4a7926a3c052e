"""The units: understood by systemd, tight, and what is not tight is explained."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.packaging.units import REPOSITORY, SYSTEMD, capabilities, settings

#: The most that each may have, in tenths (systemd.exec(5) tells what counts; 10.0 is worst).
EXPOSURE = {"hwagent.service": 20, "hwagent-holder.service": 30, "hwagent-helper.service": 30}
SHORT = {"hwagent": "agent", "hwagent-holder": "holder", "hwagent-helper": "helper"}

analyse = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")


@analyse
def test_systemd_understands_the_units_and_the_drop_ins(tmp_path):
    for unit in SYSTEMD.glob("hwagent*.s*"):
        text = re.sub(r"^(Exec\w+)=\S+", r"\1=/bin/true", unit.read_text(), flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(text)
    for example in SYSTEMD.glob("drop-ins/*.conf"):
        (unit,) = re.findall(r"(\S+\.service)\.d/", example.read_text())
        # systemd 252 does not know it yet, and would say so
        if example.name != "notify-reload.conf":
            (tmp_path / f"{unit}.d").mkdir(exist_ok=True)
            shutil.copy(example, tmp_path / f"{unit}.d")
    units = sorted(str(path) for path in tmp_path.glob("hwagent*.s*") if path.is_file())
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@analyse
@pytest.mark.parametrize("unit", EXPOSURE)
def test_no_unit_is_exposed_more_than_it_may_be(unit):
    argv = ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE[unit]}"]
    done = subprocess.run([*argv, str(SYSTEMD / unit)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@analyse
def test_every_point_that_is_missing_is_explained_for_its_unit_and_no_other():
    missing: dict[str, set[str]] = {}
    for unit in EXPOSURE:
        for point in assessed(unit):
            missing.setdefault(point, set()).add(SHORT[unit.removesuffix(".service")])
    assert {point: units for point, (units, _) in explained().items()} == missing


def assessed(unit: str) -> list[str]:
    argv = ["systemd-analyze", "security", "--offline=true", "--json=short", str(SYSTEMD / unit)]
    points = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)
    return [point["json_field"].rstrip(")") for point in points if point.get("exposure")]


def explained() -> dict[str, tuple[set[str], str]]:
    """The table of docs/install.md: by point, the units and the reason."""
    section = (REPOSITORY / "docs/install.md").read_text().partition("## Exposure")[2]
    rows = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \| (.+) \|$", section, re.MULTILINE)
    everybody = set(SHORT.values())
    return {
        point: (everybody if units == "all" else set(units.split(", ")), why)
        for point, units, why in rows
    }


def test_the_agent_has_no_capability_and_each_of_the_others_says_what_it_is_for():
    assert capabilities("hwagent.service", "CapabilityBoundingSet") == []
    for unit in ("hwagent-holder.service", "hwagent-helper.service"):
        lines = (SYSTEMD / unit).read_text().splitlines()
        single = [n for n, line in enumerate(lines) if re.fullmatch(r"\w+=CAP_\w+", line)]
        assert all(lines[n - 1].startswith("# ") for n in single)
        given = {lines[n].partition("=CAP_")[2].lower() for n in single}
        assert given == set(capabilities(unit, "CapabilityBoundingSet"))


def test_no_capability_is_given_for_what_a_limit_gives():
    """A capability lets a process do the same to others, and more than the limit says."""
    for unit in ("hwagent-holder.service", "hwagent-helper.service"):
        service = settings(unit)
        assert (service["LimitMEMLOCK"], service["LimitRTPRIO"]) == (["infinity"], ["5"])
        given = capabilities(unit, "CapabilityBoundingSet")
        assert not {"ipc_lock", "sys_nice", "sys_resource"} & set(given)
        # the one has all that the other has (capabilities(7))
        assert not {"sys_admin", "bpf"} <= set(given)


def test_nothing_slows_the_failover_path_down():
    """The agent is on it as far as its word to the holder goes: better ended than put to sleep."""
    assert not {"CPUQuota", "MemoryMax", "MemoryHigh"} & settings("hwagent-holder.service").keys()
    assert not {"CPUQuota", "MemoryHigh"} & settings("hwagent-helper.service").keys()
    assert "MemoryHigh" not in settings("hwagent.service")


def test_where_memory_runs_out_what_guards_addresses_goes_last():
    spared = {unit: settings(unit).get("OOMScoreAdjust") for unit in EXPOSURE}
    assert spared == {
        "hwagent.service": None,
        "hwagent-holder.service": ["-900"],
        "hwagent-helper.service": ["-900"],
    }


def test_the_helper_may_send_the_last_will_of_a_dead_holder():
    """By IPv4 and IPv6; a denial of addresses would be silent, and only cost the others time."""
    helper = settings("hwagent-helper.service")
    assert "IPAddressDeny" not in helper
    assert {"AF_INET", "AF_INET6"} <= set(helper["RestrictAddressFamilies"][0].split())


def test_each_comes_back_for_as_long_as_it_takes_and_is_watched():
    for unit in EXPOSURE:
        assert settings(unit, "Unit")["StartLimitIntervalSec"] == ["0"]
        service = settings(unit)
        assert (service["Restart"], service["Type"]) == (["always"], ["notify"])


def test_a_starved_process_is_not_taken_for_one_that_hangs():
    """Those that a busy host may starve have the time that systemd's own services have; the holder
    is at real-time priority, and not back before its addresses are elsewhere anyhow."""
    times = {unit: settings(unit)["WatchdogSec"] for unit in EXPOSURE}
    assert times == {
        "hwagent.service": ["3min"],
        "hwagent-holder.service": ["3"],
        "hwagent-helper.service": ["3min"],
    }


def test_the_holder_ends_before_the_network_does():
    """Units are stopped in the reverse of the order in which they are started."""
    assert "network.target" in settings("hwagent-holder.service", "Unit")["After"][0].split()


def test_every_example_is_told_of():
    told = (REPOSITORY / "docs/install.md").read_text()
    assert all(f"`{path.name}`" in told for path in Path(SYSTEMD / "drop-ins").iterdir())


def test_the_query_socket_outlives_a_restart_of_the_agent():
    """Queries wait for the next agent; what is part of a unit is restarted with it."""
    assert not {"PartOf", "BindsTo"} & settings("hwagent.socket", "Unit").keys()
    assert settings("hwagent.service")["RuntimeDirectoryPreserve"] == ["yes"]
