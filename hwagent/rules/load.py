"""Rule files: found, read, checked against the vocabulary, compiled."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from hwagent.config import ConfigError, Duration, Place, Source, convert, nearest, parse
from hwagent.model import Severity, Vocabulary

from .annotation import Template, template
from .errors import RuleErrors, at_place
from .expression import Scope, compile
from .inhibit import circle
from .rule import Inhibitor, Rule, RuleSet
from .syntax import ExpressionError

T = TypeVar("T")


class _Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything in a rule file."""


class InhibitorText(_Struct, frozen=True):
    """``inhibited_by`` with a cause on another component."""

    alert: str
    on: str = ""
    via: str = ""


class Annotations(_Struct, frozen=True):
    """Texts for people, with names in braces."""

    summary: str = ""
    description: str = ""


class RuleText(_Struct, frozen=True):
    """A rule as it stands in a file."""

    alert: str
    on: str
    expr: str
    labels: dict[str, str]
    clear: str = ""
    wait: Duration = msgspec.field(name="for", default=Duration(0))
    keep_firing_for: Duration = Duration(0)
    annotations: Annotations = Annotations()
    inhibited_by: list[str | InhibitorText] = []
    actions: list[str] = []


class GroupText(_Struct, frozen=True):
    """A named group; its rules are decoded one by one, so that each can be wrong by itself."""

    name: str
    rules: list[Any]


class FileText(_Struct, frozen=True):
    """A rule file."""

    groups: list[GroupText]


class Names(NamedTuple):
    """What rules may name: metrics and attributes by kind, and actions (None: any)."""

    vocabulary: Vocabulary
    attributes: Mapping[str, Collection[str]]
    actions: Collection[str] | None


def load_rules(
    directories: Sequence[Path],
    vocabulary: Vocabulary,
    attribute_names: Mapping[str, Collection[str]],
    actions: Collection[str] | None,
    disabled: Collection[str] = (),
    complete: bool = True,
) -> RuleSet:
    """The rules of all ``*.yaml`` files of directories (or of single files).

    A rule replaces one of the same name of an earlier directory; ``disabled`` names are left out.
    ``complete`` is False for a part of the rules, where causes may be defined elsewhere. Raises
    RuleErrors with everything that is wrong.
    """
    names = Names(vocabulary, attribute_names, actions)
    problems: list[ConfigError] = []
    rules: dict[str, Rule] = {}
    for directory in directories:
        found: dict[str, Rule] = {}
        for path in _files(directory, problems):
            for rule in _read(path, names, problems):
                if rule.name in found:
                    where = f"also in {found[rule.name].place}"
                    problems.append(
                        ConfigError(rule.place, f"alert {rule.name!r} stands twice", "", where)
                    )
                found[rule.name] = rule
        rules.update(found)
    warnings = [f"disabled rule {name!r} does not exist" for name in set(disabled) - rules.keys()]
    if complete:
        problems += _causes(rules, names)
    if problems:
        raise RuleErrors(problems)
    return RuleSet([r for r in rules.values() if r.name not in disabled], sorted(warnings))


def _files(directory: Path, problems: list[ConfigError]) -> list[Path]:
    if directory.is_dir():
        return sorted(directory.glob("*.yaml"))
    if not directory.exists():
        problems.append(ConfigError(Place(str(directory), 1, 1), "no such directory or file"))
        return []
    return [directory]


def _read(path: Path, names: Names, problems: list[ConfigError]) -> Iterator[Rule]:
    try:
        data = path.read_bytes()
    except OSError as e:
        problems.append(ConfigError(Place(str(path), 1, 1), f"cannot be read: {e.strerror}"))
        return
    try:
        source = parse(data, str(path))
        if source.data is None:
            return
        source = source._replace(data=_with_on(source.data))
        groups = convert(source, FileText).groups
    except ConfigError as e:
        problems.append(e)
        return
    lines = data.decode(errors="replace").split("\n")
    for number, group in enumerate(groups):
        for index in range(len(group.rules)):
            at = ("groups", number, "rules", index)
            reader = _RuleReader(source, lines, at, names)
            rule = reader.rule(group.name)
            problems += reader.problems
            if rule is not None:
                yield rule


def _with_on(data: Any) -> Any:
    """YAML 1.1 reads the bare word ``on`` as true, even as a key."""
    if isinstance(data, dict):
        return {("on" if key is True else key): _with_on(value) for key, value in data.items()}
    return [_with_on(value) for value in data] if isinstance(data, list) else data


