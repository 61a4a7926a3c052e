"""Identities of disks that survive a reboot, a move to another slot and a change of the kernel's
order: the same component id wherever a disk is met (sysfs, SMART, array members, multipath)."""

import re

from .root import Root, Unreadable

_UNSAFE = re.compile(r"[^A-Za-z0-9._:+-]+")
_PLACEHOLDER = frozenset(
    {"", "0", "0000000000000000", "naa.0000000000000000", "eui.0000000000000000"}
)


def disk_id(root: Root, name: str) -> str:
    """Component id of the whole disk behind a kernel name (``sda``, ``nvme0n1``, ``sda1``).

    The world wide name if it has one (``disk:wwn-0x5000c500a1b2c3d4``, udev's by-id form), else its
    serial number (``disk:serial-S252B6CU1HG3M1``), else, as a last resort, the kernel's name.
    """
    name = whole_disk(root, name)
    if wwn := wwn_of(root, name):
        return f"disk:{wwn}"
    if serial := serial_of(root, name):
        return f"disk:serial-{serial}"
    return f"disk:{name}"


def whole_disk(root: Root, name: str) -> str:
    """Kernel name of the disk that holds a partition; a whole disk is its own."""
    if root.exists(f"sys/class/block/{name}/partition"):
        parent = root.real(f"sys/class/block/{name}").split("/")[-2:-1]
        return parent[0] if parent and root.exists(f"sys/class/block/{parent[0]}") else name
    return name


def wwn_of(root: Root, name: str) -> str:
    """``wwn-0x...`` or ``nvme-eui....`` as in /dev/disk/by-id; empty if the disk has none."""
    for file in ("device/wwid", "wwid"):
        text = _text(root, f"sys/block/{name}/{file}")
        if text in _PLACEHOLDER:
            continue
        if text.startswith("naa."):
            return f"wwn-0x{text[4:].lower()}"
        if text.startswith(("eui.", "uuid.", "nvme.")):
            return "nvme-" + _UNSAFE.sub("_", text)
    return ""


def serial_of(root: Root, name: str) -> str:
    """Serial number from sysfs or the SCSI unit serial page; empty if there is none."""
    for file in ("device/serial", "serial", "device/cid"):
        if (text := _text(root, f"sys/block/{name}/{file}")) not in _PLACEHOLDER:
            return _UNSAFE.sub("_", text)
    page = _bytes(root, f"sys/block/{name}/device/vpd_pg80")
    return _UNSAFE.sub("_", page[4:].decode("ascii", "replace").strip("\0 ")) if page else ""


def _text(root: Root, path: str) -> str:
    try:
        return root.text(path)
    except Unreadable:
        return ""


def _bytes(root: Root, path: str) -> bytes:
    try:
        return root.content(path)
    except Unreadable:
        return b""
