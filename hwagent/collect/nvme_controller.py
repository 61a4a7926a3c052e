"""NVMe controllers: whether they are live, and what they know of their namespaces.

A disk with several controllers (NVMe multipath, over fabrics) works on while one of them is dead,
and shows no state of its own. Sources: drivers/nvme/host/sysfs.c (files), drivers/nvme/host/core.c
(names of states), drivers/nvme/host/multipath.c (ANA states).
"""

import re
from typing import Any, ClassVar

from hwagent.model import Sample, gauge, state

from .base import Collector
from .gather import Gather
from .identity import disk_id
from .interface import number_or_none
from .root import Root, Unreadable

#: More than any host has; a capture may hold any number of directories.
CONTROLLERS_MAX = 1024
NAMESPACES_MAX = 1024
_CLASS = "sys/class/nvme"
_SUBSYSTEMS = "sys/class/nvme-subsystem"
_CONTROLLER = re.compile(r"nvme\d{1,5}")
_NAMESPACE = re.compile(r"nvme(\d{1,5})(?:c\d{1,5})?n(\d{1,10})")
_STATES = frozenset(
    {"new", "live", "resetting", "connecting", "deleting", "deleting (no IO)", "dead"}
)
_SECTOR = 512  # sysfs counts in these whatever the disk's own block size is
_SOURCE = "drivers/nvme/host/sysfs.c"
_ANA = "NVMe base specification 2.0, 8.1.3"

METRICS = (
    state("state", "live while it takes commands", _SOURCE),
    gauge("namespaces", "namespaces that it shows"),
    gauge("namespaces_inaccessible", "of these, those that cannot be reached by it now", "", _ANA),
    gauge("namespaces_lost", "of these, those that it has lost for good", "", _ANA),
    gauge("size_bytes", "size of all its namespaces", "bytes", _SOURCE),
    gauge("used_bytes", "what of it is in use, as the controller sees it", "bytes", _SOURCE),
)
_FILES = {
    "model": "model",
    "serial": "serial",
    "firmware": "firmware_rev",
    "cntlid": "cntlid",
    "transport": "transport",
    "address": "address",
}


class NvmeController(Collector):
    """Every controller, as ``nvme_controller:nvme0``."""

    name: ClassVar = "nvme_controller"
    kinds: ClassVar = {"nvme_controller": METRICS}
    attributes: ClassVar = {"nvme_controller": (*_FILES, "subsystem", "disks")}
    interval: ClassVar = 10.0

    def collect(self, root: Root, target: str) -> list[Sample]:
        """All controllers. Raises Unreadable if they cannot be listed."""
        return [_read(root, name, place) for name, place in _places(root).items()]


def _places(root: Root) -> dict[str, str]:
    """Controllers and their directories; a capture may hold those of a subsystem only there."""
    found = {n: f"{_CLASS}/{n}" for n in root.names(_CLASS) if _CONTROLLER.fullmatch(n)}
    for subsystem in root.names(_SUBSYSTEMS):
        for name in root.names(f"{_SUBSYSTEMS}/{subsystem}"):
            if _CONTROLLER.fullmatch(name):
                found.setdefault(name, f"{_SUBSYSTEMS}/{subsystem}/{name}")
    return dict(list(found.items())[:CONTROLLERS_MAX])


def _read(root: Root, name: str, place: str) -> Sample:
    g = Gather(f"nvme_controller:{name}", "nvme_controller", root, place)
    for attribute, file in _FILES.items():
        g.attribute(attribute, file)
    g.attribute("subsystem", "subsysnqn")
    g.word("state", "state", _STATES, required=True)
    try:
        names = [n for n in root.names(place) if _NAMESPACE.fullmatch(n)][:NAMESPACES_MAX]
    except Unreadable as e:
        g.problem("namespaces", str(e))
        return g.sample()
    _namespaces(g, [_namespace(g, n) for n in names])
    return g.sample()


def _namespaces(g: Gather, found: list[dict[str, Any]]) -> None:
    g.attributes["namespaces"] = found
    g.attributes["disks"] = sorted({n["disk"] for n in found})
    g.set("namespaces", len(found))
    states = [n["ana_state"] for n in found]
    if "namespaces_lost" not in g.problems and any(states):
        g.set("namespaces_inaccessible", states.count("inaccessible"))
        g.set("namespaces_lost", states.count("persistent-loss"))
    for metric in ("size_bytes", "used_bytes"):
        if known := [n[metric] for n in found if n[metric] is not None]:
            g.set(metric, sum(known))


def _namespace(g: Gather, name: str) -> dict[str, Any]:
    """One namespace; of a multipath disk the controller shows a path, ``nvme0c1n1``."""
    match = _NAMESPACE.fullmatch(name)
    at = f"{g.directory}/{name}"
    sectors, used = number_or_none(g.root, f"{at}/size"), number_or_none(g.root, f"{at}/nuse")
    block = number_or_none(g.root, f"{at}/queue/logical_block_size")
    return {
        "nsid": number_or_none(g.root, f"{at}/nsid") or int(match[2] if match else 0),
        "disk": disk_id(g.root, f"nvme{match[1]}n{match[2]}" if match else name),
        "ana_state": _ana_state(g, f"{at}/ana_state"),
        "block_bytes": block,
        "size_bytes": None if sectors is None else sectors * _SECTOR,
        "used_bytes": None if used is None or block is None else used * block,
    }


def _ana_state(g: Gather, path: str) -> str:
    """Whether a namespace can be reached by the controller; empty if it does not say."""
    return g.read("namespaces_lost", lambda: g.root.text(path)) or ""


COLLECTOR = NvmeController
