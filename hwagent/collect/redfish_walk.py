"""Which documents of a Redfish service tell how the machine is: the walk from its root. Pure.

Source: DMTF DSP0266 and DSP0268. The walk is a generator: it yields the path of a document and is
sent the document, or None for one that cannot be had. The subsystems of 2020.4 and the old arrays
may both be there and the new ones be empty (SIGNALS.md section 11): those with members count.
"""

from collections.abc import Generator
from typing import Any

from .document import objects, text

#: What a service might make us read in one round; a full rack server has about a hundred.
DOCUMENTS_MAX = 512
Walk = Generator[str, Any, list[dict[str, Any]]]
#: Where every service begins.
ROOT = "/redfish/v1/"
#: Old arrays of sensors: the collection of sensors has the same ones again.
_ARRAYS = ("Temperatures", "Voltages")


def walk() -> Walk:
    """Documents of chassis, systems and managers that tell of health. Raises ValueError if the
    root is no Redfish service."""
    root = yield ROOT
    if not isinstance(root, dict) or not ({"Chassis", "Systems"} & root.keys()):
        raise ValueError("no Redfish service: its root has neither Chassis nor Systems")
    found: list[dict[str, Any]] = []
    for chassis in (yield from _members(link(root, "Chassis"))):
        power = yield from _one_of(chassis, "PowerSubsystem", "PowerSupplies", "Power")
        heat = yield from _one_of(chassis, "ThermalSubsystem", "Fans", "Thermal")
        found += [chassis, *power, *heat]
        if not any(key in node for node in (*power, *heat) for key in _ARRAYS):
            found += yield from _members(link(chassis, "Sensors"))
    for system in (yield from _members(link(root, "Systems"))):
        found.append(system)
        found += yield from _storage(system)
    found += yield from _members(link(root, "Managers"))
    return found


def link(node: Any, key: str) -> str:
    """The path that a property links to; empty if there is none."""
    return text(node, key, "@odata.id")


def _get(path: str) -> Generator[str, Any, dict[str, Any]]:
    document = (yield path) if path else None
    return document if isinstance(document, dict) else {}


def _members(path: str) -> Walk:
    """Members of a collection, whole."""
    collection = yield from _get(path)
    found = []
    for member in objects(collection, "Members"):
        document = member if set(member) != {"@odata.id"} else (yield from _get(_path(member)))
        if document:
            found.append(document)
    return found


def _path(node: dict[str, Any]) -> str:
    return text(node, "@odata.id")


def _one_of(chassis: dict[str, Any], new: str, collection: str, old: str) -> Walk:
    """The new subsystem with its members if it has any, else the old document."""
    subsystem = yield from _get(link(chassis, new))
    members = yield from _members(link(subsystem, collection))
    if members:
        return [subsystem, *members]
    document = yield from _get(link(chassis, old))
    return [document] if document else []


def _storage(system: dict[str, Any]) -> Walk:
    found: list[dict[str, Any]] = []
    subsystems = yield from _members(link(system, "Storage"))
    if not subsystems:
        return (yield from _members(link(system, "SimpleStorage")))
    for subsystem in subsystems:
        found.append(subsystem)
        found += yield from _members(link(subsystem, "Controllers"))
        for drive in objects(subsystem, "Drives"):
            if set(drive) == {"@odata.id"}:
                found.append((yield from _get(_path(drive))))
    return [node for node in found if node]
