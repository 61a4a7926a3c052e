"""Reading everything once for a capture."""

from collections.abc import Iterable

from hwagent.collect.base import Collector
from hwagent.collect.root import Root, Unreadable


def read_everything(root: Root, collectors: Iterable[Collector]) -> list[str]:
    """Has every collector look at every target; returns what could not be read."""
    problems = []
    for collector in collectors:
        try:
            for target in collector.targets(root):
                problems += _read(root, collector, target)
        except Unreadable as e:
            problems.append(f"{collector.name}: {e}")
    return problems


def _read(root: Root, collector: Collector, target: str) -> list[str]:
    try:
        collector.collect(root, target)
    except Unreadable as e:
        return [f"{collector.name} {target}: {e}"]
    return []
