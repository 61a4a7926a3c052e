"""Memory errors by controller and module, as the kernel's EDAC drivers count them.

Sources: Documentation/ABI/testing/sysfs-devices-edac, Documentation/admin-guide/RAS/main.rst,
drivers/edac/edac_mc_sysfs.c (real names of the files: the first of these misprints some).
"""

import re
from typing import ClassVar

from hwagent.model import Metric, Sample, counter, gauge

from .base import Collector
from .counting import count
from .gather import Gather
from .root import Root, Unreadable

#: More than any host has; a capture may hold any number of directories.
CONTROLLERS_MAX = 256
MODULES_MAX = 1024
_MC = "sys/devices/system/edac/mc"
_CONTROLLER = re.compile(r"mc\d{1,4}")
_MODULE = re.compile(r"(?:dimm|rank)\d{1,4}")
_ROW = re.compile(r"csrow\d{1,4}")
_CHANNEL = re.compile(r"(ch\d{1,4})_(?:ce_count|ue_count|dimm_label)")
_MIB = 1 << 20
_SOURCE = "sysfs-devices-edac"


def _counters(whose: str) -> tuple[Metric, Metric]:
    return (
        counter("ce", f"errors {whose} that were corrected", "", _SOURCE),
        counter("ue", f"errors {whose} that could not be corrected", "", _SOURCE),
    )


CONTROLLER_METRICS = (
    *_counters("of all modules"),
    counter("ce_noinfo", "corrected errors of no known module", "", "edac_mc_sysfs.c"),
    counter("ue_noinfo", "uncorrected errors of no known module", "", "edac_mc_sysfs.c"),
    gauge("modules", "modules whose errors are counted one by one"),
    gauge("size_bytes", "memory behind the controller", "bytes", _SOURCE),
    gauge("seconds_since_reset", "how long it has counted", "seconds", _SOURCE),
)
MODULE_METRICS = (
    *_counters("of the module"),
    counter("row_ce", "corrected errors of its row, all channels", "", "edac_mc_sysfs.c"),
    counter("row_ue", "uncorrected errors of its row, all channels", "", "edac_mc_sysfs.c"),
    gauge("size_bytes", "its size", "bytes", _SOURCE),
)
_MODULE_ATTRIBUTES = (
    *("controller", "label", "location", "dimm", "csrow", "channel"),
    *("memory_type", "device_type", "edac_mode"),
)


class Edac(Collector):
    """Memory controllers as ``memory_controller:mc0`` and modules as ``dimm:mc0/dimm3``.

    Counts start when the driver is loaded. Kernels show the same modules in up to two trees, one
    of modules or ranks and an older one of rows and channels: the first that counts is taken. A
    host without a controller here may still have ECC memory: firmware that handles errors itself
    tells of them in the kernel's log only.
    """

    name: ClassVar = "edac"
    kinds: ClassVar = {"memory_controller": CONTROLLER_METRICS, "dimm": MODULE_METRICS}
    attributes: ClassVar = {
        "memory_controller": ("driver", "dimms"),
        "dimm": _MODULE_ATTRIBUTES,
    }
    interval: ClassVar = 30.0

    def collect(self, root: Root, target: str) -> list[Sample]:
        """All controllers and modules. Raises Unreadable if the list of controllers cannot be
        read."""
        samples: list[Sample] = []
        for mc in controllers(root):
            samples += _read_controller(root, mc)
        return samples


def controllers(root: Root) -> list[str]:
    """Names of the memory controllers (``mc0``). Raises Unreadable."""
    return [n for n in root.names(_MC) if _CONTROLLER.fullmatch(n)][:CONTROLLERS_MAX]


def module_ids(root: Root) -> list[str]:
    """Component ids of all modules; none where they cannot be listed."""
    try:
        return [f"dimm:{mc}/{m}" for mc in controllers(root) for m in _modules(root, mc)]
    except Unreadable:
        return []


def _read_controller(root: Root, mc: str) -> list[Sample]:
    g = Gather(f"memory_controller:{mc}", "memory_controller", root, f"{_MC}/{mc}")
    g.attribute("driver", "mc_name")
    count(g, "ce", "ce_count", required=True)
    count(g, "ue", "ue_count", required=True)
    count(g, "ce_noinfo", "ce_noinfo_count")
    count(g, "ue_noinfo", "ue_noinfo_count")
    count(g, "size_bytes", "size_mb", scale=_MIB)
    count(g, "seconds_since_reset", "seconds_since_reset")
    try:
        modules = _modules(root, mc)
    except Unreadable as e:
        g.problem("modules", str(e), required=True)
        return [g.sample()]
    g.set("modules", len(modules))
    g.attributes["dimms"] = [f"dimm:{mc}/{module}" for module in modules]
    return [g.sample(), *(_read_module(root, mc, module) for module in modules)]


def _modules(root: Root, mc: str) -> list[str]:
    """Names of what counts errors: ``dimm3`` and ``rank1``, else ``csrow0/ch1``.

    Kernels before 4.15 have modules that do not count beside channels that do. Raises Unreadable.
    """
    names = root.names(f"{_MC}/{mc}")
    modules = [n for n in names if _MODULE.fullmatch(n)][:MODULES_MAX]
    if any(root.exists(f"{_MC}/{mc}/{n}/dimm_{c}_count") for n in modules for c in ("ce", "ue")):
        return modules
    rows = [n for n in names if _ROW.fullmatch(n)]
    channels = [f"{row}/{ch}" for row in rows for ch in _channels(root, f"{_MC}/{mc}/{row}")]
    return channels[:MODULES_MAX] or modules


def _channels(root: Root, row: str) -> list[str]:
    found = (_CHANNEL.fullmatch(name) for name in root.names(row))
    return list(dict.fromkeys(match[1] for match in found if match))


def _read_module(root: Root, mc: str, module: str) -> Sample:
    g = Gather(f"dimm:{mc}/{module}", "dimm", root, f"{_MC}/{mc}")
    g.attributes["controller"] = f"memory_controller:{mc}"
    row, _, channel = module.partition("/")
    if channel:
        g.attributes.update(csrow=row, channel=channel)
        g.attribute("label", f"{module}_dimm_label")
        count(g, "ce", f"{module}_ce_count", required=True)
        count(g, "ue", f"{module}_ue_count")
        count(g, "row_ce", f"{row}/ce_count")
        count(g, "row_ue", f"{row}/ue_count")
        _describe(g, row, "")
        # the size of the row is that of all its channels, and says nothing of one
    else:
        g.attributes["dimm"] = module
        g.attribute("label", f"{module}/dimm_label")
        g.attribute("location", f"{module}/dimm_location")
        count(g, "ce", f"{module}/dimm_ce_count", required=True)
        count(g, "ue", f"{module}/dimm_ue_count", required=True)
        count(g, "size_bytes", f"{module}/size", scale=_MIB)
        _describe(g, module, "dimm_")
    return g.sample()


def _describe(g: Gather, place: str, prefix: str) -> None:
    g.attribute("memory_type", f"{place}/{prefix}mem_type")
    g.attribute("device_type", f"{place}/{prefix}dev_type")
    g.attribute("edac_mode", f"{place}/{prefix}edac_mode")


COLLECTOR = Edac
