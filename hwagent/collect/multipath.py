"""Multipath devices (dm-multipath): paths to one disk behind several cables.

Sources: dm/uuid and slaves of sys/block/dm-*, the state of each path's SCSI device
(drivers/scsi/scsi_sysfs.c), and if multipathd answers, what it found by its own checks.
"""

from typing import Any, ClassVar

from hwagent.model import Sample, gauge

from .base import Collector
from .gather import Gather
from .identity import disk_id, safe
from .root import Missing, Root, Unreadable

_DM = "Documentation/ABI/testing/sysfs-block-dm"
_SECTOR = 512
_PATHS_MAX = 4096
_FORMAT = "%d|%t|%T|%m"

_METRICS = (
    gauge("paths", "paths that the device has", source="sys/block/dm-*/slaves"),
    gauge("paths_active", "paths that can be used"),
    gauge("paths_failed", "paths that cannot be used"),
    gauge("suspended", "1 while the device is suspended: I/O waits", source=_DM),
    gauge("size_bytes", "size", "bytes"),
)


class MultipathCollector(Collector):
    """All multipath devices in one look."""

    name = "multipath"
    kinds: ClassVar = {"multipath": _METRICS}
    attributes: ClassVar = {"multipath": ("device", "uuid", "paths", "disk")}
    interval = 10.0

    def collect(self, root: Root, target: str) -> list[Sample]:
        """All of them. Raises Unreadable if block devices cannot be listed."""
        names = [n for n in root.names("sys/block") if n.startswith("dm-")]
        mine = [n for n in names if _uuid(root, n).startswith("mpath-")]
        checked = _checked(root) if mine else {}
        return [_read(root, name, checked) for name in mine]


def _uuid(root: Root, name: str) -> str:
    try:
        return root.text(f"sys/block/{name}/dm/uuid")
    except Unreadable:
        return ""


def _read(root: Root, name: str, checked: dict[str, tuple[str, str]]) -> Sample:
    try:
        title = root.text(f"sys/block/{name}/dm/name") or name
    except Unreadable:
        title = name
    g = Gather(f"multipath:{safe(title)}", "multipath", root, f"sys/block/{name}")
    g.attributes["device"] = name
    g.attribute("uuid", "dm/uuid")
    g.number("suspended", "dm/suspended")
    g.number("size_bytes", "size", _SECTOR)
    try:
        slaves = root.names(f"sys/block/{name}/slaves")[:_PATHS_MAX]
    except Unreadable as e:
        g.problem("paths", str(e), required=True)
        return g.sample()
    paths = [_path(g, slave, checked.get(slave)) for slave in slaves]
    g.attributes["paths"] = paths
    if slaves:
        g.attributes["disk"] = disk_id(root, slaves[0])
    active = [p["active"] for p in paths]
    g.set("paths", len(paths))
    if None in active:
        g.problem("paths_active", "state of a path cannot be read", required=True)
    else:
        g.set("paths_active", sum(active))
        g.set("paths_failed", len(paths) - sum(active))
    return g.sample()


def _path(g: Gather, slave: str, checked: tuple[str, str] | None) -> dict[str, Any]:
    """One path; ``active`` is None if it is not known. A path is good only if both agree."""
    state = ""
    active: bool | None = True
    try:
        state = g.root.text(f"sys/block/{slave}/device/state")
        active = state in ("running", "live")  # SCSI, NVMe
    except Missing:
        # gone while it is still listed; or a device without states, of which nothing is known
        active = None if g.root.exists(f"sys/block/{slave}/.") else False
    except Unreadable:
        active = None
    if checked is not None:
        kernel, checker = checked
        good = kernel == "active" and checker in ("ready", "ghost", "delayed", "undef")
        active = good if active is None else active and good
        state = f"{state} {kernel} {checker}".strip()
    return {"device": slave, "state": state, "active": active}


def _checked(root: Root) -> dict[str, tuple[str, str]]:
    """Path to the kernel's and the checker's word; empty if multipathd does not answer."""
    argv = ["multipathd", "show", "paths", "raw", "format", _FORMAT]
    try:
        output = root.command("multipathd-paths", argv, 5.0)
    except Unreadable:
        return {}
    if output.status:
        return {}
    rows = (line.split("|") for line in output.stdout.decode("utf-8", "replace").splitlines())
    return {
        row[0].strip(): (row[1].strip().lower(), row[2].strip().lower())
        for row in rows
        if len(row) >= 3
    }


COLLECTOR = MultipathCollector
