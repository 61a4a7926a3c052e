"""The carrier of interfaces, by files that stay open.

The kernel may hold the event of a lost link back for a second (net/core/link_watch.c). What sysfs
shows is never late. Of its files ``carrier`` is not for us: since 6.8 (commit facd15dfd691) reading
it takes the network lock, which a driver that resets a card can hold for seconds, until 6.14 by
trying again and again: at real-time priority that would be the end of the holder. The file
``carrier_changes`` takes no lock. Every change of carrier counts one, so the carrier is the one
that netlink told last, turned over if the count has since moved by an odd number; and a link that
went and came back between two looks is seen too. Whether it is switched on, netlink tells at once.
"""

import os
import socket
from collections.abc import Collection, Mapping

from hwagent.net.rtnetlink import Link

_SYS = "/sys/class/net"
#: Counts of an interface that is not there, and of one that was not looked at yet.
_NONE, _UNSEEN = -1, -2


class Watched:
    """One interface: its file, what that showed, what netlink told then, and what both mean."""

    def __init__(self) -> None:
        self.file: int | None = None
        self.shown: bytes | None = None
        self.told: Link | None = None
        self.count = _UNSEEN
        self.up = False

    def look(self, told: Link | None) -> bool:
        """True if anything is not what it was."""
        shown = None if self.file is None else _show(self.file)
        if shown == self.shown and told is self.told and self.count != _UNSEEN:
            return False
        self.shown, self.told = shown, told
        return True

    def weigh(self) -> bool:
        """Says anew whether it is on and has carrier; true if that changed, even there and back."""
        before, self.count = self.count, self._count()
        self.up = False
        if self.told is not None and self.count != _NONE:
            turned = (self.count - self.told.carrier_changes) % 2 == 1
            self.up = self.told.up and self.told.carrier != turned
        return before not in (_UNSEEN, self.count)

    def open(self, name: str) -> None:
        """Opens the file, if it can be had."""
        self.close()
        self.file = _open(name)

    def close(self) -> None:
        """Closes the file."""
        if self.file is not None:
            os.close(self.file)
            self.file = None

    def _count(self) -> int:
        if self.shown is not None:
            return int(self.shown) if self.shown.strip().isdigit() else _NONE
        return _NONE if self.told is None else self.told.carrier_changes


class Carriers:
    """Interfaces that are watched; where their file cannot be had, what netlink told is used."""

    def __init__(self) -> None:
        self._watched: dict[str, Watched] = {}

    def watch(self, names: Collection[str]) -> None:
        """Watches these interfaces and no others."""
        for name in self._watched.keys() - set(names):
            self._watched.pop(name).close()
        for name in names:
            self._watched.setdefault(name, Watched())

    def open(self) -> None:
        """Opens the files that are missing, where they can be had."""
        for name in self.missing():
            self._watched[name].open(name)

    def reopen(self, name: str) -> None:
        """Opens the file of a name that may have moved to another device, if it is watched."""
        if name in self._watched:
            self._watched[name].open(name)

    def read(self, told: Mapping[str, Link]) -> set[str] | None:
        """Interfaces that had a change of carrier since the last look; None if nothing is new."""
        looks = [(name, one) for name, one in self._watched.items() if one.look(told.get(name))]
        return {name for name, one in looks if one.weigh()} if looks else None

    def still(self) -> bool:
        """Whether every file shows what it showed. Asked fifty times a second, mostly in vain."""
        for one in self._watched.values():
            if one.file is not None and _show(one.file) != one.shown:
                return False
        return True

    def up(self, name: str) -> bool:
        """Whether an interface that is watched was on and had carrier at the last look."""
        return self._watched[name].up

    def missing(self) -> list[str]:
        """Interfaces that are known by netlink only, or not at all."""
        return [name for name, one in self._watched.items() if one.file is None]


def _show(file: int) -> bytes:
    """The content; empty if the interface is gone."""
    try:
        return os.pread(file, 16, 0)
    except OSError:
        return b""


def _open(name: str) -> int | None:
    try:
        # A /sys of another network namespace shows another interface of that name
        with open(f"{_SYS}/{name}/ifindex", "rb", buffering=0) as file:
            if int(file.read(16)) != socket.if_nametoindex(name):
                return None
        return os.open(f"{_SYS}/{name}/carrier_changes", os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
