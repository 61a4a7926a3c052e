"""The shipped rules: they load, their tests pass, every rule is tested and says its sources."""

from functools import cache
from pathlib import Path

import pytest

from hwagent.config import shipped
from hwagent.daemon.loading import known_attributes, known_vocabulary
from hwagent.respond import action_names
from hwagent.rules import Result, RuleSet, load_rules, run_tests
from hwagent.rules.check import unsourced, untested, untold
from hwagent.rules.load import Names

RULES = shipped() / "rules.d"
TESTS = sorted((RULES / "tests").glob("*.yaml"))


@cache
def names() -> Names:
    return Names(known_vocabulary(), known_attributes(), action_names())


@cache
def rules() -> RuleSet:
    return load_rules([RULES], *names())


@cache
def results(path: Path) -> list[Result]:
    return run_tests([path], *names())


def told(problems: list[Exception]) -> str:
    return "\n".join(str(problem) for problem in problems)


def test_the_shipped_rules_load() -> None:
    assert len(rules()) > 0
    assert rules().warnings == ()


@pytest.mark.parametrize("path", TESTS, ids=lambda p: p.stem)
def test_the_tests_of_the_rules_pass(path: Path) -> None:
    assert "\n".join(str(r) for r in results(path) if r.failures) == ""


def test_every_rule_has_a_test_that_fires_it_and_one_that_does_not() -> None:
    assert told(untested(rules(), [r for path in TESTS for r in results(path)])) == ""


def test_every_rule_says_where_its_thresholds_are_from() -> None:
    assert told(unsourced(rules())) == ""


def test_every_rule_has_a_summary() -> None:
    assert told(untold(rules())) == ""
