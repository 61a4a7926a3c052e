"""The checksummed writer: ``writer.py DEVICE`` writes blocks until /run/lab/stop is there, then
reads all back past the cache and tells by one line of JSON what was promised and what it found.

Every block says which write it is of and carries a checksum; a write counts once the device has
said that it is done (O_DIRECT and O_SYNC). A block may hold the last write that was acknowledged,
or one that ended with an error after it; anything else is lost.
"""

import hashlib
import json
import mmap
import os
import random
import struct
import sys
import time

SIZE = 4096
BLOCKS = 1024
#: A client's pace, not a benchmark's.
PAUSE = 0.01
STOP = "/run/lab/stop"


def block(number, version):
    head = struct.pack("!QQ", number, version)
    digest = hashlib.sha256(head).digest()
    return (head + digest).ljust(SIZE, b".")


def main():
    fd = os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT | os.O_SYNC)
    buffer = mmap.mmap(-1, SIZE)
    promised, tried = {}, {}
    errors, longest, writes = 0, 0.0, 0
    while not os.path.exists(STOP):
        number, version = random.randrange(BLOCKS), writes + 1
        buffer[:] = block(number, version)
        start = time.monotonic()
        try:
            os.pwrite(fd, buffer, number * SIZE)
            promised[number] = version
            tried.pop(number, None)
        except OSError:
            errors += 1
            tried.setdefault(number, set()).add(version)
        longest = max(longest, time.monotonic() - start)
        writes += 1
        if writes == 1:
            open("/run/lab/writing", "w").close()
        time.sleep(PAUSE)
    lost = [n for n in sorted(promised) if not held(fd, buffer, n, promised[n], tried.get(n, ()))]
    told = {"writes": writes, "errors": errors, "longest_ms": round(longest * 1000), "lost": lost}
    print(json.dumps(told))


def held(fd, buffer, number, version, others):
    try:
        os.preadv(fd, [buffer], number * SIZE)
    except OSError:
        return False
    return any(buffer[:] == block(number, v) for v in (version, *others))


main()
