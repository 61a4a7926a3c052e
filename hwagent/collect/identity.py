"""Identities of disks that survive a reboot, a move to another slot and a change of the kernel's
order: the same component id wherever a disk is met (sysfs, SMART, array members, multipath)."""

import re
from collections.abc import Iterable

from .facts import fact
from .root import Root, Unreadable

_UNSAFE = re.compile(r"[^A-Za-z0-9._:+-]+")
_VIRTUAL = re.compile(r"loop|ram|zram|dm-|md|sr|fd")
_EMPTY = re.compile(r"((naa|eui|uuid|nvme)\.)?(0x)?[0f-]*", re.I)
#: udev's database; captures that were not made by ``hwagent capture`` keep it at the top.
_UDEV = ("run/udev/data", "udev/data")
#: A function of a disk that does not change while the disk and what udev knows are the same.
of_disk = fact("sys/block", *_UDEV)


def disk_id(root: Root, name: str) -> str:
    """Component id of the whole disk behind a kernel name (``sda``, ``nvme0n1``, ``sda1``).

    The world wide name if it has one (``disk:wwn-0x5000c500a1b2c3d4``, udev's by-id form), else its
    serial number (``disk:serial-S252B6CU1HG3M1``), else, as a last resort, the kernel's name. A
    world wide name that disks with other serial numbers bear too is a maker's mistake and does
    not count; disks with the same one and the same serial number are paths to one disk.
    """
    name = whole_disk(root, name)
    wwn, serial = wwn_of(root, name), serial_of(root, name)
    return _id(name, wwn, serial, bool(serial) and _borne_by_others(root, name, wwn, serial))


def disk_ids(root: Root, names: Iterable[str]) -> dict[str, str]:
    """Component ids of whole disks by kernel name, as disk_id tells them, in one pass."""
    known = {name: (wwn_of(root, name), serial_of(root, name)) for name in names}
    serials: dict[str, set[str]] = {}
    for wwn, serial in known.values():
        serials.setdefault(wwn, set()).update({serial} - {""})
    return {n: _id(n, wwn, serial, len(serials[wwn]) > 1) for n, (wwn, serial) in known.items()}


def _id(name: str, wwn: str, serial: str, shared: bool) -> str:
    if wwn and not (shared and serial):
        return f"disk:{wwn}"
    return f"disk:serial-{serial}" if serial else f"disk:{name}"


def whole_disk(root: Root, name: str) -> str:
    """Kernel name of the disk that holds a partition; a whole disk is its own."""
    if root.exists(f"sys/class/block/{name}/partition"):
        parent = root.real(f"sys/class/block/{name}").split("/")[-2:-1]
        return parent[0] if parent and root.exists(f"sys/class/block/{parent[0]}") else name
    return name


@of_disk
def wwn_of(root: Root, name: str) -> str:
    """``wwn-0x...`` or ``nvme-eui....`` as in /dev/disk/by-id; empty if the disk has none."""
    for file in ("device/wwid", "wwid"):
        text = text_or_empty(root, f"sys/block/{name}/{file}")
        if _EMPTY.fullmatch(text):
            continue
        if text.startswith("naa."):
            return f"wwn-0x{text[4:].lower()}"
        if text.startswith(("eui.", "uuid.", "nvme.")):
            return "nvme-" + safe(text)
    known = udev(root, name)
    wwn = known.get("ID_WWN_WITH_EXTENSION") or known.get("ID_WWN", "")
    if _EMPTY.fullmatch(wwn):
        return ""
    return f"wwn-{wwn.lower()}" if wwn.startswith("0x") else "nvme-" + safe(wwn)


@of_disk
def serial_of(root: Root, name: str) -> str:
    """Serial number from sysfs, the SCSI unit serial page or udev; empty if there is none."""
    for file in ("device/serial", "serial", "device/cid"):
        if not _EMPTY.fullmatch(text := text_or_empty(root, f"sys/block/{name}/{file}")):
            return safe(text)
    page = _bytes(root, f"sys/block/{name}/device/vpd_pg80")
    if not _EMPTY.fullmatch(text := page[4:].decode("ascii", "replace").strip("\0 ")):
        return safe(text)
    known = udev(root, name)
    serial = known.get("ID_SERIAL_SHORT") or known.get("ID_SERIAL", "")
    return "" if _EMPTY.fullmatch(serial) else safe(serial)


def udev(root: Root, name: str) -> dict[str, str]:
    """What udev knows of a block device: its properties, such as ID_PATH and ID_SERIAL_SHORT.

    Empty where udev does not run or has not seen the device. Source: udev's database, of which
    ``E:`` lines are the properties (systemd, src/libsystemd/sd-device).
    """
    number = text_or_empty(root, f"sys/block/{name}/dev") or _number_of(root, name)
    found = (text_or_empty(root, f"{place}/b{number}") for place in _UDEV)
    lines = next(filter(None, found), "").splitlines() if number else []
    pairs = (line[2:].partition("=") for line in lines if line.startswith("E:"))
    return {key: value for key, _, value in pairs if value}


def diskstats(root: Root) -> dict[str, list[str]]:
    """Kernel name to the fields of its line in /proc/diskstats; empty if it cannot be read."""
    lines = text_or_empty(root, "proc/diskstats").splitlines()
    fields = (line.split() for line in lines)
    return {f[2]: f for f in fields if len(f) > 3}


def _number_of(root: Root, name: str) -> str:
    """``major:minor`` of a device that sysfs does not show."""
    return ":".join(diskstats(root).get(name, [])[:2])


def safe(text: str) -> str:
    """A text as a part of an id: without white space and other characters that need quoting."""
    return _UNSAFE.sub("_", text.strip())


def text_or_empty(root: Root, path: str) -> str:
    """Content of a small file; empty where it is missing or cannot be read."""
    try:
        return root.text(path)
    except Unreadable:
        return ""


def _borne_by_others(root: Root, name: str, wwn: str, serial: str) -> bool:
    try:
        others = [o for o in root.names("sys/block") if o != name and not _VIRTUAL.match(o)]
    except Unreadable:
        return False
    if not wwn:
        return False
    twins = (other for other in others if wwn_of(root, other) == wwn)
    return any(serial_of(root, twin) not in ("", serial) for twin in twins)


def _bytes(root: Root, path: str) -> bytes:
    try:
        return root.content(path)
    except Unreadable:
        return b""
