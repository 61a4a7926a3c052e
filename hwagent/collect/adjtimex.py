"""Whether the kernel's clock is disciplined by a time server, from adjtimex(2).

The one place that asks the kernel and not a file: nothing under /proc or /sys tells it.
"""

import ctypes
from typing import ClassVar, NamedTuple

_STA_UNSYNC = 0x40  # include/uapi/linux/timex.h
_TIME_ERROR = 5


class Clock(NamedTuple):
    """``synchronised`` as chrony, ntpd or timesyncd told the kernel; errors in seconds."""

    synchronised: bool
    max_error: float
    estimated_error: float


class _Timex(ctypes.Structure):
    """struct timex; the pad at its end keeps the kernel's writes inside."""

    _fields_: ClassVar = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    ]


def read_clock() -> Clock:
    """Asks the kernel without changing anything. Raises OSError where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    timex = _Timex()
    state = libc.adjtimex(ctypes.byref(timex))
    if state < 0:
        raise OSError(ctypes.get_errno(), "adjtimex")
    synchronised = state != _TIME_ERROR and not timex.status & _STA_UNSYNC
    return Clock(synchronised, timex.maxerror / 1e6, timex.esterror / 1e6)
