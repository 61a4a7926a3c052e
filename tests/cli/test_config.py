"""``hwagent config`` and ``hwagent rules``: files are checked before they are in force."""

import re

import pytest
import yaml

from hwagent.config import shipped
from tests.cli.running import cli

RULE = """\
groups:
- name: mine
  rules:
  # One is too many. Source: us.
  - alert: Mine
    on: disk
    expr: {expr}
    labels: {{severity: warning}}
    annotations: {{summary: "{{id}} is mine"}}
"""
TEST = """\
rule_files: [mine.yaml]
evaluation_interval: 1m
tests:
- name: mine
  interval: 1m
  components:
  - {{id: disk:a, kind: disk, series: {{pending_sectors: "{value}"}}}}
  alert_rule_test:
  - {{eval_time: 3m, alertname: Mine, exp_alerts: [{{component: disk:a}}]}}
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "hwagent.yaml"


def test_the_shipped_configuration_is_good_and_shown_with_all_defaults():
    path = str(shipped() / "hwagent.yaml")
    assert cli("config", "check", path).out == "configuration is good\n"
    assert cli("config", "check", path, "-o", "json").json == {"ok": True, "error": ""}
    shown = cli("config", "show", path)
    assert yaml.safe_load(shown.out) == cli("config", "show", path, "-o", "json").json
    assert yaml.safe_load(shown.out)["fitness"]["ttl"] == "5s"
    assert yaml.safe_load(shown.out)["journal"]["max_size"] == "64MiB"


def test_every_commented_default_is_the_default(tmp_path):
    """What stands commented out in the shipped file loads, and where it says default, is it."""
    text = re.sub(r"^#(?! )", "", (shipped() / "hwagent.yaml").read_text(), flags=re.M)
    text = re.sub(r"^#  ", "  ", text, flags=re.M)
    (tmp_path / "all.yaml").write_text(text.replace("[/etc/hwagent/rules.d]", "[]"))
    done = cli("config", "show", str(tmp_path / "all.yaml"), "-o", "json")
    assert done.code == 0, done.err
    default = cli("config", "show", str(shipped() / "hwagent.yaml"), "-o", "json").json
    same = ("mode", "runtime_directory", "state_directory", "fitness", "limits", "journal", "api")
    assert {k: done.json[k] for k in same} == {k: default[k] for k in same}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mode: obsrve\n", ["hwagent.yaml:1:7", "mode"]),
        ("mode: observe\nvipz: []\n", ["hwagent.yaml:2:1", "did you mean 'vips'?"]),
        ("limits: {cooldown: 10}\n", ["hwagent.yaml:1:20", "10s or 10m"]),
        ("collectors:\n  smrt: {}\n", ["hwagent.yaml:2:3", "did you mean 'smart'?"]),
        ("vips: [{address: 192.0.2.1, interfaces: [a]}]\n", ["hwagent.yaml:1:", "/24"]),
        ("rules: {directories: [/nonexistent]}\n", ["/nonexistent"]),
        ("mode: [\n", ["hwagent.yaml:2:1"]),
        ("cluster:\n  parameters: {probe_timeout: 2s}\n", ["hwagent.yaml:2:15", "must be shorter"]),
    ],
)
def test_a_wrong_file_is_told_with_place_and_what_would_be_right(file, text, says):
    file.write_text(text)
    done = cli("config", "check", str(file))
    assert done.code == 3
    assert all(s in done.err for s in says), done.err
    answer = cli("config", "check", str(file), "-o", "json")
    assert (answer.code, answer.json["ok"]) == (3, False)
    assert all(s in answer.json["error"] for s in says)
    assert "Traceback" not in done.err


def test_drop_ins_join_the_main_file(file):
    file.write_text("mode: dry_run\n")
    (file.parent / "conf.d").mkdir()
    (file.parent / "conf.d/10-web.yaml").write_text(
        'services: [{name: web, type: tcp, target: "127.0.0.1:80"}]\n'
    )
    shown = cli("config", "show", str(file), "-o", "json").json
    assert (shown["mode"], shown["services"][0]["name"]) == ("dry_run", "web")


def test_what_is_shown_is_read_as_the_same(file):
    file.write_text("fitness: {ttl: 1500ms}\njournal: {max_size: 1000, keep: 36h}\nmode: act\n")
    shown = cli("config", "show", str(file)).out
    assert "ttl: 1500ms" in shown
    file.write_text(shown)
    assert cli("config", "show", str(file)).out == shown


def test_the_shipped_rules_are_good():
    assert cli("rules", "check").out == "rules are good\n"
    assert cli("rules", "check", "-o", "json").json == {"ok": True, "problems": []}


def test_a_wrong_rule_is_told_with_place_and_the_nearest_name(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(RULE.format(expr="pending_sector > 0"))
    done = cli("rules", "check", str(path))
    assert done.code == 3
    assert "mine.yaml:7:11" in done.err
    assert "pending_sectors" in done.err
    answer = cli("rules", "check", str(path), "-o", "json")
    assert (answer.code, answer.json["ok"]) == (3, False)
    path.write_text(RULE.format(expr="pending_sectors > 0"))
    assert cli("rules", "check", str(path)).code == 0


def test_unit_tests_of_rules_say_what_they_expected(tmp_path):
    (tmp_path / "mine.yaml").write_text(RULE.format(expr="pending_sectors > 0"))
    test = tmp_path / "test.yaml"
    test.write_text(TEST.format(value="8x5"))
    good = cli("rules", "test", str(test))
    assert (good.code, good.out) == (0, "1 tests, 0 failed\n")
    test.write_text(TEST.format(value="0x5"))
    bad = cli("rules", "test", str(test))
    assert bad.code == 2
    assert "Mine" in bad.out
    answer = cli("rules", "test", str(test), "-o", "json")
    assert (answer.code, len(answer.json["tests"])) == (2, 1)
    assert answer.json["tests"][0]["failures"]


def test_what_rules_may_name_is_listed():
    shown = cli("rules", "names")
    assert shown.code == 0
    assert "array_add_spare" in shown.out
    one = cli("rules", "names", "disk").out
    assert "pending_sectors" in one
    assert "attributes: " in one
    answer = cli("rules", "names", "disk", "-o", "json").json
    assert {m["kind"] for m in answer["metrics"]} == {"disk"}
    assert "model" in answer["attributes"]["disk"]
    wrong = cli("rules", "names", "disc")
    assert (wrong.code, "did you mean 'disk'?" in wrong.err) == (3, True)


GROUP = """\
host: h1
state_directory: {state}
cluster: {{encryption: none}}
vips: [{{address: 10.9.0.100/24, interfaces: [eth0], group: web}}]
groups:
- name: web
  voters: {{h1: [10.9.0.1], h2: [10.9.0.2], h3: [10.9.0.3]}}
  interval: {interval}
  lease: {lease}
