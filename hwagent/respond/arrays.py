"""Reading an array from its component: members, redundancy, what it is doing. Pure.

The names are those of collect/array.py and collect/md.py.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from hwagent.model import Component, Health

from .base import View

#: ``sync_action`` while members are being filled: nobody may take another one away.
REBUILDING = frozenset({"resync", "recover", "reshape"})
CHECKING = frozenset({"check", "repair"})
_PARITY = {"raid4": 1, "raid5": 1, "raid6": 2}


class Member(msgspec.Struct, frozen=True):
    """One member: kernel name of the device, id of its disk, and the word that tells most; the
    kernel's own words are its flags."""

    device: str
    disk: str
    state: str
    slot: int | None = None
    flags: list[str] = []


def members(array: Component) -> list[Member]:
    """All members that are attached; what is not a member's description is left out."""
    listed: Any = array.attributes.get("members")
    found = []
    for item in listed if isinstance(listed, list | tuple) else ():
        try:
            found.append(msgspec.convert(item, Member))
        except msgspec.ValidationError:
            continue
    return found


def member(array: Component, device: str) -> Member | None:
    """One member by its device."""
    return next((m for m in members(array) if m.device == device), None)


def serves(view: View, array: str, device: str) -> bool | None:
    """Whether a device is a member in any state but faulty; None if the array (an id) is gone."""
    there = view.components.get(array)
    if there is None:
        return None
    found = member(there, device)
    return found is not None and found.state != "faulty"


def name_of(component: str) -> str:
    """Kernel name in an id: ``md0`` of ``array:md0``, ``bond0`` of ``bond:bond0``."""
    return component.partition(":")[2]


def number(component: Component, metric: str) -> float | None:
    """A metric that is a number; None if it is missing or a word."""
    value = component.metrics.get(metric)
    return value if isinstance(value, int | float) else None


def arrays(view: View) -> Iterator[Component]:
    """All arrays that are there."""
    for component in view.components.values():
        if component.kind == "array" and component.metrics.get("present") != 0:
            yield component


def array_named(view: View, name: str) -> Component | None:
    """An array by its kernel name."""
    return view.components.get(f"array:{name}")


def rebuilding(array: Component) -> bool:
    """True while a member is being filled, or waits for it."""
    return array.metrics.get("sync_action") in REBUILDING or bool(number(array, "rebuilding_disks"))


def spares(array: Component) -> list[Member]:
    """Members that wait for the failure of another."""
    return [m for m in members(array) if m.state == "spare"]


def sound(view: View, member: Member) -> bool:
    """True if the member holds current data and its disk is not known to be failing."""
    disk = view.components.get(member.disk)
    failing = disk is not None and (
        disk.health is Health.FAILED or disk.metrics.get("present") == 0
    )
    return member.state == "in_sync" and not failing


def bytes_needed(array: Component) -> float | None:
    """Bytes that each member contributes; None if that cannot be told.

    RAID10 is taken to keep two copies. The kernel has the last word when the device is added.
    """
    size, disks = number(array, "size_bytes"), number(array, "raid_disks")
    level = array.metrics.get("level")
    if not size or not disks:
        return None
    if level == "raid1":
        return size
    if level == "raid10":
        return size * 2 / disks
    parity = _PARITY.get(str(level))
    return size / (disks - parity) if parity and disks > parity else None
