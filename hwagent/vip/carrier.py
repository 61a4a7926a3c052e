"""The carrier of interfaces, by files that stay open.

The kernel may hold the event of a lost link back for a second (net/core/link_watch.c). What sysfs
shows is never late. Of its files ``carrier`` is not for us: since 6.8 (commit facd15dfd691) reading
it takes the network lock, which a driver that resets a card can hold for seconds, until 6.14 by
trying again and again: at real-time priority that would be the end of the holder. The files
``carrier_changes`` and ``flags`` take no lock. Every change of carrier counts one, so the carrier
is the one that netlink told last, turned over if the count has since moved by an odd number; and
a link that went and came back between two looks is seen too.
"""

import os
import socket
from collections.abc import Collection, Mapping
from typing import NamedTuple

from hwagent.net.rtnetlink import Link

_SYS = "/sys/class/net"
_IFF_UP = 0x1


class Files(NamedTuple):
    """The open files of one interface."""

    flags: int
    carrier_changes: int


class Carriers:
    """Interfaces that are watched; where their files cannot be had, what netlink told is used."""

    def __init__(self) -> None:
        self._files: dict[str, Files | None] = {}
        self._counts: dict[str, int] = {}

    def watch(self, names: Collection[str]) -> None:
        """Watches these interfaces and no others."""
        for name in self._files.keys() - set(names):
            self._close(name)
            del self._files[name]
        for name in names:
            self._files.setdefault(name, None)

    def open(self) -> None:
        """Opens the files that are missing."""
        for name, files in self._files.items():
            if files is None:
                self._files[name] = _open(name)

    def reopen(self, name: str) -> None:
        """Opens the files of a name that may have moved to another device, if it is watched."""
        if name in self._files:
            self._close(name)
            self._files[name] = _open(name)

    def read(self, told: Mapping[str, Link]) -> tuple[dict[str, bool], set[str]]:
        """Which interfaces are on and have carrier; and which had a change since the last look."""
        up, changed = {}, set()
        for name, files in self._files.items():
            link = told.get(name)
            on, count = _read(files, link)
            turned = link is not None and (count - link.carrier_changes) % 2 == 1
            up[name] = on and link is not None and link.carrier != turned
            if self._counts.get(name) != count:
                self._counts[name] = count
                changed.add(name)
        return up, changed

    def missing(self) -> list[str]:
        """Interfaces that are known by netlink only, or not at all."""
        return [name for name, files in self._files.items() if files is None]

    def _close(self, name: str) -> None:
        for file in self._files[name] or ():
            os.close(file)
        self._files[name] = None


def _read(files: Files | None, link: Link | None) -> tuple[bool, int]:
    if files is not None:
        try:
            flags = int(os.pread(files.flags, 16, 0), 16)
            return bool(flags & _IFF_UP), int(os.pread(files.carrier_changes, 16, 0))
        except (OSError, ValueError):  # the interface is gone
            return False, -1
    return (link.up, link.carrier_changes) if link is not None else (False, -1)


def _open(name: str) -> Files | None:
    opened = []
    try:
        # A /sys of another network namespace shows another interface of that name
        with open(f"{_SYS}/{name}/ifindex", "rb", buffering=0) as file:
            if int(file.read(16)) != socket.if_nametoindex(name):
                return None
        for part in Files._fields:
            opened.append(os.open(f"{_SYS}/{name}/{part}", os.O_RDONLY | os.O_CLOEXEC))
    except (OSError, ValueError):
        for number in opened:
            os.close(number)
        return None
    return Files(*opened)
