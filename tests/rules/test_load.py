"""Rule files: what is read, what replaces what, and errors with their places."""

from pathlib import Path
from textwrap import dedent

import pytest

from hwagent.config import ConfigError
from hwagent.model import Severity
from hwagent.rules import RuleErrors, RuleSet, check, load_rules
from tests.rules.making import ACTIONS, ATTRIBUTES, VOCABULARY, write


def load(*directories: Path, **options: object) -> RuleSet:
    return load_rules(directories, VOCABULARY, ATTRIBUTES, ACTIONS, **options)


def problems(text: str, directory: Path) -> list[str]:
    """The errors of a file, without its path."""
    path = directory / "wrong.yaml"
    path.write_text(dedent(text))
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert isinstance(caught.value, RuleErrors)
    assert str(caught.value).splitlines() == [str(p) for p in caught.value.problems]
    return [str(p).removeprefix(f"{path}:") for p in caught.value.problems]


def test_a_rule_with_everything(tmp_path: Path) -> None:
    (tmp_path / "disk.yaml").write_text(
        dedent(
            """
            groups:
            - name: disks
              rules:
              - alert: Hot
                on: disk
                expr: celsius > 50
                clear: celsius < 45
                for: 1m30s
                keep_firing_for: 5m
                labels: {severity: critical, team: storage}
                annotations: {summary: "{id} is hot", description: "{{sic}} {celsius:.1f} {model}"}
                inhibited_by: [Gone, {alert: Down, on: switch, via: switch}]
                actions: [locate]
              - {alert: Gone, on: disk, expr: present == 0, labels: {severity: info}}
            - name: switches
              rules:
              - {alert: Down, on: switch, expr: present == 0, labels: {severity: info}}
            """
        )
    )
    (tmp_path / "empty.yaml").write_text("# nothing yet\n")
    (tmp_path / "notes.txt").write_text("not a rule file")
    rules = load(tmp_path)
    assert [(r.name, r.group) for r in rules] == [
        ("Hot", "disks"),
        ("Gone", "disks"),
        ("Down", "switches"),
    ]
    hot = rules.get("Hot")
    assert hot is not None
    assert (hot.wait, hot.keep, hot.severity) == (90, 300, Severity.CRITICAL)
    assert hot.labels == {"severity": "critical", "team": "storage"}
    assert hot.text("description", {"celsius": 51.26}) == "{sic} 51.3 unknown"
    assert str(hot.place) == f"{tmp_path}/disk.yaml:5:12"
    assert rules.get("Cold") is None
    assert len(rules) == 3


def test_a_later_directory_replaces_rules_of_the_same_name(tmp_path: Path) -> None:
    shipped = write(
        tmp_path / "shipped", "{alert: A, expr: missing > 1}", "{alert: B, expr: 1 < 2}"
    )
    own = write(tmp_path / "own", "{alert: A, expr: missing > 7}")
    texts = {r.name: r.expr.text for r in load(shipped, own)}
    assert texts == {"A": "missing > 7", "B": "1 < 2"}


def test_rules_can_be_disabled_and_a_wrong_name_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path, "{alert: A, expr: missing > 1}", "{alert: B, expr: 1 < 2, inhibited_by: [A]}")
    rules = load(tmp_path, disabled=["A", "Typo"])
    assert [r.name for r in rules] == ["B"]
    assert rules.warnings == ("disabled rule 'Typo' does not exist",)


def test_the_same_name_twice_in_a_directory_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "{alert: A, expr: missing > 1}", name="one.yaml")
    write(tmp_path, "{alert: A, expr: missing > 1}", name="two.yaml")
    with pytest.raises(RuleErrors) as caught:
        load(tmp_path)
    assert "two.yaml" in str(caught.value)
    assert "alert 'A' stands twice" in str(caught.value)
    assert "also in " + str(tmp_path / "one.yaml") in str(caught.value)


def test_all_errors_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("groups: [")
    (tmp_path / "b.yaml").write_text("groups: 3")
    write(tmp_path, "{expr: missing > x}", "{expr: missing > 0}", "{expr: 1}", name="c.yaml")
    with pytest.raises(RuleErrors) as caught:
        load(tmp_path, tmp_path / "nowhere")
    files = [Path(p.place.file).name for p in caught.value.problems]
    assert files == ["a.yaml", "b.yaml", "c.yaml", "c.yaml", "nowhere"]


