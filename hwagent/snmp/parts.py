"""Parts of a switch with what is said of each: ENTITY-MIB, the sensors' MIBs and makers' tables,
joined where they tell of the same thing."""

from typing import Any

from hwagent.collect import verdict as verdicts
from hwagent.collect.document import Report

from . import entities as physical
from .entities import Entities, Entity
from .makers import Makers
from .naming import id_part, told_apart
from .oid import Oid
from .rows import Rows
from .sensors import KINDS, Sensor, sensors
from .walk import Walk

#: Classes of entities that are components.
_OF_CLASS = {"powerSupply": "psu", "fan": "fan"}
_TURNS = ("rpm", "unknown")
#: Columns of a maker's table that say how something is; few switches have those of any one table.
_TOLD = ("status", "reading")
#: More than the largest chassis has.
PARTS_MAX = 8192


class Part:
    """One part while all that is known of it is gathered."""

    def __init__(self, kind: str, name: str, entity: Entity | None = None) -> None:
        self.kind = kind
        self.name = name
        self.entity = entity
        self.sensor: Sensor | None = None
        self.reading = False
        self.value: float | None = None
        self.limits: dict[str, float] = {}
        self.verdicts: list[str] = []
        self.loads: list[float] = []
        self.attributes: dict[str, Any] = {}

    @property
    def prefix(self) -> str:
        """What its component id begins with: whatever is there to measure is a sensor."""
        whole = self.kind in ("psu", "fan") and self.sensor is None and not self.reading
        return self.kind if whole else "sensor"

    @property
    def told(self) -> bool:
        """True if anybody says anything of how it is."""
        return bool(self.verdicts or self.sensor or self.value is not None)

    def said(self, object: str, words: str, verdict: str) -> None:
        """Takes what one object of a MIB says of it."""
        self.attributes.setdefault("states", {})[object] = words
        self.verdicts.append(verdict)


