"""Takes all memory and goes on into the swap; says so by /run/lab/exhausted once half of that is
full. Ends half a minute later, unless the kernel ends it before: a machine that only moves pages to
and fro may take many minutes over the other half."""

import signal

STEP = 1 << 20


def swap():
    """Bytes in all and free."""
    with open("/proc/meminfo") as file:
        sizes = dict(line.split(":") for line in file)
    return tuple(int(sizes[name].split()[0]) * 1024 for name in ("SwapTotal", "SwapFree"))


taken, told = [], False
while True:
    taken.append(bytearray(STEP))
    total, free = swap()
    if not told and free < total / 2:
        open("/run/lab/exhausted", "w").close()
        signal.alarm(30)
        told = True
