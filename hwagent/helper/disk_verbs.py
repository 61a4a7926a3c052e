"""Verbs for disks. Source: Documentation/ABI/testing/sysfs-class-enclosure, libblkid(3)."""

from hwagent.collect.identity import whole_disk
from hwagent.collect.root import Root

from .blank import signature
from .names import Device
from .verb import Verb, VerbRefused, write


class Locate(Verb, frozen=True):
    """Lights the locate lamp of a disk's bay, or puts it out."""

    disk: Device
    on: bool

    def perform(self, root: Root) -> str:
        """Refuses a disk whose bay has no lamp that the kernel knows of."""
        bay = f"sys/class/block/{whole_disk(root, self.disk)}/device"
        links = [name for name in root.names(bay) if name.startswith("enclosure_device")]
        if not links:
            raise VerbRefused(f"{self.disk} is in no enclosure")
        write(root, f"{bay}/{links[0]}/locate", "1" if self.on else "0")
        return ""


class DiskSignature(Verb, frozen=True):
    """Tells what a device carries; the detail is empty if it is blank. Changes nothing."""

    device: Device

    def perform(self, root: Root) -> str:
        """What was found. Raises Unreadable if it cannot be told."""
        return signature(root, self.device)
