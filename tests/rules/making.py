"""A small vocabulary and rules made from text, for tests of the rules."""

from pathlib import Path
from typing import Any

import yaml

from hwagent.model import Metric, counter, gauge, state
from hwagent.rules import RuleSet, load_rules
from hwagent.rules.expression import Expression, Scope, compile
from hwagent.rules.subject import Run, Subject
from hwagent.rules.window import History

METRICS = (
    gauge("present", ""),
    gauge("probe_stuck", ""),
    gauge("celsius", "", "celsius"),
    gauge("missing", ""),
    gauge("age", "", "seconds"),
    gauge("free", "", "bytes"),
    counter("errors", ""),
    counter("resets", ""),
    state("state", ""),
)
VOCABULARY: dict[str, dict[str, Metric]] = {
    kind: {m.name: m for m in METRICS} for kind in ("disk", "array", "switch")
}
ATTRIBUTES = {kind: frozenset({"peer_group", "model", "slots", "switch"}) for kind in VOCABULARY}
ACTIONS = frozenset({"locate", "array_add_spare"})
SCOPE = Scope("disk", VOCABULARY["disk"], ATTRIBUTES["disk"])


def rules(directory: Path, *texts: str) -> RuleSet:
    """Rules from the text of their YAML mappings; name, severity and kind have defaults."""
    return load_rules([write(directory, *texts)], VOCABULARY, ATTRIBUTES, ACTIONS)


def write(directory: Path, *texts: str, name: str = "some.yaml") -> Path:
    """A rule file in a directory; returns the directory."""
    made = []
    for number, text in enumerate(texts):
        rule = {"alert": f"Alert{number}", "on": "disk", "labels": {"severity": "warning"}}
        rule.update({("on" if k is True else k): v for k, v in yaml.safe_load(text).items()})
        made.append(rule)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(yaml.dump({"groups": [{"name": "some", "rules": made}]}))
    return directory


class FixedWorld:
    """A world for one expression: a time, and peers that are given."""

    def __init__(self, now: float = 0.0, peers: float | None = None) -> None:
        self.now = now
        self.impatient = False
        self.peers = peers

    def median_of_peers(self, subject: Subject, key: str, run: Run) -> float | None:
        return self.peers


def expression(text: str) -> Expression:
    """A compiled condition on a disk."""
    return compile(text, SCOPE)


def truth(text: str, attributes: dict[str, Any] | None = None, **metrics: Any) -> Any:
    """What a condition says of one look at a disk with these metrics."""
    subject = Subject(FixedWorld(), "disk:x", "disk")
    subject.metrics, subject.attributes = metrics, attributes or {}
    return expression(text).run(subject)


def history(span: float, *changes: tuple[float, Any]) -> History:
    """A history with values at times."""
    made = History(span)
    for at, value in changes:
        made.add(at, value)
    return made
