"""What a switch answered: a table of OIDs, read by columns. Pure."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from .names import OBJECTS
from .octets import text_of
from .oid import Oid, after

#: Integers of any kind, octets (texts and addresses), and OIDs.
Value = int | bytes | Oid
#: A column: its values by the index of their row, which may be several numbers long.
Column = dict[Oid, Value]
T = TypeVar("T")


class Walk:
    """Values by OID, as a capture holds them or a poll has found them.

    ``problems`` says what of it could not be read or understood: lines that are damaged, tables
    that the switch did not finish. What is asked of a walk must not be changed.
    """

    def __init__(self, values: Mapping[Oid, Value], problems: list[str] | None = None) -> None:
        self.values = values
        self.problems = problems or []
        self._order = sorted(values)

    def __len__(self) -> int:
        return len(self._order)

    def column(self, oid: Oid) -> Column:
        """A column; empty if there is none."""
        size = len(oid)
        first, last = bisect_left(self._order, oid), bisect_left(self._order, after(oid))
        return {o[size:]: self.values[o] for o in self._order[first:last] if len(o) > size}

    def derived(self, what: str, columns: Iterable[str | Oid], make: Callable[[], T]) -> T:
        """What is made of some columns and of nothing else. A walk that lasts remembers it."""
        return make()

    def rows(self, name: str) -> list[Oid]:
        """Indexes of the rows that a column has values of any type for."""
        return list(self.column(OBJECTS[name]))

    def pointers(self, name: str) -> dict[Oid, Oid]:
        """Those values of a column that are OIDs."""
        return self._of("pointers", name, lambda v: v if isinstance(v, tuple) else None)

    def numbers(self, name: str | Oid) -> dict[Oid, int]:
        """Those values of a column that are numbers."""
        return self._of("numbers", name, lambda v: v if isinstance(v, int) else None)

    def octets(self, name: str | Oid) -> dict[Oid, bytes]:
        """Those values of a column that are octets."""
        return self._of("octets", name, lambda v: v if isinstance(v, bytes) else None)

    def texts(self, name: str | Oid) -> dict[Oid, str]:
        """Those values of a column that are texts or numbers, as text."""
        return self._of("texts", name, _text)

    def number(self, name: str) -> int | None:
        """A number that stands alone; None if there is none."""
        value = self.values.get((*OBJECTS[name], 0))
        return value if isinstance(value, int) else None

    def text(self, name: str) -> str:
        """A text that stands alone; empty if there is none."""
        value = self.values.get((*OBJECTS[name], 0))
        return text_of(value) if isinstance(value, bytes) else ""

    def _of(self, kind: str, name: str | Oid, take: Callable[[Value], T | None]) -> dict[Oid, T]:
        def make() -> dict[Oid, T]:
            pairs = ((index, take(value)) for index, value in self.column(_oid(name)).items())
            return {index: value for index, value in pairs if value is not None}

        return self.derived(kind, (name,), make)


class Lasting(Walk):
    """A walk of which single values and whole columns are replaced, poll by poll."""

    def __init__(self) -> None:
        super().__init__({})
        self._columns: dict[Oid, Column] = {}
        self._made: dict[Any, tuple[list[Column], Any]] = {}

    def __len__(self) -> int:
        return len(self.values) + sum(map(len, self._columns.values()))

    def column(self, oid: Oid) -> Column:
        """A column; empty if there is none, or it was never read."""
        return self._columns.get(oid, _NO_COLUMN)

    def derived(self, what: str, columns: Iterable[str | Oid], make: Callable[[], T]) -> T:
        """As it was made last, unless one of the columns was replaced since."""
        names = tuple(columns)
        now = [self.column(_oid(name)) for name in names]
        before = self._made.get((what, names))
        if before is not None and all(a is b for a, b in zip(before[0], now)):
            made: T = before[1]
            return made
        made = make()
        self._made[what, names] = (now, made)
        return made

    def replace(self, oid: Oid, column: Column) -> None:
        """Takes a column; the old one is kept if it was the same."""
        if self._columns.get(oid) != column:
            self._columns[oid] = column


_NO_COLUMN: Column = {}


def _text(value: Value) -> str | None:
    if isinstance(value, bytes):
        return text_of(value)
    return str(value) if isinstance(value, int) else None


def _oid(name: str | Oid) -> Oid:
    return OBJECTS[name] if isinstance(name, str) else name
