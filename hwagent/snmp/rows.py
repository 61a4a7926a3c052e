"""Rows of a maker's table, read from a walk."""

from .entities import Entity
from .makers import Table
from .oid import Oid, show_oid
from .walk import Walk

#: Classes of entities that a table of a kind may mean, where its rows are entities.
_CLASSES = {"psu": ("powerSupply",), "fan": ("fan",)}
#: Classes that have a temperature of their own; ports repeat that of their module.
MEASURED = ("chassis", "module", "sensor", "cpu", "powerSupply", "fan")


class Rows:
    """The rows that a table has in a walk: numbers of the status, readings, names."""

    def __init__(self, walk: Walk, table: Table) -> None:
        self.table = table
        columns = table.columns
        self._names = walk.texts(columns["name"]) if "name" in columns else {}
        self.serials = walk.texts(columns["serial"]) if "serial" in columns else {}
        self.states = walk.numbers(columns["status"]) if "status" in columns else {}
        self._limits = {
            limit: walk.numbers(columns[limit])
            for limit in ("max", "crit", "min", "lcrit")
            if limit in columns
        }
        self.values = self._readings(walk)
        rows = dict.fromkeys(sorted({**self.states, **self.values}))
        kept = _where(walk, table)
        self.found = [row for row in rows if (kept is None or row in kept) and self._named(row)]

    def name(self, row: Oid) -> str:
        """What a row is called."""
        index = "" if row == (0,) else show_oid(row)
        label = self.table.text.label.replace("{index}", index).strip()
        return self._names.get(row) or label or self.table.text.object

    def limits(self, row: Oid) -> dict[str, float]:
        """Limits of a row, in the unit of its kind."""
        reading = self.table.text.reading
        if reading is None:
            return {}
        return {
            name: round(column[row] * reading.scale, 9)
            for name, column in self._limits.items()
            if row in column and column[row] not in (0, *reading.ignore)
        }

    def absent(self, row: Oid) -> bool:
        """True for an empty bay."""
        return self.table.verdicts.get(self.states.get(row, -1), ("", ""))[0] == "absent"

    def means(self, entity: Entity) -> bool:
        """True if a row that is about an entity is about a part of this table's kind."""
        return entity.kind in _CLASSES.get(self.table.text.kind, MEASURED)

    def _readings(self, walk: Walk) -> dict[Oid, float]:
        reading = self.table.text.reading
        if reading is None:
            return {}
        raw = walk.numbers(self.table.columns["reading"])
        return {
            row: round(value * reading.scale, 9)
            for row, value in raw.items()
            if value not in reading.ignore
        }

    def _named(self, row: Oid) -> bool:
        pattern = self.table.pattern
        return pattern is None or bool(pattern.search(self.name(row)))


def _where(walk: Walk, table: Table) -> set[Oid] | None:
    """Rows that a table is of, by the value of a column; None for all."""
    if "where" not in table.columns:
        return None
    wanted = {str(value) for value in table.text.where.values}
    return {
        row
        for row, value in walk.column(table.columns["where"]).items()
        if (show_oid(value) if isinstance(value, tuple) else str(value)) in wanted
    }
