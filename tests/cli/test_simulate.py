"""``hwagent simulate``: scenarios in virtual time."""

import pytest

from hwagent.config import shipped
from tests.cli.running import cli

SHIPPED = sorted(p.stem for p in (shipped() / "scenarios").glob("*.yaml"))
STORY = """\
description: a lost power supply
host: {{name: sim1, psus: [{{name: PSU1}}, {{name: PSU2}}]}}
duration: 5m
events: [{{at: 1m, set: {{"psu:PSU2": {{online: false}}}}}}]
expect: {{alerts: [{alert}]}}
"""


def test_the_issues_scenarios_are_shipped():
    assert set(SHIPPED) >= {
        *("dying-disk", "cable-flap", "lost-psu", "dimm-errors"),
        *("hot-chassis", "fail-slow-disk", "stuck-controller"),
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_scenario_comes_out_as_it_says(name):
    done = cli("simulate", name, "-o", "json")
    assert (done.code, done.err) == (0, "")
    times = [line["time"] for line in done.lines]
    assert times == sorted(times)
    assert {"hardware", "alert"} <= {line["type"] for line in done.lines}


def test_happenings_come_as_lines_for_people(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(STORY.format(alert="PsuOffline"))
    done = cli("simulate", str(file))
    assert done.code == 0
    first, *rest = done.out.splitlines()
    assert first == "00:01:00 hardware psu:PSU2 online=False"
    assert any("firing critical PsuOffline" in line for line in rest)


def test_what_was_expected_and_did_not_come_is_told(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(STORY.format(alert="FanStopped"))
    done = cli("simulate", str(file))
    assert done.code == 2
    assert done.err == "expected but not seen: alert FanStopped\n"


def test_a_wrong_scenario_is_told_with_its_place(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(STORY.format(alert="X").replace("duration", "duraton"))
    done = cli("simulate", str(file))
    assert done.code == 3
    assert "mine.yaml:3:1" in done.err
    assert "duration" in done.err


def test_the_tree_is_kept_where_one_asks(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(STORY.format(alert="PsuOffline"))
    assert cli("simulate", str(file), "--keep", str(tmp_path / "host")).code == 0
    done = cli("collect", "--root", str(tmp_path / "host"))
    assert done.code == 2
    assert "PsuOffline" in done.out
