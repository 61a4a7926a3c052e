"""What the kernel does for us about processes (prctl(2))."""

import ctypes
import os
import pwd
import signal
from contextlib import suppress
from pathlib import Path

_SET_PDEATHSIG, _SET_CHILD_SUBREAPER, _SET_NO_NEW_PRIVS = 1, 36, 38


def die_with(parent: int) -> None:
    """Has the kernel kill this process when its parent ends; ends it now if that has happened."""
    _prctl(_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def adopt_orphans() -> None:
    """Makes this process the parent of whatever its children leave behind."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def expendable(file: Path = Path("/proc/self/oom_score_adj")) -> None:
    """Gives up what the service manager spares this process and its children by where memory runs
    out (proc(5)): what guards addresses is spared, a look at a disk is not."""
    with suppress(OSError):
        if int(file.read_text()) < 0:
            file.write_text("0")


def become(user: str) -> None:
    """Gives up root for a user without privileges, for good. Raises KeyError, OSError."""
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    _prctl(_SET_NO_NEW_PRIVS, 1)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
