"""What is mounted: mountinfo and fstab, and which of it is worth watching. Pure.

Source: Documentation/filesystems/proc.rst (3.5, mountinfo), proc(5) mounts, fstab(5).
"""

import re

import msgspec

#: No sane host has more; containers add thousands that are the same file systems again.
MOUNTS_MAX = 4096
#: Their server or their process can go away, and then every access hangs or fails.
NETWORK = frozenset(
    (
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "ceph",
        "9p",
        "afs",
        "glusterfs",
        "lustre",
        "beegfs",
        "gpfs",
    )
)
#: Without a device of their own in the mount table, but with storage.
_POOLED = frozenset({"zfs", "btrfs", "bcachefs", "ubifs"})
#: Made read-only, and always full.
_SEALED = frozenset({"squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"})
#: FUSE file systems of desktops and containers, which hold no storage.
_FUSE_PSEUDO = frozenset({"fuse.gvfsd-fuse", "fuse.portal", "fuse.lxcfs", "fuse.snapfuse"})
_OCTAL = re.compile(r"\\([0-7]{3})")


class Mount(msgspec.Struct, frozen=True):
    """One mount: where, what, and of which device (``major:minor``).

    ``options`` are those of the file system itself (ro after an error), ``mount_options`` those of
    this mount of it (ro of a bind mount).
    """

    point: str
    fstype: str
    source: str
    device: str
    options: frozenset[str]
    mount_options: frozenset[str]

    @property
    def read_only(self) -> bool:
        """True if nobody can write to the file system, wherever it is mounted."""
        return "ro" in self.options


def parse_mountinfo(text: str) -> list[Mount]:
    """All mounts in the order of the file; lines that are damaged are passed over."""
    mounts = []
    for line in text.splitlines()[:MOUNTS_MAX]:
        before, separator, after = line.partition(" - ")
        head, tail = before.split(" "), after.split(" ")
        if separator and len(head) >= 6 and len(tail) >= 3:
            mounts.append(
                Mount(
                    _unescape(head[4]),
                    tail[0],
                    _unescape(tail[1]),
                    head[2],
                    frozenset(tail[2].split(",")),
                    frozenset(head[5].split(",")),
                )
            )
    return mounts


def parse_mounts(text: str) -> list[Mount]:
    """All mounts of /proc/mounts, which tells less: no device numbers, one set of options."""
    mounts = []
    for line in text.splitlines()[:MOUNTS_MAX]:
        row = line.split(" ")
        if len(row) >= 4:
            source, point, fstype, options = (_unescape(field) for field in row[:4])
            words = frozenset(options.split(","))
            mounts.append(Mount(point, fstype, source, source, words, words))
    return mounts


def watched(mounts: list[Mount]) -> list[Mount]:
    """The mounts that hold storage, each file system once, at its first place.

    What another mount hides is left out; a root file system counts whatever it is.
    """
    visible = {mount.point: mount for mount in mounts}
    chosen: dict[str, Mount] = {}
    for mount in visible.values():
        if mount.point == "/" or _stores(mount):
            chosen.setdefault(mount.device, mount)
    return list(chosen.values())


def _stores(mount: Mount) -> bool:
    kind = mount.fstype
    if kind in _SEALED or kind in _FUSE_PSEUDO or not mount.point.startswith("/"):
        return False
    if kind in NETWORK or kind in _POOLED or kind == "fuse" or kind.startswith("fuse."):
        return True
    return mount.source.startswith("/dev/") and kind not in ("devtmpfs", "tmpfs")


def fstab(text: str) -> dict[str, bool]:
    """Mount points of /etc/fstab, and whether they are meant to be read-only."""
    rows = (line.split() for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {_unescape(row[1]): "ro" in row[3].split(",") for row in rows if len(row) >= 4}


def _unescape(text: str) -> str:
    """Blanks, tabs, line ends and backslashes are written as octal numbers."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)
