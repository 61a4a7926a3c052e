"""Mounted file systems: room, read-only, and the errors that the kernel counted in them.

Each mount is a target of its own, so that a hung server hangs only its own look. Sizes are asked
by statvfs(2) and so only on live hosts. Sources: statvfs(3),
Documentation/ABI/testing/sysfs-fs-ext4, fs/btrfs/sysfs.c of the kernel.
"""

import errno
import os
import re
from typing import ClassVar

from hwagent.model import Sample, counter, gauge

from .base import Collector
from .gather import Gather
from .identity import disk_id, whole_disk
from .interface import link_or_empty, names_or_empty, text_or_empty
from .mounts import NETWORK, Mount, fstab, parse_mountinfo, parse_mounts, watched
from .root import Missing, Root, Unreadable

_STATVFS = "statvfs(3)"
_EXT4 = "Documentation/ABI/testing/sysfs-fs-ext4"
_BTRFS = "fs/btrfs/sysfs.c"
_UNSAFE = re.compile(r"[^\x21-\x7e]")
#: The file system answers, and says that it is dead: shut down after an error, its server or its
#: process gone.
_DEAD = frozenset(
    {errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ENODEV, errno.ENXIO, errno.EHOSTDOWN}
    | {errno.ETIMEDOUT, errno.EUCLEAN, errno.ECONNABORTED}
)

_METRICS = (
    gauge("size_bytes", "size", "bytes", _STATVFS),
    gauge("free_bytes", "free for root", "bytes", _STATVFS),
    gauge("available_bytes", "free for everybody", "bytes", _STATVFS),
    gauge("available_ratio", "free for everybody, of what everybody can use, 0 to 1"),
    gauge("used_ratio", "used part of what everybody can use, 0 to 1, as df prints it"),
    gauge("inodes", "inodes; absent where they are made as needed", "", _STATVFS),
    gauge("inodes_free", "free inodes", "", _STATVFS),
    gauge("inodes_free_ratio", "free part of the inodes, 0 to 1"),
    gauge("accessible", "1 if it answers, 0 if it says that it is dead", "", _STATVFS),
    gauge("read_only", "1 if nobody can write to it", "", "proc(5), mountinfo"),
    gauge("read_only_expected", "1 if fstab says read-only, 0 if it does not", "", "fstab(5)"),
    counter("errors", "errors that the file system found in itself", "", f"{_EXT4}, {_BTRFS}"),
    counter("warnings", "warnings about itself", "", _EXT4),
    gauge("missing_devices", "devices that are missing from it", "", _BTRFS),
)


class FilesystemCollector(Collector):
    """One target per file system that holds storage; the same one elsewhere counts once."""

    name = "filesystem"
    kinds: ClassVar = {"filesystem": _METRICS}
    attributes: ClassVar = {
        "filesystem": ("fstype", "source", "device", "disk", "array", "network", "error")
    }
    interval = 30.0
    deadline = 10.0

    def targets(self, root: Root) -> list[str]:
        """Mount points. Raises Unreadable if there is a mount table that cannot be read."""
        return [mount.point for mount in watched(_mounts(root))]

    def collect(self, root: Root, target: str) -> list[Sample]:
        """One file system; nothing if it is no longer mounted."""
        mount = next((m for m in watched(_mounts(root)) if m.point == target), None)
        return [] if mount is None else [_read(root, mount)]


#: Best first. A poller may not be allowed to read that of process 1, and sees its own sandbox:
#: mounts made read-only for it, but file systems as they are.
_TABLES = (
    ("proc/1/mountinfo", parse_mountinfo),
    ("proc/self/mountinfo", parse_mountinfo),
    ("proc/self/mounts", parse_mounts),
    ("proc/mounts", parse_mounts),
)


def _mounts(root: Root) -> list[Mount]:
    problem: Unreadable | None = None
    for path, parse in _TABLES:
        try:
            if mounts := parse(root.text(path)):
                return mounts
            problem = Unreadable(path, "it has no mount, not even of the root")
        except Missing:
            continue
        except Unreadable as e:
            problem = e
    if problem is not None:
        raise problem
    return []


