"""Watchdogs: hardware that resets a host which does not answer any more.

Sources: Documentation/ABI/testing/sysfs-class-watchdog, drivers/watchdog/watchdog_dev.c,
include/uapi/linux/watchdog.h (bits of the status).
"""

import re
from contextlib import suppress
from typing import ClassVar

from hwagent.model import Sample, counter, gauge, state

from .base import Collector
from .counting import count
from .gather import Gather
from .root import Root, Unreadable

#: More than any host has; a capture may hold any number of directories.
WATCHDOGS_MAX = 64
_CLASS = "sys/class/watchdog"
_NAME = re.compile(r"watchdog\d{1,3}")
_STATES = frozenset({"active", "inactive"})
#: What happened before the boot, by bit (WDIOF_...).
_BOOT = {
    "boot_overheat": 0x1,
    "boot_fan_fault": 0x2,
    "boot_power_low": 0x10,
    "boot_reset": 0x20,
    "boot_power_high": 0x40,
}
_BITS_END = 2**32
_UPTIME = re.compile(r"(\d{1,12}\.\d\d) ")
_SOURCE = "sysfs-class-watchdog"
_UAPI = "include/uapi/linux/watchdog.h"

METRICS = (
    state("state", "active while somebody feeds it", _SOURCE),
    gauge("timeout_seconds", "it resets the host when not fed for so long", "seconds", _SOURCE),
    gauge("timeleft_seconds", "time until it resets the host", "seconds", _SOURCE),
    gauge("pretimeout_seconds", "it warns so long before it resets", "seconds", _SOURCE),
    gauge("nowayout", "1 if it cannot be stopped once started", "", _SOURCE),
    gauge("access_cs0", "1 if the host booted from its second flash chip", "", _SOURCE),
    gauge("bootstatus", "bits: why the host was reset", "", _UAPI),
    gauge("boot_reset", "1 if the watchdog reset the host before this boot", "", _UAPI),
    gauge("boot_overheat", "1 if the host was too hot before this boot", "", _UAPI),
    gauge("boot_fan_fault", "1 if a fan had failed before this boot", "", _UAPI),
    gauge("boot_power_low", "1 if the voltage was too low before this boot", "", _UAPI),
    gauge("boot_power_high", "1 if the voltage was too high before this boot", "", _UAPI),
    gauge("firmware_version", "version of its firmware", "", _SOURCE),
    counter("seconds_since_boot", "uptime of the host", "seconds", "proc(5)"),
)


class Watchdog(Collector):
    """Every watchdog device, as ``watchdog:watchdog0``.

    Only sysfs is read: opening the device would start it. Without CONFIG_WATCHDOG_SYSFS the kernel
    shows that there is one and nothing else.
    """

    name: ClassVar = "watchdog"
    kinds: ClassVar = {"watchdog": METRICS}
    attributes: ClassVar = {
        "watchdog": ("identity", "options", "status", "pretimeout_governor", "driver")
    }
    interval: ClassVar = 15.0

    def collect(self, root: Root, target: str) -> list[Sample]:
        """All of them. Raises Unreadable if the list cannot be read."""
        names = [n for n in root.names(_CLASS) if _NAME.fullmatch(n)][:WATCHDOGS_MAX]
        return [_read(root, name) for name in names]


def _read(root: Root, name: str) -> Sample:
    g = Gather(f"watchdog:{name}", "watchdog", root, f"{_CLASS}/{name}")
    for attribute in ("identity", "options", "status", "pretimeout_governor"):
        g.attribute(attribute, attribute)
    with suppress(Unreadable):  # the software watchdog has no driver
        g.attributes["driver"] = root.link(f"{_CLASS}/{name}/device/driver")
    g.word("state", "state", _STATES)
    for metric in ("timeout", "timeleft", "pretimeout"):
        count(g, f"{metric}_seconds", metric)
    _flag(g, "nowayout")
    _flag(g, "access_cs0")
    count(g, "firmware_version", "fw_version")
    bits = count(g, "bootstatus", "bootstatus")
    if bits is not None and bits >= _BITS_END:
        g.metrics.pop("bootstatus")
        g.problem("bootstatus", f"absurd bits: {bits:#x}")
    elif bits is not None:
        for metric, bit in _BOOT.items():
            g.set(metric, int(bits & bit > 0))
    _uptime(g)
    return g.sample()


def _flag(g: Gather, metric: str) -> None:
    value = count(g, metric, metric)
    if value is not None and value > 1:
        g.metrics.pop(metric)
        g.problem(metric, f"{metric}: neither 0 nor 1: {value}")


def _uptime(g: Gather) -> None:
    with suppress(Unreadable):  # told of the host itself
        if found := _UPTIME.match(g.root.text("proc/uptime") + " "):
            g.set("seconds_since_boot", float(found[1]))


COLLECTOR = Watchdog
