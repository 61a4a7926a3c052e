"""The pytest plugin as somebody uses it who installed hwagent and tests rules of their own."""

import subprocess
import sys

RULES = """\
groups:
- name: mine
  rules:
  - alert: DiskWarmForMe
    on: disk
    expr: temperature_celsius > 38
    labels: {severity: warning}
    annotations: {summary: "{id} is warm"}
"""
TESTS = """\
def test_my_rule(hwagent_server, hwagent_look):
    server = hwagent_server(disks=[{"name": "sda", "temperature": 40}, {"name": "sdb"}])
    fired = [(a.rule, a.component) for a in hwagent_look(server, rules="rules.d").alerts]
    assert fired == [("DiskWarmForMe", server.disk("sda").id)]
    server.set("disk:sda", temperature=30)
    assert hwagent_look(server, rules="rules.d").alerts == []


def test_the_shipped_rules_alone(hwagent_server, hwagent_look):
    server = hwagent_server(nics=[{"name": "eno1", "carrier": False}])
    assert [a.rule for a in hwagent_look(server).alerts] == ["NicDown"]


def test_a_story(hwagent_scenario):
    assert any(h.type == "alert" for h in hwagent_scenario("lost-psu"))


def test_that_fails(hwagent_server, hwagent_look):
    assert hwagent_look(hwagent_server(nics=[{"name": "eno1", "carrier": False}])).alerts == []
"""


def test_users_test_their_rules_on_simulated_servers(tmp_path):
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "mine.yaml").write_text(RULES)
    (tmp_path / "test_mine.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr
    assert "1 failed" in done.stdout
    assert "test_that_fails" in done.stdout
