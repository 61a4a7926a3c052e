"""Sensor chips of the hwmon class, under names that survive a reboot.

The kernel numbers chips in the order in which their drivers were loaded: ``hwmon3`` says nothing.
Sources: Documentation/hwmon/sysfs-interface.rst, drivers/hwmon/hwmon.c.
"""

import re
from collections import Counter
from typing import NamedTuple

from .facts import fact
from .identity import safe, text_or_empty
from .root import Root

#: More than any host has; a capture may hold any number of directories.
CHIPS_MAX = 512
_CLASS = "sys/class/hwmon"
_CHIP = re.compile(r"hwmon\d{1,5}")
#: Disks, batteries and thermal zones are read where they are components of their own.
_ELSEWHERE = re.compile(
    r".*/(nvme/nvme\d+|\d+:\d+:\d+:\d+|power_supply/[^/]+|thermal/thermal_zone\d+)(/hwmon)?/hwmon\d+"
)
_PLACE = re.compile(r"(.*?)(/hwmon)?/hwmon\d+")
_NUMBERED = re.compile(r".*/platform/[^/]+\.(\d{1,9})")
#: Places on a bus: a PCI function, an address on an I2C bus, a port of USB.
_ADDRESS = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]|\d+-[0-9a-f]+(\.\d+)*")
#: Numbers of platform devices from here on are I/O ports, which tell no two chips of a kind apart.
_PORTS = 0x100
_NOT_IN_LABEL = re.compile(r"[^a-z0-9:_]")


class Chip(NamedTuple):
    """A chip: its stable id, the directory of its files, where that leads, the driver's name of
    it, the name that node_exporter's users know it by."""

    id: str
    place: str
    path: str
    name: str
    label: str


def chips(root: Root) -> list[Chip]:
    """All chips that are no part of a disk, a battery or a thermal zone. Raises Unreadable.

    A chip's id is its driver's name (``nct6779``) and, where a host can have several of the kind,
    the number of its device (``coretemp.1``) or its place on the bus (``jc42-0-0018``).
    """
    names = [n for n in root.names(_CLASS) if _CHIP.fullmatch(n)][:CHIPS_MAX]
    paths = {name: _path(root, f"{_CLASS}/{name}") for name in names}
    own = [(n, path) for n, path in paths.items() if not _ELSEWHERE.fullmatch(path)]
    return _told_apart([_chip(root, name, path) for name, path in own])


def still_there(root: Root, chip: Chip) -> bool:
    """True if the kernel still has that chip under that number."""
    return _path(root, chip.place) == chip.path


@fact("")
def _path(root: Root, place: str) -> str:
    """Where a chip's directory really is."""
    return root.real(place)


def _device(path: str) -> str:
    """Path of the device that a chip is a part of; empty if it stands alone."""
    found = _PLACE.fullmatch(path)
    device = found[1] if found else ""
    return "" if device.rsplit("/", 1)[-1] in ("class", "virtual") else device


def _chip(root: Root, number: str, path: str) -> Chip:
    place = f"{_CLASS}/{number}"
    # drivers that are older than the class keep their files at the device
    name = text_or_empty(root, f"{place}/name") or text_or_empty(root, f"{place}/device/name")
    own = root.real(f"{place}/device") if root.exists(f"{place}/device") else ""
    id = _id(name, _device(path)) or number
    return Chip(id, place, path, name, _label(own) or safe(name) or number)


def _id(name: str, device: str) -> str:
    if not name:
        return safe(device.rsplit("/", 1)[-1])
    numbered = _NUMBERED.fullmatch(device)
    if numbered:
        return safe(name) if int(numbered[1]) >= _PORTS else f"{safe(name)}.{numbered[1]}"
    places = [part for part in device.split("/") if _ADDRESS.fullmatch(part)]
    return f"{safe(name)}-{places[-1]}" if places else safe(name)


def _label(device: str) -> str:
    """The kind of the device and its name, as node_exporter has them: ``platform_coretemp_0``."""
    cleaned = (_NOT_IN_LABEL.sub("_", part.lower()).strip("_") for part in device.split("/")[-2:])
    return "_".join(cleaned) if device.count("/") else ""


def _told_apart(found: list[Chip]) -> list[Chip]:
    """Gives chips that share an id that of their device too, and then a number; chips that share
    a label their name."""
    ids, labels = Counter(c.id for c in found), Counter(c.label for c in found)
    seen: Counter[str] = Counter()
    apart = []
    for chip in found:
        last = safe(_device(chip.path).rsplit("/", 1)[-1])
        id = f"{chip.id}-{last}" if ids[chip.id] > 1 and last else chip.id
        seen[id] += 1
        id = id if seen[id] == 1 else f"{id}-{seen[id]}"
        label = f"{chip.label}_{safe(chip.name)}" if labels[chip.label] > 1 else chip.label
        apart.append(chip._replace(id=id, label=label))
    return apart