def test_every_part_of_a_rule_is_checked_at_its_place(tmp_path: Path) -> None:
    found = problems(
        """\
        groups:
        - name: some
          rules:
          - alert: A
            on: disk
            expr: mising > 0
            clear: celsius
            labels: {severity: critcal}
            annotations: {summary: "{idd}", description: "{celsius.real} {id"}
            actions: [lokate]
          - alert: B
            on: dsk
            expr: present
            labels: {severity: info}
          - {alert: C, on: disk, expr: 1 < 2, labels: {severity: info}, fro: 5m}
          - {alert: D, on: disk, expr: 1 < 2, labels: {severity: info}, for: 5}
          - {alert: E, on: disk, expr: 1 < 2, labels: {}}
          - {alert: F, on: disk, labels: {}}
        """,
        tmp_path,
    )
    assert found == [
        "6:11: unknown name 'mising' of kind 'disk' at expr; did you mean 'missing'?",
        "7:12: expected a condition, found a number: 'celsius' at clear; write celsius > 0",
        "9:29: unknown name 'idd' in braces at annotations.summary; did you mean 'id'?",
        "9:51: braces do not match: expected '}' before end of string at annotations.description;"
        " write {{ for a brace",
        "10:15: no action 'lokate' at actions; did you mean 'locate'?",
        "8:24: unknown severity 'critcal' at labels; did you mean 'critical'?",
        "12:9: no collector makes components of kind 'dsk' at on; did you mean 'disk'?",
        "15:65: unknown key 'fro' at groups[0].rules[2]; did you mean 'for'?",
        "16:70: 5 has no unit: expected a duration such as 5s or 5m at groups[0].rules[3].for",
        "17:47: a rule needs a severity at labels; known are critical, info, warning",
        "18:5: Object missing required field 'expr' at groups[0].rules[5]",
    ]


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ("    expr: present > 0 and mising > 0", "6:27"),
        ("    expr:   'present > 0 and mising > 0'", "6:30"),
        ('    expr: "present > 0 and mising > 0"', "6:28"),
        ("    expr: |\n      present > 0\n      and mising > 0", "8:11"),
        ("    expr: >-\n\n      present > 0 and\n      mising > 0", "9:7"),
        ("    expr: present > 0 and\n      mising > 0", "7:7"),
        ("    expr: 'state == ''up'' and mising > 0'", "6:32"),
        ('    expr: "state == \\"up\\" and mising > 0"', "6:32"),
    ],
)
def test_an_error_is_placed_inside_the_expression(tmp_path: Path, lines: str, place: str) -> None:
    head = "groups:\n- name: some\n  rules:\n  - alert: A\n    on: disk\n"
    (error,) = problems(f"{head}{lines}\n    labels: {{severity: info}}\n", tmp_path)
    assert error.startswith(f"{place}: unknown name 'mising'")


@pytest.mark.parametrize(
    ("inhibited", "what"),
    [
        ("[Botom]", "no alert 'Botom' at Top.inhibited_by; did you mean 'Bottom'?"),
        ("[Down]", "is on kind 'switch', not 'disk' at Top.inhibited_by; write {alert: Down, on"),
        ("[{alert: Down, on: disk}]", "is on kind 'switch', not 'disk'"),
        ("[{alert: Down, on: switch, via: swich}]", "no attribute 'swich'"),
        ("[Top]", "inhibit each other in a circle: Top"),
        ("[Bottom]", "inhibit each other in a circle: Top, Bottom"),
    ],
)
def test_causes_must_exist_and_not_go_in_circles(tmp_path: Path, inhibited: str, what: str) -> None:
    write(
        tmp_path,
        f"{{alert: Top, expr: missing > 0, inhibited_by: {inhibited}}}",
        "{alert: Bottom, expr: missing > 0, inhibited_by: [Top]}",
        "{alert: Down, on: switch, expr: present == 0}",
    )
    with pytest.raises(RuleErrors) as caught:
        load(tmp_path)
    assert what in str(caught.value)


def test_a_cause_may_be_elsewhere_when_only_a_part_is_loaded(tmp_path: Path) -> None:
    write(tmp_path, "{alert: A, expr: missing > 0, inhibited_by: [Elsewhere]}")
    assert len(load(tmp_path, complete=False)) == 1


def test_check_asks_for_a_summary_and_for_sources(tmp_path: Path) -> None:
    (tmp_path / "some.yaml").write_text(
        dedent(
            """
            groups:
            - name: some
              rules:
              # One is too many. Source: a book.
              - {alert: A, on: disk, expr: missing > 0, labels: {severity: info},
                 annotations: {summary: "{id}"}}
              - {alert: B, on: disk, expr: missing > 1, labels: {severity: info},
                 annotations: {summary: "{id}", description: "Source: md(4)"}}
              - {alert: C, on: disk, expr: missing > 2, labels: {severity: info}}
            """
        )
    )
    found = [str(p) for p in check([tmp_path], VOCABULARY, ATTRIBUTES, ACTIONS)]
    assert [f.partition(": ")[2].partition(";")[0] for f in found] == [
        "alert 'C' does not say where its thresholds are from",
        "alert 'C' has no summary at annotations",
    ]
    (tmp_path / "wrong.yaml").write_text("groups: [")
    assert len(check([tmp_path], VOCABULARY, ATTRIBUTES, ACTIONS)) == 1