class Parts:
    """All parts of one switch, in the order in which they are found."""

    def __init__(self, walk: Walk, makers: Makers, found: Entities) -> None:
        self.entities = found
        self.all: list[Part] = []
        self._by_entity: dict[tuple[int, str], Part] = {}
        self._by_name: dict[tuple[str, str], Part] = {}
        self._kinds: set[str] = set()
        self.sensors = sensors(walk, makers)
        for sensor in self.sensors:
            self._sensor(sensor)
        for entity in found.values():
            self._entity(walk, entity)
        for table in makers.tables:
            if any(walk.column(table.columns[n]) for n in _TOLD if n in table.columns):
                self._table(Rows(walk, table))
        self._turn_fans()
        self._feed_supplies()

    def reports(self, switch: str) -> list[tuple[Part, Report]]:
        """Each part and the report of it. Where a maker's table tells of a kind, entities of the
        kind that it does not mention are in the inventory only."""
        parts = [p for p in self.all if p.told or p.kind not in self._kinds][:PARTS_MAX]
        names = told_apart([(p.prefix, p.name, p.entity) for p in parts], self.entities)
        return [(part, _report(part, name, switch)) for part, name in zip(parts, names)]

    def _add(self, part: Part) -> Part:
        self.all.append(part)
        if part.entity:
            self._by_entity.setdefault((part.entity.number, part.kind), part)
        self._by_name.setdefault((part.name.casefold(), part.kind), part)
        return part

    def _sensor(self, sensor: Sensor) -> None:
        entity = self.entities.get(sensor.number)
        name = entity.label if entity else str(sensor.number)
        part = self._add(Part(KINDS.get(sensor.type, "sensor"), name, entity))
        part.sensor, part.value, part.limits = sensor, sensor.value, dict(sensor.limits)
        part.attributes.update(type=sensor.type, index=sensor.number, status=sensor.status)

    def _entity(self, walk: Walk, entity: Entity) -> None:
        if entity.kind not in _OF_CLASS:
            return
        part = self._add(Part(_OF_CLASS[entity.kind], entity.label, entity))
        part.attributes.update(index=entity.number, model=entity.model, serial=entity.serial)
        if state := physical.state(walk, entity.number):
            part.said("entStateOper", state[1], state[0])

    def _table(self, rows: Rows) -> None:
        for row in rows.found:
            entity = self.entities.get(row[0]) if rows.table.text.entity else None
            if entity is None or rows.means(entity):
                self._row(rows, row, self._known(rows, row, entity))

    def _row(self, rows: Rows, row: Oid, part: Part) -> None:
        table = rows.table
        if row in rows.states:
            self._kinds.add(part.kind)
            verdict, word = table.verdicts.get(rows.states[row], ("unknown", "?"))
            part.said(table.text.object, f"{word}({rows.states[row]})", verdict)
        if row in rows.values and not rows.absent(row):
            part.value = rows.values[row] if part.value is None else part.value
            part.limits = {**rows.limits(row), **part.limits}
        if rows.serials.get(row):
            part.attributes["serial"] = rows.serials[row]

    def _known(self, rows: Rows, row: Oid, entity: Entity | None) -> Part:
        """The part that a row tells of: one that is known, or a new one."""
        kind, name = rows.table.text.kind, rows.name(row)
        known = self._by_entity.get((entity.number, kind)) if entity else None
        known = known or self._by_name.get((name.casefold(), kind)) or self._in_order(rows, row)
        if known:
            return known
        part = self._add(Part(kind, entity.label if entity else name, entity))
        part.reading = row in rows.values and row not in rows.states
        return part

    def _in_order(self, rows: Rows, row: Oid) -> Part | None:
        """Where there are as many rows as entities and neither tells the other's name, the first is
        the first. Rows of empty bays have no entity."""
        of_class = [p for p in self.all if p.entity and p.entity.kind in _OF_CLASS
                    and p.kind == rows.table.text.kind and p.sensor is None]  # fmt: skip
        present = [r for r in rows.found if not rows.absent(r)]
        if rows.table.text.entity or row not in present or len(of_class) != len(present):
            return None
        part = of_class[present.index(row)]
        return None if rows.table.text.object in part.attributes.get("states", {}) else part

    def _turn_fans(self) -> None:
        """A fan with a sensor of its speed in it turns as fast as that says; of several, as the
        slowest. Agents that give that sensor no type (SONiC) count turns too."""
        for part in self.all:
            if part.sensor is None or part.value is None or part.sensor.type not in _TURNS:
                continue
            for above in physical.ancestors(self.entities, part.sensor.number)[:2]:
                fan = self._by_entity.get((above.number, "fan"))
                if fan and (fan.value is None or part.value < fan.value):
                    fan.value = part.value

    def _feed_supplies(self) -> None:
        """A supply that says nothing of its state but gives current or power is a good one."""
        for part in self.all:
            if part.kind not in ("current", "power") or not part.sensor or part.value is None:
                continue
            for above in physical.ancestors(self.entities, part.sensor.number)[:2]:
                supply = self._by_entity.get((above.number, "psu"))
                if supply and (not supply.verdicts or supply.loads):
                    supply.loads.append(part.value)
                    supply.verdicts = ["good" if any(v > 0 for v in supply.loads) else "no_input"]


def _report(part: Part, name: str, switch: str) -> Report:
    report = Report(f"{part.prefix}:{switch}/{id_part(name)}", part.kind)
    report.attributes.update(name=part.name, label=part.name, of=f"switch:{switch}")
    for key, value in part.attributes.items():
        report.note(key, value)
    if part.value is not None:
        verdicts.measure(report, part.value, part.limits)
    if part.verdicts:
        verdicts.judge(report, verdicts.worst_verdict(part.verdicts))
    if part.sensor:
        _status(report, part.sensor)
    elif not part.told:
        report.fail("the switch does not tell its state")
    return report


def _status(report: Report, sensor: Sensor) -> None:
    """What a sensor says of itself; one that is broken is a finding, not only unknown."""
    if sensor.status == "nonoperational":
        report.metrics["fault"] = 1
    elif sensor.problem:
        report.problem(verdicts.metric_of(report.kind), sensor.problem)
