"""Where /sys, /proc and /dev are: a live host, a capture or a simulated tree.

No collector names an absolute path. Every read goes through a Root, so the same code reads all
three, and every failure becomes an Unreadable that says which file and why.
"""

import errno
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from .command import CommandOutput, run_command

#: No file of sysfs or procfs that we read is larger; a capture may hold anything.
SIZE_MAX = 4 << 20
#: 128 bits have 39 digits; with hundreds a number could not even be scaled.
NUMBER_LENGTH_MAX = 44
_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")


class Unreadable(Exception):
    """A file that is there but could not be read or understood: its value is unknown."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


class Missing(Unreadable):
    """A file that is not there: the hardware does not have this."""


class Root:
    """The root of a host's file tree.

    A tree other than "/" may hold the output of commands as files ``commands/NAME`` (see
    ``command``), so that captures and simulated hosts have SMART data too.
    """

    def __init__(self, path: str | Path = "/") -> None:
        self.base = os.path.realpath(path)
        self.live = self.base == "/"
        self._prefix = "" if self.live else self.base
        #: What was worked out of devices (see ``fact``), by function and name, with its stamp.
        self.facts: dict[tuple[Any, str], tuple[Any, Any]] = {}

    def path(self, relative: str) -> str:
        """The real path of a file given relative to the root, such as ``sys/class/net``."""
        return f"{self._prefix}/{relative.lstrip('/')}"

    def content(self, relative: str) -> bytes:
        """Content of a file. Raises Missing or Unreadable; never blocks on a FIFO."""
        try:
            # O_NONBLOCK: a capture may hold a FIFO, and opening one must not wait for a writer
            fd = os.open(self.path(relative), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError) as e:
            raise _unreadable(relative, e) from None
        try:
            return _read_all(fd)
        except OSError as e:
            raise _unreadable(relative, e) from None
        finally:
            os.close(fd)

    def text(self, relative: str) -> str:
        """Content of a file without surrounding white space. Raises Missing, Unreadable."""
        return self.content(relative).decode("utf-8", "replace").replace("\0", "").strip()

    def number(self, relative: str, base: int = 10) -> int:
        """A file that holds one integer (hexadecimal may carry 0x). Raises Missing, Unreadable."""
        text = self.text(relative)
        try:
            # As the kernel prints them: int() takes the digits of all scripts, and 1_000
            if len(text) <= NUMBER_LENGTH_MAX and text.isascii() and "_" not in text:
                return int(text, base)
        except ValueError:
            pass
        raise Unreadable(relative, f"not a number: {text[:40]!r}")

    def names(self, relative: str) -> list[str]:
        """Names in a directory, in natural order (sda, sdb, sdaa; hwmon2, hwmon10).

        A directory that is not there is empty. Raises Unreadable for one that cannot be read.
        """
        try:
            return sorted(os.listdir(self.path(relative)), key=natural)
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as e:
            raise _unreadable(relative, e) from None

    def exists(self, relative: str) -> bool:
        """True if there is such a file, directory or link to one."""
        try:
            return os.path.exists(self.path(relative))
        except ValueError:
            return False

    def stamp(self, relative: str) -> tuple[int, int, int] | None:
        """Differs once another file or directory stands at a path; None if there is none.

        The kernel gives no number of a device's directory to another one (fs/kernfs/dir.c).
        """
        try:
            found = os.stat(self.path(relative))
        except (OSError, ValueError):
            return None
        return found.st_dev, found.st_ino, found.st_mtime_ns

    def link(self, relative: str) -> str:
        """Last part of a link's target (the driver behind ``device/driver``). Raises Missing."""
        try:
            return os.path.basename(os.readlink(self.path(relative)))
        except (OSError, ValueError) as e:
            raise _unreadable(relative, e) from None

    def real(self, relative: str) -> str:
        """Path relative to the root after all links, such as the device path of a class link."""
        real = os.path.realpath(self.path(relative))
        return os.path.relpath(real, self.base) if real.startswith(self.base) else relative

    def command(self, name: str, argv: list[str], deadline: float = 60.0) -> CommandOutput:
        """Output of a read-only command: run on a live host, else read from ``commands/NAME``.

        ``name`` tells what was asked of what (``smartctl-sda``). Raises Missing where the command
        is not installed or the tree has no such output, Unreadable when it overran its deadline.
        Only to be called in a worker process: it blocks.
        """
        if not self.live:
            return CommandOutput(0, self.content(command_file(name)), b"")
        try:
            return run_command(argv, deadline)
        except FileNotFoundError:
            raise Missing(name, f"{argv[0]} is not installed") from None
        except TimeoutError:
            raise Unreadable(name, f"{argv[0]} did not end within {deadline:g} s") from None
        except OSError as e:
            raise Unreadable(name, e.strerror or str(e)) from None


def command_file(name: str) -> str:
    """Where a tree that is not live keeps the output of a command."""
    return f"commands/{_UNSAFE.sub('_', name)}"


@lru_cache(maxsize=4096)
def natural(name: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Sort key in which digits count as numbers, and sdb comes before sdaa."""
    parts = [(0, int(p), "") if p.isdecimal() else (1, len(p), p) for p in _DIGITS.findall(name)]
    return 0, parts


_DIGITS = re.compile(r"[0-9]{1,18}|[^0-9]+|[0-9]+")


def _read_all(fd: int) -> bytes:
    chunks, size = [], 0
    while chunk := os.read(fd, 65536):
        chunks.append(chunk)
        size += len(chunk)
        if size > SIZE_MAX:
            raise OSError(errno.EFBIG, f"larger than {SIZE_MAX} bytes")
    return b"".join(chunks)


def _unreadable(relative: str, e: Exception) -> Unreadable:
    number = getattr(e, "errno", None)
    name = errno.errorcode.get(number, "") if number else ""
    why = f"{name} ({os.strerror(number)})" if number and name else str(e)
    if number == errno.ENOENT:
        return Missing(relative, why)
    return Unreadable(relative, why)
