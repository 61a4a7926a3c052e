"""Causes and consequences: while the cause fires, its consequences are marked as explained."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from .rule import Inhibitor, Rule
from .subject import Subject

#: Rule name to the ids of the components that it fires on.
Firing = Mapping[str, Collection[str]]


def cause(rule: Rule, subject: Subject, firing: Firing) -> str:
    """What explains a rule on a component: ``Rule``, or ``Rule component``; empty if nothing."""
    for inhibitor in rule.inhibitors:
        on = firing.get(inhibitor.rule)
        if not on:
            continue
        if not inhibitor.kind:
            if subject.id in on:
                return inhibitor.rule
            continue
        for id in _candidates(inhibitor, subject, on):
            if id in on:
                return f"{inhibitor.rule} {id}"
    return ""


def _candidates(inhibitor: Inhibitor, subject: Subject, on: Collection[str]) -> list[str]:
    """The components on which the inhibitor would explain this one, never itself."""
    if not inhibitor.via:
        return sorted(id for id in on if id != subject.id)
    held = subject.attributes.get(inhibitor.via)
    if isinstance(held, str):
        return [held]
    return [id for id in held if isinstance(id, str)] if isinstance(held, list | tuple) else []


def circle(rules: Sequence[Rule]) -> list[str]:
    """Names of rules that inhibit each other in a circle, and so could all fall silent."""
    causes = {rule.name: [i.rule for i in rule.inhibitors if not i.via] for rule in rules}
    for name in causes:
        for path in _paths(name, causes):
            if causes.get(path[-1]) and name in causes[path[-1]]:
                return path
    return []


def _paths(start: str, causes: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """A path to every rule that can be reached from one."""
    seen = {start}
    waiting = [[start]]
    while waiting:
        path = waiting.pop()
        yield path
        for name in causes.get(path[-1], ()):
            if name not in seen:
                seen.add(name)
                waiting.append([*path, name])
