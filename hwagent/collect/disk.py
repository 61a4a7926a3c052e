"""Disks as the kernel sees them: what they are, whether they answer, how long they take.

Reads sysfs, /proc/diskstats and udev's database only, which never reaches the hardware: it works
while a disk hangs.
Sources: Documentation/block/stat.rst, Documentation/ABI/stable/sysfs-block,
drivers/scsi/scsi_sysfs.c (states, hexadecimal command counts), drivers/nvme/host/sysfs.c (states).
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from hwagent.model import Sample, counter, gauge, state

from .base import Collector
from .gather import Gather
from .identity import disk_ids, diskstats, of_disk, safe, serial_of, text_or_empty, udev, wwn_of
from .root import Missing, Root, Unreadable, natural

#: More block devices than any host has; a capture may hold any number of directories.
DISKS_MAX = 4096
_SECTOR = 512  # sysfs counts in these whatever the disk's own block size is
_NAMED = re.compile(r"(sd|hd|vd|xvd|dasd)[a-z]+|nvme\d+n\d+|nullb\d+|pmem\d+|mmcblk\d+")
#: Drives with removable media, boot areas of flash, hidden paths of NVMe: no disks of their own.
_OTHER = re.compile(
    r"(sr|fd|st|loop|ram|zram|md|dm-|nbd)\d*.*|mmcblk\d+(boot|rpmb|gp).*|nvme\d+c.*"
)
_STATES = frozenset(
    {
        *("created", "running", "cancel", "deleted", "quiesce", "offline", "transport-offline"),
        *("blocked", "created-blocked"),
        *("new", "live", "resetting", "connecting", "deleting", "deleting (no IO)", "dead"),
    }
)
_PCI = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
#: Fields of /sys/block/X/stat in their order, and the factor to base units.
_STAT: tuple[tuple[str, float], ...] = (
    ("reads", 1),
    ("reads_merged", 1),
    ("read_bytes", _SECTOR),
    ("read_seconds", 0.001),
    ("writes", 1),
    ("writes_merged", 1),
    ("written_bytes", _SECTOR),
    ("write_seconds", 0.001),
    ("in_flight", 1),
    ("busy_seconds", 0.001),
    ("queue_seconds", 0.001),
    ("discards", 1),
    ("discards_merged", 1),
    ("discarded_bytes", _SECTOR),
    ("discard_seconds", 0.001),
    ("flushes", 1),
    ("flush_seconds", 0.001),
)
_STAT_FORMS = (11, 15, 17)  # kernels before 4.18, before 5.5, and since
_STAT_SOURCE = "Documentation/block/stat.rst"
_ATA_FLAGS = {
    "write_cache": "ID_ATA_WRITE_CACHE",
    "write_cache_enabled": "ID_ATA_WRITE_CACHE_ENABLED",
}
_COMMANDS = (
    ("io_requests", "device/iorequest_cnt"),
    ("io_done", "device/iodone_cnt"),
    ("io_errors", "device/ioerr_cnt"),
    ("io_timeouts", "device/iotmo_cnt"),
)
_SCSI_SOURCE = "drivers/scsi/scsi_sysfs.c"
_ATA = "ata_id(8), IDENTIFY DEVICE words 82 and 85"

METRICS = (
    state("state", "running or live if it takes commands", "scsi_sysfs.c; nvme/host/sysfs.c"),
    gauge("size_bytes", "capacity", "bytes", "Documentation/ABI/stable/sysfs-block"),
    gauge("rotational", "1 for a hard disk, 0 for flash", "", "sysfs-block, queue/rotational"),
    gauge("read_only", "1 if the kernel refuses to write to it"),
    gauge("removable", "1 if the medium can be taken out"),
    gauge("write_cache", "1 if it has a cache that loses what it holds with the power", "", _ATA),
    gauge("write_cache_enabled", "1 if that cache is in use", "", _ATA),
    counter("io_requests", "commands sent to it", "", _SCSI_SOURCE),
    counter("io_done", "commands that ended", "", _SCSI_SOURCE),
    counter("io_errors", "commands that ended with an error, benign ones too", "", _SCSI_SOURCE),
    counter("io_timeouts", "commands that were given up after their time", "", _SCSI_SOURCE),
    counter("reads", "reads completed", "", _STAT_SOURCE),
    counter("reads_merged", "reads merged into others before they were sent", "", _STAT_SOURCE),
    counter("read_bytes", "bytes read", "bytes", _STAT_SOURCE),
    counter("read_seconds", "time that all reads took together", "seconds", _STAT_SOURCE),
    counter("writes", "writes completed", "", _STAT_SOURCE),
    counter("writes_merged", "writes merged into others before they were sent", "", _STAT_SOURCE),
    counter("written_bytes", "bytes written", "bytes", _STAT_SOURCE),
    counter("write_seconds", "time that all writes took together", "seconds", _STAT_SOURCE),
    gauge("in_flight", "requests sent and not yet answered", "", _STAT_SOURCE),
    counter("busy_seconds", "time with at least one request in flight", "seconds", _STAT_SOURCE),
    counter("queue_seconds", "time in flight of all requests together", "seconds", _STAT_SOURCE),
    counter("discards", "discards completed", "", _STAT_SOURCE),
    counter("discards_merged", "discards merged into others", "", _STAT_SOURCE),
    counter("discarded_bytes", "bytes discarded", "bytes", _STAT_SOURCE),
    counter("discard_seconds", "time that all discards took together", "seconds", _STAT_SOURCE),
    counter("flushes", "cache flushes completed", "", _STAT_SOURCE),
    counter("flush_seconds", "time that all flushes took together", "seconds", _STAT_SOURCE),
    gauge("array_syncing", "1 while an md array of it is built, checked or rebuilt", "", "md(4)"),
)


class Disk(Collector):
    """Every whole disk, each as ``disk:<identity>``; two paths to one disk are one component."""

    name: ClassVar = "disk"
    kinds: ClassVar = {"disk": METRICS}
    attributes: ClassVar = {
        "disk": ("name", "model", "transport", "peer_group", "arrays", "pcie", "path", "serial")
    }
    interval: ClassVar = 20.0

    def collect(self, root: Root, target: str) -> list[Sample]:
        """One look at all disks. Raises Unreadable if the list of disks cannot be read."""
        statistics = diskstats(root)
        paths: dict[str, list[Gather]] = {}
        for name, id in disk_ids(root, disks(root)).items():
            gathered = _disk(root, name, id, statistics.get(name, [])[3:])
            paths.setdefault(gathered.id, []).append(gathered)
        return [_joined(same) for same in paths.values()]


def disks(root: Root) -> list[str]:
    """Kernel names of the whole disks, in natural order. Raises Unreadable.

    A capture may lack directories of disks that /proc/diskstats has lines of.
    """
    known = root.names("sys/block")
    others = {n for n in diskstats(root) if _NAMED.fullmatch(n)}.difference(known)
    names = sorted([*known, *others], key=natural) if others else known
    return [name for name in names[:DISKS_MAX] if _is_disk(root, name)]


@of_disk
def transport(root: Root, name: str) -> str:
    """How a disk is attached: nvme, sata, sas, usb, virtio, mmc or scsi (anything else of SCSI)."""
    if name.startswith(("nvme", "vd", "mmcblk")):
        return {"n": "nvme", "v": "virtio", "m": "mmc"}[name[0]]
    where = root.real(f"sys/block/{name}")
    bus = udev(root, name).get("ID_BUS")
    if "/usb" in where or bus == "usb":
        return "usb"
    vendor = text_or_empty(root, f"sys/block/{name}/device/vendor")
    if vendor == "ATA" or "/ata" in where or bus == "ata":
        return "sata"
    return "sas" if "/end_device-" in where else "scsi"


def _is_disk(root: Root, name: str) -> bool:
    if _OTHER.fullmatch(name) or text_or_empty(root, f"sys/block/{name}/hidden") == "1":
        return False
    if _NAMED.fullmatch(name):
        return True
    return root.exists(f"sys/block/{name}/device")


def _disk(root: Root, name: str, id: str, statistics: list[str]) -> Gather:
    disk = Gather(id, "disk", root, f"sys/block/{name}")
    known = _known(root, name)
    disk.attributes.update(_identity(root, name))
    if arrays := _arrays(root, name):
        disk.attributes["arrays"] = arrays
        disk.set("array_syncing", int(any(_syncing(root, array) for array in arrays)))
    disk.word("state", "device/state", _STATES)
    disk.number("size_bytes", "size", scale=_SECTOR)
    disk.number("rotational", "queue/rotational")
    _ata(disk, known)
    disk.number("read_only", "ro")
    disk.number("removable", "removable")
    for metric, file in _COMMANDS:
        disk.number(metric, file, base=16)
    _statistics(disk, statistics)
    if disk.metrics.keys() <= {"array_syncing"}:
        disk.fail("nothing of it can be read")
    return disk


def _ata(disk: Gather, known: Mapping[str, str]) -> None:
    """What an ATA disk said of itself when udev saw it; not asked again, which could wake it."""
    for metric, property in _ATA_FLAGS.items():
        if known.get(property) in ("0", "1"):
            disk.set(metric, int(known[property]))
    rate = known.get("ID_ATA_ROTATION_RATE_RPM", "")
    if rate.isascii() and rate.isdecimal() and len(rate) < 6:
        disk.attributes["rotation_rate"] = int(rate)
        if "rotational" not in disk.metrics and "rotational" not in disk.problems:
            disk.set("rotational", int(int(rate) > 0))


_known = of_disk(udev)


@of_disk
def _identity(root: Root, name: str) -> Mapping[str, Any]:
    """The attributes that say which disk it is."""
    device, known = f"sys/block/{name}/device", udev(root, name)
    model = text_or_empty(root, f"{device}/model") or known.get("ID_MODEL", "")
    revisions = (text_or_empty(root, f"{device}/{file}") for file in ("rev", "firmware_rev"))
    facts = {
        "name": name,
        "model": model,
        "vendor": text_or_empty(root, f"{device}/vendor"),
        "firmware": next(filter(None, revisions), known.get("ID_REVISION", "")),
        "serial": serial_of(root, name),
        "wwn": wwn_of(root, name),
        "transport": transport(root, name),
        "path": known.get("ID_PATH", ""),
        "slot": known.get("ID_SAS_PATH", ""),
        "pcie": [f"pcie:{bdf}" for bdf in _PCI.findall(root.real(f"sys/block/{name}"))[-1:]],
        # like is compared with like: the same model, else at least the same way of being attached
        "peer_group": safe(model or transport(root, name)),
    }
    return {key: value for key, value in facts.items() if value}


def _arrays(root: Root, name: str) -> list[str]:
    """Ids of the md arrays that the disk or a partition of it is a member of."""
    at = f"sys/block/{name}"
    try:
        parts = [part for part in root.names(at) if part.startswith(name)]
        holders = {h for part in (".", *parts) for h in root.names(f"{at}/{part}/holders")}
    except Unreadable:
        return []
    return [f"array:{holder}" for holder in sorted(holders) if holder.startswith("md")]


def _syncing(root: Root, array: str) -> bool:
    """True while an array is built, checked or rebuilt, which slows all its members."""
    action = text_or_empty(root, f"sys/block/{array.removeprefix('array:')}/md/sync_action")
    return action not in ("", "idle", "frozen")


def _statistics(disk: Gather, fallback: list[str]) -> None:
    """Counters from the disk's own file, else from its line of /proc/diskstats."""
    try:
        fields = disk.root.text(f"{disk.directory}/stat").split()
    except Missing:
        fields = fallback
    except Unreadable as e:
        disk.problem("reads", str(e))
        return
    if not fields and fields is fallback:
        return
    if len(fields) < _STAT_FORMS[0] or not all(f.isascii() and f.isdecimal() for f in fields[:32]):
        disk.problem("reads", f"stat: not a line of statistics: {' '.join(fields)[:40]!r}")
        return
    form = max(n for n in _STAT_FORMS if n <= len(fields))
    for (metric, scale), field in zip(_STAT, fields[:form]):
        disk.set(
            metric, round(int(field[:40]) * scale, 3) if scale < 1 else int(field[:40]) * scale
        )


def _joined(paths: list[Gather]) -> Sample:
    """One sample of a disk that is met under several kernel names: that of a path that works."""
    best = next((p for p in paths if p.metrics.get("state") in ("running", "live")), paths[0])
    if len(paths) > 1:
        best.attributes["names"] = [p.attributes["name"] for p in paths]
    return best.sample()


COLLECTOR = Disk
