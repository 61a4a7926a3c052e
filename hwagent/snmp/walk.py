"""What a switch answered: a table of OIDs, read by columns. Pure."""

from bisect import bisect_left
from collections.abc import Mapping

from .names import OBJECTS
from .octets import text_of
from .oid import Oid, after

#: Integers of any kind, octets (texts and addresses), and OIDs.
Value = int | bytes | Oid


class Walk:
    """Values by OID, as a capture holds them or a poll has found them.

    ``problems`` says what of it could not be read or understood: lines that are damaged, tables
    that the switch did not finish.
    """

    def __init__(self, values: Mapping[Oid, Value], problems: list[str] | None = None) -> None:
        self.values = values
        self.problems = problems or []
        self._order = sorted(values)

    def __len__(self) -> int:
        return len(self._order)

    def column(self, oid: Oid) -> dict[Oid, Value]:
        """Values of a column by the index of their row, which may be several numbers long."""
        size = len(oid)
        first, last = bisect_left(self._order, oid), bisect_left(self._order, after(oid))
        return {o[size:]: self.values[o] for o in self._order[first:last] if len(o) > size}

    def rows(self, name: str) -> list[Oid]:
        """Indexes of the rows that a column has values of any type for."""
        return list(self.column(OBJECTS[name]))

    def pointers(self, name: str) -> dict[Oid, Oid]:
        """Those values of a column that are OIDs."""
        found = self.column(OBJECTS[name])
        return {index: value for index, value in found.items() if isinstance(value, tuple)}

    def numbers(self, name: str | Oid) -> dict[Oid, int]:
        """Those values of a column that are numbers."""
        found = self.column(_oid(name))
        return {index: value for index, value in found.items() if isinstance(value, int)}

    def octets(self, name: str | Oid) -> dict[Oid, bytes]:
        """Those values of a column that are octets."""
        found = self.column(_oid(name))
        return {index: value for index, value in found.items() if isinstance(value, bytes)}

    def texts(self, name: str | Oid) -> dict[Oid, str]:
        """Those values of a column that are texts or numbers, as text."""
        found = self.column(_oid(name))
        return {
            index: text_of(value) if isinstance(value, bytes) else str(value)
            for index, value in found.items()
            if isinstance(value, bytes | int)
        }

    def number(self, name: str) -> int | None:
        """A number that stands alone; None if there is none."""
        value = self.values.get((*OBJECTS[name], 0))
        return value if isinstance(value, int) else None

    def text(self, name: str) -> str:
        """A text that stands alone; empty if there is none."""
        value = self.values.get((*OBJECTS[name], 0))
        return text_of(value) if isinstance(value, bytes) else ""


def _oid(name: str | Oid) -> Oid:
    return OBJECTS[name] if isinstance(name, str) else name
