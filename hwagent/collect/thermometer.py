"""Temperatures of flash disks, as the kernel's nvme and drivetemp drivers show them.

They are fresh while SMART is read rarely; the limits are SMART's. Only the temperature is read:
drives that do not know the features behind the nvme driver's limits log an error each time. Disks
that turn are left to SMART, since a look through drivetemp may keep them from going to sleep.
Sources: drivers/nvme/host/hwmon.c, Documentation/hwmon/drivetemp.rst.
"""

from typing import ClassVar

from hwagent.model import Sample, gauge

from .base import Collector
from .disk import disks
from .gather import Gather
from .hwmon_kinds import KINDS
from .identity import disk_id, serial_of, text_or_empty, wwn_of
from .root import Root, Unreadable

_WORKING = ("running", "live", "")  # a disk with several controllers has no state of its own
_LEAST, _MOST = KINDS["temp"].range
METRICS = (gauge("temperature_celsius", "temperature now", "celsius", "drivers/nvme/host/hwmon.c"),)


class Thermometer(Collector):
    """The temperature of each flash disk, beside what other collectors say of it.

    SMART says the same less often: what the later name says counts. Each disk is asked by itself.
    """

    name: ClassVar = "thermometer"
    kinds: ClassVar = {"disk": METRICS}
    interval: ClassVar = 60.0

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str, str], str] = {}  # an id takes a look at all disks

    def targets(self, root: Root) -> list[str]:
        """Kernel names of flash disks with a thermometer. Raises Unreadable."""
        return [n for n in disks(root) if not _turns(root, n) and _place(root, n)]

    def collect(self, root: Root, target: str) -> list[Sample]:
        """The temperature of one disk; none of a disk that does not take commands now."""
        state = text_or_empty(root, f"sys/block/{target}/device/state")
        place = _place(root, target)
        if not place or state not in _WORKING:
            return []
        g = Gather(self._id(root, target), "disk", root, place)
        value = g.number("temperature_celsius", "temp1_input", 0.001)
        if value is not None and not _LEAST <= value <= _MOST:
            del g.metrics["temperature_celsius"]
            g.problem("temperature_celsius", f"cannot be true: {value:.5g}")
        return [g.sample()]

    def _id(self, root: Root, name: str) -> str:
        known = name, wwn_of(root, name), serial_of(root, name)
        if known not in self._ids:
            self._ids[known] = disk_id(root, name)
        return self._ids[known]


def _turns(root: Root, name: str) -> bool:
    return text_or_empty(root, f"sys/block/{name}/queue/rotational") != "0"


def _place(root: Root, name: str) -> str:
    """Directory of the disk's thermometer; empty if it has none. A disk with several controllers
    has one at each."""
    device = f"sys/block/{name}/device"
    try:
        controllers = [n for n in root.names(device) if n.startswith("nvme")]
        for place in (device, *(f"{device}/{n}" for n in controllers), f"{device}/hwmon"):
            found = [n for n in root.names(place) if n.startswith("hwmon") and n != "hwmon"]
            if found and root.exists(f"{place}/{found[0]}/temp1_input"):
                return f"{place}/{found[0]}"
    except Unreadable:
        return ""
    return ""


COLLECTOR = Thermometer
