"""Unit tests of rules: the notation, what passes, and what a failure shows."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from hwagent.config import ConfigError
from hwagent.model import gauge, state
from hwagent.rules import Result, run_tests
from hwagent.rules.series import series
from tests.rules.making import ACTIONS, ATTRIBUTES, VOCABULARY, write

NUMBER, WORD = gauge("number", ""), state("word", "")


@pytest.mark.parametrize(
    ("notation", "values"),
    [
        ("5", [5]),
        ("0 1.5 -2", [0, 1.5, -2]),
        ("1x3", [1, 1, 1, 1]),
        ("0+2x3 _ 7", [0, 2, 4, 6, None, 7]),
        ("10-5x2", [10, 5, 0]),
        ("-1-1x1", [-1, -2]),
        ("1e3+0.5x1", [1000.0, 1000.5]),
        ("_x3 1", [None, None, None, 1]),
        ("1 stale", [1, None]),
        (3, [3]),
        (1.5, [1.5]),
    ],
)
def test_numbers_in_promtools_notation(notation: Any, values: list[Any]) -> None:
    assert series(notation, NUMBER) == values


@pytest.mark.parametrize(
    ("notation", "values"),
    [
        ("clean active", ["clean", "active"]),
        ("cleanx2 _ activex1", ["clean", "clean", "clean", None, "active", "active"]),
        ("'not ready'x1 \"x y\"", ["not ready", "not ready", "x y"]),
        ("1x1", ["1", "1"]),
        ("_x2 up", [None, None, "up"]),
        ("max", ["max"]),
    ],
)
def test_words(notation: str, values: list[Any]) -> None:
    assert series(notation, WORD) == values


@pytest.mark.parametrize("notation", ["", "  ", "a", "1x", "1+x3", "1x99999999", "1 2 +"])
def test_what_is_not_a_series(notation: str) -> None:
    with pytest.raises(ValueError, match=r"values|not a value"):
        series(notation, NUMBER)


def run(directory: Path, text: str, *rules: str) -> list[Result]:
    write(directory, *rules, name="rules.yaml")
    path = directory / "tests" / "some.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("rule_files: [../rules.yaml]\n" + dedent(text))
    return run_tests([path], VOCABULARY, ATTRIBUTES, ACTIONS)


HOT = """{alert: Hot, expr: celsius > 50, for: 2m, actions: [locate],
annotations: {summary: "{id} is {celsius} C"}}"""
BROKEN = "{alert: Broken, expr: missing > 0, labels: {severity: critical}}"


def test_what_is_expected_happens(tmp_path: Path) -> None:
    (result,) = run(
        tmp_path,
        """
        evaluation_interval: 1m
        tests:
        - name: a hot disk
          interval: 30s
          components:
          - {id: "disk:a", kind: disk, attributes: {model: X}, series: {celsius: "40x3 60x20"}}
          - {id: "disk:b", kind: disk, series: {celsius: 40, missing: "_ 1"}}
          alert_rule_test:
          - {eval_time: 3m, alertname: Hot, exp_alerts: []}
          - eval_time: 5m
            alertname: Hot
            exp_alerts: [{component: "disk:a", severity: warning, summary: "disk:a is 60 C"}]
            exp_actions: [locate]
          - {eval_time: 5m, alertname: Broken, exp_alerts: [{component: "disk:b"}]}
          - {eval_time: 0s, alertname: Broken}
        """,
        HOT,
        BROKEN,
    )
    assert result.failures == []
    assert str(result).startswith("ok")
    assert result.fired == {"Hot", "Broken"}
    assert result.quiet == {"Hot", "Broken"}


def test_a_failure_shows_what_was_expected_what_came_and_why(tmp_path: Path) -> None:
    (result,) = run(
        tmp_path,
        """
        tests:
        - name: wrong
          components:
          - {id: "disk:a", kind: disk, series: {celsius: "40 60"}}
          - {id: "disk:b", kind: disk, series: {missing: 1}}
          alert_rule_test:
          - eval_time: 2m
            alertname: Hot
            exp_alerts: [{component: "disk:a", severity: warning}]
            exp_actions: [locate]
          - {eval_time: 2m, alertname: Broken}
        """,
        HOT,
        BROKEN,
    )
    assert str(result).splitlines() == [
        f"FAIL {tmp_path}/tests/some.yaml:4:3 wrong",
        "     Hot at 120 s:",
        "       + expected component: disk:a, severity: warning",
        "       + expected actions ['locate']",
        "       - got      actions []",
        "       disk:a is pending; 'celsius > 50' is true; celsius=60",
        "     Broken at 120 s:",
        "       - got      component: disk:b, severity: critical, summary: ",
        "       disk:b is firing; 'missing > 0' is true; missing=1",
    ]


def test_explained_alerts_are_expected_only_with_their_cause(tmp_path: Path) -> None:
    results = run(
        tmp_path,
        """
        tests:
        - &case
          name: not told
          components: [{id: "disk:a", kind: disk, series: {celsius: 60, missing: 1}}]
          alert_rule_test: [{eval_time: 5m, alertname: Hot, exp_alerts: []}]
        - <<: *case
          name: explained
          alert_rule_test:
          - eval_time: 5m
            alertname: Hot
            exp_alerts: [{component: "disk:a", inhibited_by: Broken}]
            exp_actions: []
        - <<: *case
          name: told
          alert_rule_test: [{eval_time: 5m, alertname: Hot, exp_alerts: [{component: "disk:a"}]}]
        """,
        HOT.replace("for: 2m", "inhibited_by: [Broken]"),
        BROKEN,
    )
    assert [bool(r.failures) for r in results] == [False, False, True]
    assert "explained by Broken" in str(results[2])


@pytest.mark.parametrize(
    ("series_text", "test", "what"),
    [
        ("celsiuss: 1", "{eval_time: 5m, alertname: Hot}", "no metric 'celsiuss'"),
        ("celsius: 1y", "{eval_time: 5m, alertname: Hot}", "not a value such as"),
        ("celsius: 1", "{eval_time: 5m, alertname: Hott}", "no alert 'Hott'"),
        ("celsius: 1", "{eval_time: 5, alertname: Hot}", "5 has no unit"),
        ("celsius: 1", "{eval_time: 9000d, alertname: Hot}", "too many steps"),
        ("celsius: 1", "{eval_tim: 5m, alertname: Hot}", "did you mean 'eval_time'"),
    ],
)
def test_a_wrong_test_file_is_an_error_with_its_place(
    tmp_path: Path, series_text: str, test: str, what: str
) -> None:
    text = f"""
        tests:
        - name: wrong
          components: [{{id: "disk:a", kind: disk, series: {{{series_text}}}}}]
          alert_rule_test: [{test}]
        """
    with pytest.raises(ConfigError) as caught:
        run(tmp_path, text, HOT)
    assert what in str(caught.value)
    assert str(tmp_path / "tests" / "some.yaml") in str(caught.value)


def test_a_test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        run_tests([tmp_path / "none.yaml"], VOCABULARY, ATTRIBUTES, ACTIONS)
