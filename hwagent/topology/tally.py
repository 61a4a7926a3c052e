"""Cuts, and how many components of one need each of these takes down. Pure."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from itertools import chain
from typing import NamedTuple, TypeVar

Pair = tuple[str, str]
NONE: frozenset[str] = frozenset()
NO_PAIRS: frozenset[Pair] = frozenset()
_H = TypeVar("_H", bound=Hashable)


class Cuts(NamedTuple):
    """The elements that alone take a component down, and the pairs; ``down``: it is so already.

    Of a component there is one such object until something below it changes.
    """

    singles: frozenset[str] = NONE
    pairs: frozenset[Pair] = NO_PAIRS
    down: bool = False


class Tally:
    """Counts elements and pairs in the cuts of the components of one need.

    It goes from one set of cuts to the next by what differs, so that of two thousand hosts one is
    counted anew.
    """

    def __init__(self) -> None:
        self._found: Mapping[str, Cuts] = {}
        self.alone: Counter[str] = Counter()
        self.both: Counter[Pair] = Counter()

    def copy(self) -> "Tally":
        """Another one that has counted the same."""
        other = Tally()
        other._found, other.alone, other.both = self._found, self.alone.copy(), self.both.copy()
        return other

    def count(self, found: Mapping[str, Cuts]) -> None:
        """Counts these and nothing else."""
        before, self._found = self._found, found
        new = [cuts for id, cuts in found.items() if before.get(id) is not cuts]
        old = [cuts for id, cuts in before.items() if found.get(id) is not cuts]
        self.alone.update(chain.from_iterable(c.singles for c in new))
        self.both.update(chain.from_iterable(c.pairs for c in new))
        _take(self.alone, chain.from_iterable(c.singles for c in old))
        _take(self.both, chain.from_iterable(c.pairs for c in old))


def _take(counts: Counter[_H], gone: Iterable[_H]) -> None:
    for one in gone:
        if counts[one] == 1:
            del counts[one]
        else:
            counts[one] -= 1
