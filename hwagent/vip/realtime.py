"""What keeps the holder on time on a busy host, as far as it may have it."""

import ctypes
import gc
import os
import resource
from collections.abc import Callable

_MCL_CURRENT, _MCL_FUTURE = 1, 2
_PRIORITY = 5
#: Microseconds without a blocking call, after which the kernel ends a loop that runs away.
_RTTIME = 500_000


def harden() -> tuple[str, ...]:
    """Locks memory, takes real-time priority, stills the collector; returns what was refused."""
    gc.collect()
    gc.freeze()
    gc.disable()
    return *_try("locked memory", _lock), *hurry()


def hurry() -> tuple[str, ...]:
    """Takes real-time priority, with a limit; returns what was refused. Children do without."""
    return *_try("a limit of real-time", _limit), *_try("real-time priority", _prefer)


class Parent:
    """The process that started this one, for those who end after it, though in their own time.

    It is given, since it may have ended before this one could ask; 0 if it is not minded.
    """

    def __init__(self, process: int = 0) -> None:
        self._process = process

    def gone(self) -> bool:
        """True once it has ended."""
        return self._process != 0 and os.getppid() != self._process


def _try(name: str, step: Callable[[], object]) -> tuple[str, ...]:
    try:
        step()
    except OSError as e:
        return (f"{name}: {e.strerror}",)
    except ValueError as e:
        return (f"{name}: {e}",)
    return ()


def _lock() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(_MCL_CURRENT | _MCL_FUTURE) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _limit() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_RTTIME)
    soft = _RTTIME if most == resource.RLIM_INFINITY else min(_RTTIME, most)
    resource.setrlimit(resource.RLIMIT_RTTIME, (soft, most))


def _prefer() -> None:
    policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
    os.sched_setscheduler(0, policy, os.sched_param(_PRIORITY))
