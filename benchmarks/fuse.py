"""A file that answers until it is told to hang: FUSE without a library.

The protocol is that of include/uapi/linux/fuse.h; the file system is one regular file. What it does
not answer waits without end, in a sleep that nobody can kill (state D), as with a disk whose
controller is stuck.
"""

import ctypes
import os
import stat
import struct
import threading
from pathlib import Path

_INIT, _GETATTR, _OPEN, _READ = 26, 3, 14, 15
#: Requests that take no answer: FORGET, INTERRUPT, BATCH_FORGET.
_SILENT = (2, 36, 42)
_ENOSYS = 38
_DIRECT_IO = 1
_MNT_FORCE, _MNT_DETACH = 1, 2
_HEADER = struct.Struct("=IIQQIIII")
_MODE = stat.S_IFREG | 0o444


class HangingFile:
    """Mounted over a file, with its content; ``hang`` makes open(2) or read(2) wait for ever."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._content = path.read_bytes()
        self._hangs = 0
        #: Requests that were left without an answer.
        self.waiting = 0
        self._device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self._device},rootmode={_MODE:o},user_id=0,group_id=0,allow_other"
        _call("mount", b"hanging", os.fsencode(path), b"fuse.hanging", 0, options.encode())
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def hang(self, in_open: bool) -> None:
        """From now on nothing comes back from open(2), or from read(2)."""
        self._hangs = _OPEN if in_open else _READ

    def close(self) -> None:
        """Unmounts it, once; who waits gets an error."""
        if self._thread.is_alive():
            _call("umount2", os.fsencode(self._path), _MNT_FORCE | _MNT_DETACH)
            self._thread.join()
            os.close(self._device)

    def _serve(self) -> None:
        while True:
            try:
                request = os.read(self._device, 1 << 20)
            except OSError:  # unmounted
                return
            _, kind, unique, *_ = _HEADER.unpack_from(request)
            if kind == self._hangs:
                self.waiting += 1
            elif kind not in _SILENT:
                self._answer(kind, unique, request[_HEADER.size :])

    def _answer(self, kind: int, unique: int, body: bytes) -> None:
        answer = self._body(kind, body)
        error = 0 if answer is not None else -_ENOSYS
        payload = answer or b""
        os.write(self._device, struct.pack("=IiQ", 16 + len(payload), error, unique) + payload)

    def _body(self, kind: int, body: bytes) -> bytes | None:
        if kind == _INIT:
            major, minor = struct.unpack_from("=II", body)
            return struct.pack("=IIIIHHIIHHI28x", major, minor, 0, 0, 0, 0, 1 << 17, 1, 0, 0, 0)
        if kind == _GETATTR:
            inode, times = (1, len(self._content), 1), (0,) * 6
            owner = (_MODE, 1, 0, 0, 0, 4096, 0)
            return struct.pack("=QII3Q3Q3I7I", 0, 0, 0, *inode, *times, *owner)
        if kind == _OPEN:
            return struct.pack("=QIi", 0, _DIRECT_IO, 0)
        if kind == _READ:
            _, offset, size = struct.unpack_from("=QQI", body)
            return self._content[offset : offset + size]
        return None


def _call(name: str, *arguments: bytes | int) -> None:
    """A function of libc. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
