"""Comparing a component with its like: the median of the others in its peer group. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from .subject import Run, Subject

#: With fewer others there is no telling which of them is the odd one.
PEERS_MIN = 2
Group = tuple[str, str]


class Peers:
    """Who is in which group, and what an expression says of each member during one evaluation."""

    def __init__(self) -> None:
        self._members: dict[Group, dict[str, Subject]] = {}
        self._values: dict[tuple[str, Group], tuple[list[float], dict[str, float]]] = {}

    def members(self, group: Group | None) -> Iterable[Subject]:
        """The components of a group."""
        return self._members.get(group, {}).values() if group else ()

    def join(self, group: Group | None, subject: Subject) -> None:
        """Puts a component into a group."""
        if group:
            self._members.setdefault(group, {})[subject.id] = subject

    def leave(self, group: Group | None, subject: Subject) -> None:
        """Takes a component out of a group."""
        if group and group in self._members:
            self._members[group].pop(subject.id, None)
            if not self._members[group]:
                del self._members[group]

    def begin(self) -> None:
        """Begins an evaluation: what was computed before is out of date."""
        self._values.clear()

    def median(self, subject: Subject, key: str, run: Run) -> float | None:
        """The median over the others of the group; None if fewer than two of them are known."""
        group = subject.group
        if group is None:
            return None
        if (key, group) not in self._values:
            self._values[key, group] = self._evaluate(group, run)
        ordered, by_id = self._values[key, group]
        own = by_id.get(subject.id)
        return _median(ordered, None if own is None else bisect_left(ordered, own))

    def _evaluate(self, group: Group, run: Run) -> tuple[list[float], dict[str, float]]:
        values = {}
        for id, subject in self._members.get(group, {}).items():
            value = run(subject)
            if value is not None and not isinstance(value, str):
                values[id] = value
        return sorted(values.values()), values


def _median(ordered: Sequence[float], skip: int | None) -> float | None:
    """The median of sorted values, without the one at an index."""
    count = len(ordered) - (skip is not None)
    if count < PEERS_MIN:
        return None

    def at(index: int) -> float:
        return ordered[index if skip is None or index < skip else index + 1]

    middle = count // 2
    return at(middle) if count % 2 else (at(middle - 1) + at(middle)) / 2