class _RuleReader:
    """Reads one rule; gathers everything that is wrong with it."""

    def __init__(
        self, source: Source, lines: list[str], at: tuple[str | int, ...], names: Names
    ) -> None:
        self._source = source
        self._lines = lines
        self._at = at
        self._names = names
        self.problems: list[ConfigError] = []

    def rule(self, group: str) -> Rule | None:
        """The rule, or None if anything is wrong with it."""
        try:
            text = convert(self._source, RuleText, self._at)
        except ConfigError as e:
            self.problems.append(e)
            return None
        if text.on not in self._names.vocabulary:
            kinds = self._names.vocabulary
            self._wrong(f"no collector makes components of kind {text.on!r}", "on", text.on, kinds)
            return None
        metrics = self._names.vocabulary[text.on]
        scope = Scope(text.on, metrics, frozenset(self._names.attributes.get(text.on, ())))
        expr = self._compile(text.expr, "expr", lambda t: compile(t, scope))
        clear = self._compile(text.clear, "clear", lambda t: compile(t, scope))
        annotations = self._annotations(text.annotations, scope.names | {"id", "kind"})
        self._actions(text.actions)
        severity = self._severity(text.labels)
        if expr is None or self.problems:
            return None
        return Rule(
            name=text.alert,
            kind=text.on,
            group=group,
            expr=expr,
            clear=clear,
            wait=text.wait,
            keep=text.keep_firing_for,
            severity=severity,
            labels=text.labels,
            annotations=annotations,
            inhibitors=tuple(_inhibitor(i) for i in text.inhibited_by),
            actions=tuple(text.actions),
            place=self._source.place((*self._at, "alert")),
        )

    def _place(self, *steps: str | int) -> Place:
        return self._source.place((*self._at, *steps))

    def _wrong(self, what: str, step: str, name: str, known: Iterable[str]) -> None:
        self.problems.append(ConfigError(self._place(step), what, step, nearest(name, known)))

    def _compile(self, text: str, step: str, compiler: Callable[[str], T]) -> T | None:
        if not text and step == "clear":
            return None
        try:
            return compiler(text)
        except ExpressionError as e:
            self.problems.append(at_place(e, self._lines, self._place(step), text, step))
            return None

    def _annotations(self, texts: Annotations, names: frozenset[str]) -> dict[str, Template]:
        found = {}
        for name in ("summary", "description"):
            text = getattr(texts, name)
            try:
                found[name] = template(text, names)
            except ExpressionError as e:
                place = self._place("annotations", name)
                self.problems.append(at_place(e, self._lines, place, text, f"annotations.{name}"))
        return found

    def _actions(self, actions: Sequence[str]) -> None:
        known = self._names.actions
        for index, name in enumerate(actions):
            if known is not None and name not in known:
                place = self._place("actions", index)
                hint = nearest(name, known)
                self.problems.append(ConfigError(place, f"no action {name!r}", "actions", hint))

    def _severity(self, labels: Mapping[str, str]) -> Severity:
        name = labels.get("severity", "")
        if name in Severity.__members__.values():
            return Severity(name)
        place = self._place("labels", "severity")
        what = f"unknown severity {name!r}" if name else "a rule needs a severity"
        self.problems.append(
            ConfigError(place, what, "labels", nearest(name, [s.value for s in Severity]))
        )
        return Severity.INFO


def _inhibitor(text: str | InhibitorText) -> Inhibitor:
    if isinstance(text, str):
        return Inhibitor(text)
    return Inhibitor(text.alert, text.on, text.via)


def _causes(rules: Mapping[str, Rule], names: Names) -> list[ConfigError]:
    """What is wrong with ``inhibited_by``, which can only be told when all rules are there."""
    problems = []
    for rule in rules.values():
        for inhibitor in rule.inhibitors:
            what, hint = _wrong_cause(rule, inhibitor, rules, names)
            if what:
                problems.append(ConfigError(rule.place, what, f"{rule.name}.inhibited_by", hint))
    path = circle(list(rules.values()))
    if path:
        what = f"inhibit each other in a circle: {', '.join(path)}"
        problems.append(ConfigError(rules[path[0]].place, what))
    return problems


def _wrong_cause(
    rule: Rule, inhibitor: Inhibitor, rules: Mapping[str, Rule], names: Names
) -> tuple[str, str]:
    found = rules.get(inhibitor.rule)
    if found is None:
        return f"no alert {inhibitor.rule!r}", nearest(inhibitor.rule, rules)
    wanted = inhibitor.kind or rule.kind
    if found.kind != wanted:
        hint = f"write {{alert: {found.name}, on: {found.kind}, via: ...}}"
        return f"alert {found.name!r} is on kind {found.kind!r}, not {wanted!r}", hint
    known = names.attributes.get(rule.kind, ())
    if inhibitor.via and inhibitor.via not in known:
        what = f"kind {rule.kind!r} has no attribute {inhibitor.via!r}"
        return what, nearest(inhibitor.via, known)
    return "", ""
