"""What is wrong with rule files: errors, and what the house asks of shipped rules."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from hwagent.config import ConfigError
from hwagent.model import Vocabulary

from .errors import RuleErrors
from .load import load_rules
from .rule import Rule, RuleSet
from .testing import Result


def check(
    paths: Sequence[Path],
    vocabulary: Vocabulary,
    attribute_names: Mapping[str, Collection[str]],
    actions: Collection[str] | None,
    complete: bool = True,
) -> list[ConfigError]:
    """Everything that is wrong with the rules in directories and files; empty if nothing is.

    ``complete`` is False for a part of the rules, where causes may be defined elsewhere.
    """
    try:
        rules = load_rules(paths, vocabulary, attribute_names, actions, complete=complete)
    except RuleErrors as e:
        return e.problems
    return unsourced(rules) + untold(rules)


def untold(rules: RuleSet) -> list[ConfigError]:
    """Rules without a summary: an alert that tells nobody what it is about."""
    return [
        ConfigError(rule.place, f"alert {rule.name!r} has no summary", "annotations")
        for rule in rules
        if not rule.annotations["summary"].parts
    ]


def unsourced(rules: RuleSet) -> list[ConfigError]:
    """Rules that do not say where their thresholds are from: a comment above the rule, or
    ``Source:`` in the description."""
    return [
        ConfigError(
            rule.place,
            f"alert {rule.name!r} does not say where its thresholds are from",
            hint="write a comment above it, or 'Source: ...' in its description",
        )
        for rule in rules
        if not _commented(rule) and not _described(rule)
    ]


def _commented(rule: Rule) -> bool:
    lines = Path(rule.place.file).read_text(encoding="utf-8", errors="replace").split("\n")
    above = lines[: rule.place.line - 1]
    while above and not above[-1].strip():
        above.pop()
    return bool(above) and above[-1].lstrip().startswith("#")


def _described(rule: Rule) -> bool:
    parts = rule.annotations["description"].parts
    return any("Source:" in text for text, _, _ in parts)


def untested(rules: RuleSet, results: Sequence[Result]) -> list[ConfigError]:
    """Rules without a test in which they fire, or without one in which they do not."""
    fired = frozenset[str]().union(*(r.fired for r in results))
    quiet = frozenset[str]().union(*(r.quiet for r in results))
    return [
        ConfigError(rule.place, f"no test in which alert {rule.name!r} {what}")
        for names, what in ((fired, "fires"), (quiet, "does not fire"))
        for rule in rules
        if rule.name not in names
    ]
