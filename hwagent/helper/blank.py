"""Whether a block device is blank and unused: the last look before anything is written to it."""

import os
import stat

from hwagent.collect.command import run_command
from hwagent.collect.identity import udev
from hwagent.collect.root import Missing, Root, Unreadable

from .names import node
from .verb import VerbRefused

#: Superblocks, partition tables and their copies are in the first and last MiB (libblkid(3)); a
#: device is blank only if both are all zero, whether or not blkid knows what is there.
EDGE = 1 << 20
_BLKID_DEADLINE = 20.0
#: blkid(8): nothing found, and found more than one.
_NOTHING, _AMBIVALENT = 2, 8
_TELLING = ("TYPE", "PTTYPE", "LABEL")
_UDEV = ("ID_FS_TYPE", "ID_PART_TABLE_TYPE")


def signature(root: Root, device: str) -> str:
    """What a device carries, in words; empty if it is blank. Raises Unreadable if unknown."""
    known = udev(root, device)
    told = ", ".join(f"{key} {known[key]}" for key in _UDEV if key in known)
    path = root.path(node(device))
    if not root.live and not os.path.exists(path):
        # A tree that only describes a host has no disk to lose; udev's word is all there is
        return told or _refuse_unknown(root, device)
    edges = _edges(path, node(device), root.live)
    return told or _blkid(path, node(device)) or edges


def refuse_if_used(root: Root, device: str) -> None:
    """Raises VerbRefused if the device is read-only, partitioned, mounted, swapped to, or part of
    something (device mapper, another array)."""
    place = f"sys/class/block/{device}"
    if not root.exists(place):
        raise VerbRefused(f"there is no block device {device}")
    if root.exists(f"{place}/ro") and root.number(f"{place}/ro") != 0:
        raise VerbRefused(f"{device} is read-only")
    if holders := root.names(f"{place}/holders"):
        raise VerbRefused(f"{device} is used by {', '.join(holders)}")
    if parts := [p for p in root.names(place) if root.exists(f"{place}/{p}/partition")]:
        raise VerbRefused(f"{device} has partitions: {', '.join(parts)}")
    for table in ("proc/self/mounts", "proc/swaps"):
        if f"/{node(device)}" in _first_words(root, table):
            raise VerbRefused(f"{device} is in /{table}")
    if root.live:
        _refuse_if_claimed(root.path(node(device)), device)


def _refuse_unknown(root: Root, device: str) -> str:
    if not root.exists(f"sys/class/block/{device}"):
        raise Missing(node(device), "no such device")
    return ""


def _refuse_if_claimed(path: str, device: str) -> None:
    """An exclusive open fails while anything in the kernel claims the device (open(2), O_EXCL)."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
    except OSError as e:
        raise VerbRefused(f"{device}: {e.strerror}") from None


def _first_words(root: Root, table: str) -> set[str]:
    if not root.exists(table):
        return set()
    return {line.split()[0] for line in root.text(table).splitlines() if line.strip()}


def _edges(path: str, name: str, live: bool) -> str:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as e:
        raise Unreadable(name, e.strerror or str(e)) from None
    try:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISBLK(mode) and (live or not stat.S_ISREG(mode)):
            raise Unreadable(name, "not a block device")
        return _not_zero(fd, os.lseek(fd, 0, os.SEEK_END))
    except OSError as e:
        raise Unreadable(name, e.strerror or str(e)) from None
    finally:
        os.close(fd)


def _not_zero(fd: int, size: int) -> str:
    if size == 0:
        raise OSError(0, "it has no size")
    for what, start in (("first", 0), ("last", max(0, size - EDGE))):
        data = os.pread(fd, EDGE, start)
        if len(data) < min(EDGE, size):
            raise OSError(0, f"its {what} MiB could not be read whole")
        if data.count(0) != len(data):
            return f"data in its {what} MiB"
    return ""


def _blkid(path: str, name: str) -> str:
    """Names of the signatures that libblkid finds; its absence leaves the edges to decide."""
    try:
        done = run_command(["blkid", "--probe", "--output", "export", path], _BLKID_DEADLINE)
    except FileNotFoundError:
        return ""
    except TimeoutError:
        raise Unreadable(name, "blkid did not end") from None
    if done.status == _AMBIVALENT:
        return "more than one signature"
    if done.status not in (0, _NOTHING):
        raise Unreadable(name, done.stderr.decode("utf-8", "replace").strip() or "blkid failed")
    pairs = (line.partition("=") for line in done.stdout.decode("utf-8", "replace").splitlines())
    return ", ".join(f"{key} {value}" for key, _, value in pairs if key in _TELLING)
