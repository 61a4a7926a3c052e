"""Names that verbs take: kernel names, never paths, so that none leads out of its directory."""

from typing import Annotated

import msgspec

#: An md array: md0, md127, md_home.
Array = Annotated[str, msgspec.Meta(pattern=r"^md(_[A-Za-z0-9_-]{1,28}|[0-9]{1,7})\Z")]
#: A block device: sdb, sdb1, nvme0n1p2, dm-3, cciss!c0d0 (the kernel's ! is the / of /dev).
Device = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9!_-]{0,30}\Z")]
#: A network interface, of at most 15 characters (IFNAMSIZ).
Interface = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,14}\Z")]
#: A resync speed in KiB/s; 0 is the system's own.
Speed = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]


def node(device: str) -> str:
    """The device file of a block device or array, relative to a root."""
    return f"dev/{device.replace('!', '/')}"
