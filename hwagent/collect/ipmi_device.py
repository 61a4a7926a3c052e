"""The host's own BMC, through the kernel's device: sensors, chassis, event log.

Live by ipmi-sensors (FreeIPMI) and ipmitool, whichever is installed; in captures from
``commands/ipmi-sensors-ipmi`` or ``commands/ipmitool-ipmi-sdr-elist``.
"""

import os
from pathlib import Path
from shutil import which
from typing import ClassVar

from hwagent.model import Sample

from . import ipmi
from .base import Collector
from .ipmi_ask import FREEIPMI, Way, ask
from .root import Root, command_file

_NAME = "ipmi"
#: Where the kernel's driver of the device (ipmi_devintf) lists BMCs. Not /dev: the agent has no
#: devices in its sandbox.
DEVICES = "sys/class/ipmi"
_TOOLS = {FREEIPMI[0]: f"{FREEIPMI[0]}-{_NAME}", "ipmitool": f"ipmitool-{_NAME}-sdr-elist"}


class IpmiDevice(Collector):
    """One look for all: the BMC answers one question at a time anyway."""

    name: ClassVar = "ipmi_device"
    kinds: ClassVar = ipmi.KINDS
    attributes: ClassVar = ipmi.NAMES
    interval: ClassVar = 60.0  # a full scan takes 8 s of the BMC's slow processor: SIGNALS.md 11
    deadline: ClassVar = 180.0
    privileged: ClassVar = True

    def targets(self, root: Root) -> list[str]:
        """One where there is a device and a tool to ask it with."""
        device = not root.live or bool(root.names(DEVICES))
        return [""] if device and _tool(root) else []

    def collect(self, root: Root, target: str) -> list[Sample]:
        """The BMC and what it tells of. Raises Unreadable if it does not answer."""
        way = Way(_NAME, ("-I", "open"), self.deadline / 4)
        if _tool(root) == "ipmitool":
            return ask(root, way)
        return ask(root, way, (*FREEIPMI, *_cache()))


def _tool(root: Root) -> str:
    """The tool that is there; FreeIPMI keeps the table of sensors, which saves most of the time."""
    there = (
        t for t, f in _TOOLS.items() if (which(t) if root.live else root.exists(command_file(f)))
    )
    return next(there, "")


def _cache() -> tuple[str, ...]:
    """Where FreeIPMI may keep it: as a service there is no home directory to write to."""
    directory = os.environ.get("CACHE_DIRECTORY") or os.environ.get("RUNTIME_DIRECTORY")
    there = directory and Path(directory).is_dir()
    return ("--sdr-cache-directory", str(directory)) if there else ()


COLLECTOR = IpmiDevice
