"""Takes all memory and goes on into the swap; says so by /run/lab/exhausted once nothing more is
available. Ends a minute later, unless the kernel ends it before: a machine that only moves pages to
and fro may take many minutes over the rest. What it runs itself stays in memory."""

import ctypes
import signal

STEP = 1 << 20
#: Of memory that the kernel calls available: less than any program here needs to start.
_NOTHING = 8 << 20
_MCL_CURRENT = 1


def sizes():
    """Bytes of memory that is available, of swap in all, and of swap that is free."""
    with open("/proc/meminfo") as file:
        told = dict(line.split(":") for line in file)
    names = ("MemAvailable", "SwapTotal", "SwapFree")
    return tuple(int(told[name].split()[0]) * 1024 for name in names)


ctypes.CDLL(None).mlockall(_MCL_CURRENT)
taken, told = [], False
while True:
    taken.append(bytearray(STEP))
    available, total, free = sizes()
    if not told and available < _NOTHING and free < total:
        open("/run/lab/exhausted", "w").close()
        signal.alarm(60)
        told = True
