"""What a switch is made of: ENTITY-MIB (RFC 6933) and the states of ENTITY-STATE-MIB (RFC 4268)."""

from typing import Any, NamedTuple

from .oid import Oid
from .walk import Walk

#: entPhysicalClass.
CLASSES = {
    **{1: "other", 2: "unknown", 3: "chassis", 4: "backplane", 5: "container", 6: "powerSupply"},
    **{7: "fan", 8: "sensor", 9: "module", 10: "port", 11: "stack", 12: "cpu", 13: "energyObject"},
    **{14: "battery", 15: "storageDrive"},
}
#: Classes that people look up serial numbers of.
_INVENTORY = ("chassis", "powerSupply", "fan", "module", "stack")
#: Trees of real hardware are shallower; one that is deeper is a circle.
_DEPTH_MAX = 16
_INVENTORY_MAX = 512
#: entStateOper.
_OPER = {1: "unknown", 2: "failed", 3: "good", 4: "warning"}
_OPER_WORDS = {1: "unknown", 2: "disabled", 3: "enabled", 4: "testing"}
#: Bits of entStateAlarm, the most significant first: unknown, underRepair, critical, major, minor,
#: warning, indeterminate.
_ALARM = ((0x20, "failed"), (0x10, "critical"), (0x0C, "warning"))


class Entity(NamedTuple):
    """One physical entity; ``number`` is its index, ``parent`` that of what it is in."""

    number: int
    kind: str
    name: str
    description: str
    parent: int
    model: str
    serial: str

    @property
    def label(self) -> str:
        """The name that people know it by."""
        return self.name or self.description or str(self.number)


Entities = dict[int, Entity]


_COLUMNS = (
    *("entPhysicalClass", "entPhysicalName", "entPhysicalDescr", "entPhysicalContainedIn"),
    *("entPhysicalModelName", "entPhysicalSerialNum"),
)


def entities(walk: Walk) -> Entities:
    """All physical entities by their index."""
    return walk.derived("entities", _COLUMNS, lambda: _entities(walk))


def _entities(walk: Walk) -> Entities:
    classes = walk.numbers("entPhysicalClass")
    names, descriptions = walk.texts("entPhysicalName"), walk.texts("entPhysicalDescr")
    parents = walk.numbers("entPhysicalContainedIn")
    models, serials = walk.texts("entPhysicalModelName"), walk.texts("entPhysicalSerialNum")
    known = {o for column in (classes, names, descriptions) for o in column if len(o) == 1}
    return {
        o[0]: Entity(
            o[0],
            CLASSES.get(classes.get(o, 2), "unknown"),
            names.get(o, ""),
            descriptions.get(o, ""),
            parents.get(o, 0),
            models.get(o, ""),
            serials.get(o, ""),
        )
        for o in sorted(known)
    }


def ancestors(found: Entities, index: int) -> list[Entity]:
    """What contains an entity, the nearest first; a circle is cut."""
    line: list[Entity] = []
    entity = found.get(index)
    while entity and entity.parent in found and len(line) < _DEPTH_MAX:
        entity = found[entity.parent]
        line.append(entity)
    return line


def counts(walk: Walk, found: Entities) -> dict[str, int]:
    """How many entities there are of each class."""
    told: dict[str, int] = {}
    for (index, *_), _number in walk.numbers("entPhysicalClass").items():
        kind = found[index].kind
        told[kind] = told.get(kind, 0) + 1
    return dict(sorted(told.items()))


def inventory(found: Entities) -> list[dict[str, Any]]:
    """Chassis, supplies, fans and modules with their models and serial numbers."""
    return [
        {"class": e.kind, "index": e.number, "name": e.label, "model": e.model, "serial": e.serial}
        for e in found.values()
        if e.kind in _INVENTORY
    ][:_INVENTORY_MAX]


def state(walk: Walk, index: int) -> tuple[str, str] | None:
    """Verdict of ENTITY-STATE-MIB on an entity, and its words; None if it says nothing."""
    row: Oid = (index,)
    oper = walk.numbers("entStateOper").get(row)
    if oper is None:
        return None
    words = f"{_OPER_WORDS.get(oper, '?')}({oper})"
    alarm = walk.octets("entStateAlarm").get(row, b"")[:1]
    for bits, verdict in _ALARM:
        if oper == 3 and alarm and alarm[0] & bits:
            return verdict, f"{words}, alarm {alarm.hex()}"
    return _OPER.get(oper, "unknown"), words
