"""Rules as the engine uses them: checked, compiled, with the place they come from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from hwagent.config import Place
from hwagent.model import Severity

from .annotation import Template
from .expression import Expression, Window


class Inhibitor(NamedTuple):
    """A rule that explains another one while it fires.

    With ``kind`` it fires on another component: one whose id the attribute ``via`` of this
    component holds (alone or in a list), or without ``via`` any of that kind.
    """

    rule: str
    kind: str = ""
    via: str = ""


@dataclass(frozen=True, eq=False)
class Rule:
    """One alerting rule. ``wait`` is its ``for``; times are seconds."""

    name: str
    kind: str
    group: str
    expr: Expression
    clear: Expression | None
    wait: float
    keep: float
    severity: Severity
    labels: dict[str, str]
    annotations: dict[str, Template]
    inhibitors: tuple[Inhibitor, ...]
    actions: tuple[str, ...]
    place: Place

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """``expr``, and ``clear`` if there is one."""
        return (self.expr,) if self.clear is None else (self.expr, self.clear)

    @cached_property
    def reads(self) -> frozenset[str]:
        """The names of a component whose change can change its alert or the text of it.

        Whether it is present bears on every alert: those of what is gone are soon stale.
        """
        names = [e.reads for e in self.expressions] + [t.reads for t in self.annotations.values()]
        return frozenset({"present"}).union(*names, (i.via for i in self.inhibitors if i.via))

    @cached_property
    def peer_reads(self) -> frozenset[str]:
        """The names of its peers whose change can change its alert."""
        return frozenset().union(*(e.peer_reads for e in self.expressions))

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """The histories that it needs of its own component."""
        return _different(w for e in self.expressions for w in e.windows)

    @cached_property
    def peer_windows(self) -> tuple[Window, ...]:
        """The histories that it needs of its peers."""
        return _different(w for e in self.expressions for w in e.peer_windows)

    def text(self, annotation: str, values: dict[str, Any]) -> str:
        """An annotation with its values filled in; empty if the rule has none of that name."""
        found = self.annotations.get(annotation)
        return found.fill(values) if found else ""


def _different(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Each window once; ``expr`` and ``clear`` mostly look through the same ones."""
    return tuple({(w.key, w.span, w.smooth): w for w in windows}.values())


class RuleSet:
    """All rules, in the order of their files. ``warnings`` are remarks for the log."""

    def __init__(self, rules: Sequence[Rule] = (), warnings: Sequence[str] = ()) -> None:
        self.rules = tuple(rules)
        self.warnings = tuple(warnings)
        self._by_name = {rule.name: rule for rule in self.rules}

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def get(self, name: str) -> Rule | None:
        """A rule by name."""
        return self._by_name.get(name)
