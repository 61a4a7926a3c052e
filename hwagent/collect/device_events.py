"""Device events: disks, NICs, power supplies and the like that come, go or change.

Through pyudev: udev's own events where udevd runs, since what is read then is complete; the
kernel's elsewhere (containers, other network namespaces).
"""

import errno
import importlib
import os

from .trigger import SUBSYSTEMS, Trigger, after_loss, interface_gone

#: Block devices without hardware, whose events would only cost looks.
_VIRTUAL = ("loop", "ram", "zram")
_UDEVD = "/run/udev/control"
_READS_MAX = 256


class DeviceEvents:
    """Reads device events. Raises OSError or ImportError when made where there is no libudev."""

    def __init__(self) -> None:
        source = "udev" if os.path.exists(_UDEVD) else "kernel"
        pyudev = importlib.import_module("pyudev")  # it comes without types
        self._monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source)
        for subsystem in SUBSYSTEMS:
            self._monitor.filter_by(subsystem)
        self._monitor.start()

    def fileno(self) -> int:
        """File descriptor to poll."""
        return int(self._monitor.fileno())

    def read(self) -> tuple[list[Trigger], bool]:
        """Triggers of all events that have come, and whether block devices may have changed.

        Raises OSError if the socket is broken.
        """
        found: list[Trigger] = []
        blocks = False
        for _ in range(_READS_MAX):
            try:
                device = self._monitor.poll(0)
            except OSError as e:
                if e.errno != errno.ENOBUFS:
                    raise
                found += after_loss("device events were lost")
                blocks = True
                continue
            if device is None:
                break
            subsystem, name, action = device.subsystem, device.sys_name, device.action
            aen = device.get("NVME_AEN", "") if subsystem == "nvme" else ""
            found += device_triggers(subsystem or "", name or "", action or "", aen or "")
            blocks = blocks or subsystem == "block"
        return found, blocks


def device_triggers(subsystem: str, name: str, action: str, aen: str = "") -> list[Trigger]:
    """What should be looked at after an event; an NVMe drive that calls for attention (AEN, an
    asynchronous event) has its health log read."""
    if subsystem == "block" and name.startswith(_VIRTUAL):
        return []
    reason = f"{subsystem} {name}: {action or 'change'}"
    triggers = [Trigger(collector, "", reason) for collector in SUBSYSTEMS.get(subsystem, ())]
    if subsystem == "net" and action == "remove":
        triggers += interface_gone(name)
    if aen:
        # a controller's first namespace carries its health log; smart's targets are disks
        triggers.append(Trigger("smart", f"{name}n1", f"{name} reports event {aen}"))
    return triggers
