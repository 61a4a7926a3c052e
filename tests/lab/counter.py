"""How fast this host's time stamp counter runs, which an emulated machine sees as its own.

A machine that measures it while it boots on a busy host gets it wrong, and all its times with it.
Source: kernel parameters tsc= and tsc_early_khz=; QEMU's TCG passes RDTSC through.
"""

import ctypes
import functools
import mmap
import time
from collections.abc import Callable

#: rdtsc; shl rdx, 32; or rax, rdx; ret
_RDTSC = bytes.fromhex("0f31 48c1e220 4809d0 c3")
_SPAN = 1.0


@functools.cache
def khz() -> int:
    """In kHz, against CLOCK_MONOTONIC_RAW; takes a second. x86 only, as the machines are."""
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(_RDTSC)
    code = ctypes.addressof(ctypes.c_char.from_buffer(page))
    read = ctypes.CFUNCTYPE(ctypes.c_uint64)(code)
    first, ticks = _pair(read)
    time.sleep(_SPAN)
    last, more = _pair(read)
    return round((more - ticks) / (last - first) * 1_000_000)


def _pair(read: Callable[[], int]) -> tuple[int, int]:
    """The clock in nanoseconds and the counter at one moment: the closest of many tries."""
    tries = []
    for _ in range(1000):
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        ticks = read()
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        tries.append((after - before, (after + before) // 2, ticks))
    _, at, ticks = min(tries)
    return at, ticks
