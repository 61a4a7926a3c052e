"""Events of md arrays: the kernel marks some of their files as urgent (POLLPRI) when they change.

Source: Documentation/admin-guide/md.rst; mdadm --monitor waits the same way.
"""

import os
import select
from contextlib import suppress

from .root import Root, Unreadable
from .trigger import Trigger

FILES = ("array_state", "sync_action", "degraded")
URGENT = select.POLLPRI | select.POLLERR
_ARRAYS_MAX = 256
_READ = 4096


class MdEvents:
    """Keeps the files of all arrays open in ``poll``; arrays may come and go."""

    def __init__(self, root: Root, poll: select.poll) -> None:
        self._root = root
        self._poll = poll
        self._open: dict[str, int] = {}

    def __contains__(self, fd: int) -> bool:
        return fd in self._open.values()

    def rescan(self) -> None:
        """Opens the files of new arrays. Those of arrays that are gone fail when read."""
        try:
            arrays = [n for n in self._root.names("sys/block") if n.startswith("md")]
        except Unreadable:
            return
        for array in arrays[:_ARRAYS_MAX]:
            for file in FILES:
                path = self._root.path(f"sys/block/{array}/md/{file}")
                if path not in self._open:
                    self._watch(path)

    def _watch(self, path: str) -> None:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return  # raid0 has neither sync_action nor degraded
        self._open[path] = fd
        if self._read(fd):
            self._poll.register(fd, URGENT)
        else:
            self._close(path)

    def changed(self, fd: int) -> Trigger | None:
        """Re-arms a file that has an event. An array that is gone is an event too."""
        path = next((path for path, known in self._open.items() if known == fd), None)
        if path is None:
            return None
        array, _, file = path.split("/")[-3:]
        if self._read(fd):
            return Trigger("md", "", f"{array}: {file} changed")
        self._close(path)
        self.rescan()
        return Trigger("md", "", f"{array} is gone")

    def _read(self, fd: int) -> bool:
        """Reads the file to its end, which arms it for the next event. False if it is gone."""
        try:
            os.lseek(fd, 0, os.SEEK_SET)
            while os.read(fd, _READ):
                pass
        except OSError:
            return False
        return True

    def _close(self, path: str) -> None:
        fd = self._open.pop(path)
        with suppress(KeyError):  # one that failed at once was never registered
            self._poll.unregister(fd)
        os.close(fd)