"""


def test_a_group_is_predicted_before_it_is_in_force(file, tmp_path):
    file.write_text(GROUP.format(state=tmp_path, interval="100ms", lease="300ms"))
    found = cli("config", "check", str(file), "--socket", str(tmp_path / "none"), "-o", "json").json
    [group] = found["groups"]
    costs = {o["fault"]: o for o in group["outages"]}
    assert group["rtt"] == "assumed"
    assert 250 < costs["host crashed"]["mean_ms"] < 300 < costs["host crashed"]["worst_ms"]
    assert "not known yet" in found["warnings"][0]
    shown = cli("config", "check", str(file), "--socket", str(tmp_path / "none"))
    assert "assumed" in shown.out
    assert "warning: how late" in shown.out


def test_what_may_have_two_owners_is_called_unsafe_before_it_is_in_force(file, tmp_path):
    text = GROUP.format(state=tmp_path, interval="100ms", lease="300ms")
    file.write_text(text + "  quorum: any\n")
    answer = cli("config", "check", str(file), "--socket", str(tmp_path / "none"), "-o", "json")
    assert answer.code == 0
    assert any(w.startswith("group web is unsafe: quorum is any") for w in answer.json["warnings"])
    shown = cli("config", "check", str(file), "--socket", str(tmp_path / "none"))
    assert "warning: group web is unsafe" in shown.out


def test_times_with_which_no_lease_can_work_are_refused_with_their_place(file, tmp_path):
    file.write_text(GROUP.format(state=tmp_path, interval="100ms", lease="300.5ms"))
    done = cli("config", "check", str(file))
    assert done.code == 3
    assert f"{file}:9:10: the lease and M must be whole milliseconds" in done.err


def test_times_that_this_host_was_seen_not_to_keep_are_refused_with_the_figure(file, tmp_path):
    (tmp_path / "stalls.json").write_text('{"hours": {"500000": 3.1, "500001": 12.5}}')
    file.write_text(GROUP.format(state=tmp_path, interval="10ms", lease="30ms"))
    refused = cli("config", "check", str(file))
    assert refused.code == 3
    assert f"{file}:8:13: the holder of this host was 12.5 ms late" in refused.err
    assert "bears an interval of 15ms" in refused.err
    file.write_text(GROUP.format(state=tmp_path, interval="15ms", lease="45ms"))
    assert cli("config", "check", str(file)).code == 0
    insisting = GROUP.format(state=tmp_path, interval="10ms", lease="30ms") + "  insist: true\n"
    file.write_text(insisting)
    assert cli("config", "check", str(file)).code == 0
