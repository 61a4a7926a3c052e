"""What a switch is made of, read in portions: a slow one takes minutes, and its states are read in
between. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from .oid import Oid
from .walk import Value

#: Columns that are asked for in one request, and walked side by side.
ASKED, WALKED = 24, 12


class Gathering:
    """Columns that are wanted. Most switches have few of them: those that are not known to be there
    are asked for first, which is far cheaper than to walk them."""

    def __init__(self, columns: Iterable[Oid], known: Callable[[Oid], bool]) -> None:
        self.columns = list(dict.fromkeys(columns))
        #: What has been read of them.
        self.values: dict[Oid, Value] = {}
        self._doubtful = [oid for oid in self.columns if not known(oid)]
        self._there = [oid for oid in self.columns if known(oid)]

    def doubtful(self) -> list[Oid]:
        """Columns to ask for next; empty once it is known of all whether they are there."""
        return self._doubtful[:ASKED]

    def present(self, asked: Sequence[Oid], there: Iterable[Oid]) -> None:
        """Takes which of the columns that were asked for are there."""
        self._doubtful = self._doubtful[len(asked) :]
        self._there += there

    def unread(self) -> list[Oid]:
        """Columns to walk next; empty once all have been."""
        return self._there[:WALKED]

    def walked(self, columns: Sequence[Oid], values: Mapping[Oid, Value]) -> None:
        """Takes the values of columns."""
        self._there = self._there[len(columns) :]
        self.values.update(values)

    @property
    def complete(self) -> bool:
        """True once all that is there has been read."""
        return not self._doubtful and not self._there
