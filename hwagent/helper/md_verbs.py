"""Verbs for software RAID arrays.

Source: Documentation/admin-guide/md.rst of the kernel ("MD devices in sysfs"), mdadm(8).
"""

from typing import Literal

from hwagent.collect.md import MdCollector
from hwagent.collect.root import Missing, Root
from hwagent.model import Sample

from .blank import refuse_if_used, signature
from .names import Array, Device, Speed, node
from .verb import Verb, VerbRefused, run, write

_RUNNING = frozenset({"clean", "active", "active-idle", "write-pending"})


class MdSetMember(Verb, frozen=True):
    """Marks a member faulty, or removes a faulty one."""

    array: Array
    member: Device
    to: Literal["faulty", "remove"]

    def perform(self, root: Root) -> str:
        """Refuses to fail the last member that holds the data, or to remove a working one."""
        file = _member(self.array, self.member)
        flags = root.text(file).split(",")
        faulty = "faulty" in flags
        if self.to == "remove" and not faulty:
            raise VerbRefused(f"{self.member} is not faulty but {','.join(flags)}")
        if self.to == "faulty" and faulty:
            return f"{self.member} is faulty already"
        if self.to == "faulty" and "in_sync" in flags:
            _refuse_if_last(root, self.array)
        write(root, file, self.to)
        return ""


class MdAdd(Verb, frozen=True):
    """Adds a blank device to an array, as a spare or in place of a lost member."""

    array: Array
    device: Device

    def perform(self, root: Root) -> str:
        """Refuses a device that is in use, too small, read-only, or carries anything at all."""
        _refuse_unless_running(root, self.array)
        if root.exists(_directory(self.array, self.device)):
            raise VerbRefused(f"{self.device} is a member of {self.array} already")
        refuse_if_used(root, self.device)
        _refuse_if_small(root, self.array, self.device)
        if found := signature(root, self.device):
            raise VerbRefused(f"{self.device} is not blank: {found}")
        if root.live:
            return run(_manage(self.array, "--add", self.device))
        write(root, f"{_md(self.array)}/new_dev", self.device)
        return ""


class MdReAdd(Verb, frozen=True):
    """Takes a member back that was lost or faulty, to be brought up to date by the bitmap."""

    array: Array
    device: Device

    def perform(self, root: Root) -> str:
        """Refuses a working member, and a device that never was a member of any array."""
        _refuse_unless_running(root, self.array)
        if root.exists(_directory(self.array, self.device)):
            file = _member(self.array, self.device)
            if "faulty" not in root.text(file).split(","):
                raise VerbRefused(f"{self.device} is a working member of {self.array}")
            write(root, file, "re-add")
            return ""
        refuse_if_used(root, self.device)
        found = signature(root, self.device)
        if "linux_raid_member" not in found or not root.live:
            raise VerbRefused(f"{self.device} was no member: {found or 'it is blank'}")
        # mdadm takes it only if its superblock is of this array
        return run(_manage(self.array, "--re-add", self.device))


class MdSyncAction(Verb, frozen=True):
    """Starts a check of the array, or ends one."""

    array: Array
    action: Literal["check", "idle"]

    def perform(self, root: Root) -> str:
        """Refuses a check of a degraded array, and to interrupt anything but a check."""
        file = f"{_md(self.array)}/sync_action"
        now = root.text(file)
        if now == self.action:
            return f"it is {now} already"
        if now not in ("idle", "check", "repair"):
            raise VerbRefused(f"{now} is under way")
        if self.action == "check" and root.number(f"{_md(self.array)}/degraded") != 0:
            raise VerbRefused(f"{self.array} is degraded")
        write(root, file, self.action)
        return ""


class MdSyncSpeed(Verb, frozen=True):
    """Bounds the speed of a resync, in KiB/s; 0 gives the system's own bound back."""

    array: Array
    minimum_kib: Speed
    maximum_kib: Speed

    def perform(self, root: Root) -> str:
        """Refuses a lower bound above the upper."""
        if 0 < self.maximum_kib < self.minimum_kib:
            raise VerbRefused(f"{self.minimum_kib} is more than {self.maximum_kib}")
        for name, speed in (("max", self.maximum_kib), ("min", self.minimum_kib)):
            write(root, f"{_md(self.array)}/sync_speed_{name}", str(speed) if speed else "system")
        return ""


def _md(array: str) -> str:
    return f"sys/block/{array}/md"


def _directory(array: str, member: str) -> str:
    return f"{_md(array)}/dev-{member}"


def _member(array: str, member: str) -> str:
    return f"{_directory(array, member)}/state"


def _manage(array: str, option: str, device: str) -> list[str]:
    return ["mdadm", "--manage", f"/{node(array)}", option, f"/{node(device)}"]


def _refuse_unless_running(root: Root, array: str) -> None:
    state = root.text(f"{_md(array)}/array_state")
    if state not in _RUNNING:
        raise VerbRefused(f"{array} is {state}")


def _refuse_if_last(root: Root, array: str) -> None:
    """By the collector's own count of how many more losses the array survives."""
    sample = next((s for s in _arrays(root) if s.id == f"array:{array}"), None)
    if sample is None or sample.unreadable:
        raise VerbRefused(f"cannot judge {array}: {sample.unreadable if sample else 'not found'}")
    left = sample.metrics.get("failures_survivable", 0)
    if not isinstance(left, int | float) or left < 1:
        raise VerbRefused(f"{array} does not survive the loss of another member")


def _arrays(root: Root) -> list[Sample]:
    return MdCollector().collect(root, "")


def _refuse_if_small(root: Root, array: str, device: str) -> None:
    """Compares 512-byte sectors of the device with the KiB that each member contributes."""
    try:
        needed = root.number(f"{_md(array)}/component_size") * 1024
    except Missing:
        raise VerbRefused(f"{array} does not tell how large a member must be") from None
    size = root.number(f"sys/class/block/{device}/size") * 512
    if size < needed:
        raise VerbRefused(f"{device} has {size} bytes, {array} needs {needed}")