def _read(root: Root, mount: Mount) -> Sample:
    g = Gather(f"filesystem:{_UNSAFE.sub('_', mount.point)}", "filesystem", root)
    g.attributes |= {"fstype": mount.fstype, "source": mount.source}
    g.attributes["network"] = int(mount.fstype in NETWORK)
    device = _device(root, mount)
    g.set("read_only", int(mount.read_only))
    # what somebody mounted by hand may be read-only by their wish
    wished = {"/": False, **fstab(text_or_empty(root, "etc/fstab"))}.get(mount.point)
    if wished is not None:
        g.set("read_only_expected", int(wished))
    if device:
        _behind(g, device)
        g.number("errors", f"sys/fs/ext4/{device}/errors_count")
        g.number("warnings", f"sys/fs/ext4/{device}/warning_count")
    if mount.fstype == "btrfs":
        _btrfs(g, device or os.path.basename(mount.source))
    if root.live:
        _room(g, mount)
    return g.sample()


def _device(root: Root, mount: Mount) -> str:
    """Kernel name of the device (``dm-2`` of /dev/mapper/var); empty if it is none."""
    if not mount.source.startswith("/dev/"):
        return ""
    if name := link_or_empty(root, f"sys/dev/block/{mount.device}"):
        return name
    name = os.path.basename(mount.source)
    return name if root.exists(f"sys/class/block/{name}") else link_or_empty(root, mount.source)


def _behind(g: Gather, device: str) -> None:
    g.attributes["device"] = device
    whole = whole_disk(g.root, device)
    if whole.startswith("md"):
        g.attributes["array"] = f"array:{whole}"
    elif g.root.exists(f"sys/block/{whole}/device"):
        g.attributes["disk"] = disk_id(g.root, whole)


def _btrfs(g: Gather, device: str) -> None:
    """Sums the error counters of all devices of the file system that one device belongs to."""
    uuids = names_or_empty(g.root, "sys/fs/btrfs")
    at = next((f"sys/fs/btrfs/{u}" for u in uuids if _has(g.root, u, device)), "")
    errors, missing, known = 0, 0, False
    for number in names_or_empty(g.root, f"{at}/devinfo") if at else []:
        missing += text_or_empty(g.root, f"{at}/devinfo/{number}/missing") == "1"
        for line in text_or_empty(g.root, f"{at}/devinfo/{number}/error_stats").splitlines():
            name, _, count = line.partition(" ")
            if name.endswith("_errs") and count.strip().isdecimal():
                errors, known = errors + int(count), True
    if at:
        g.set("missing_devices", missing)
    if known:
        g.set("errors", errors)


def _has(root: Root, uuid: str, device: str) -> bool:
    return root.exists(f"sys/fs/btrfs/{uuid}/devices/{device}")


def _room(g: Gather, mount: Mount) -> None:
    try:
        found = os.statvfs(g.root.path(mount.point))
    except OSError as e:
        why = f"statvfs: {os.strerror(e.errno or 0)}"
        if e.errno in _DEAD:
            g.set("accessible", 0)
            g.attributes["error"] = why
        else:
            g.problem("accessible", why, required=True)
        return
    g.set("accessible", 1)
    unit = found.f_frsize
    g.set("size_bytes", found.f_blocks * unit)
    g.set("free_bytes", found.f_bfree * unit)
    g.set("available_bytes", found.f_bavail * unit)
    usable = found.f_blocks - found.f_bfree + found.f_bavail
    if usable > 0:
        g.set("available_ratio", round(found.f_bavail / usable, 6))
        g.set("used_ratio", round(1 - found.f_bavail / usable, 6))
    if found.f_files > 0:
        g.set("inodes", found.f_files)
        g.set("inodes_free", found.f_ffree)
        g.set("inodes_free_ratio", round(found.f_ffree / found.f_files, 6))


COLLECTOR = FilesystemCollector
