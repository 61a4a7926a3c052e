"""Eats memory while its parent lives: until only a quarter of the machine's is available, and never
more. It gives back as that shrinks, and is the first whom the kernel kills: it takes no other
process's memory, but has the kernel look for some."""

import mmap
import os
from pathlib import Path

BLOCK = 32 << 20
PAGE = mmap.PAGESIZE


def memory(name: str) -> int:
    """A line of /proc/meminfo (proc(5)), in bytes."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name + ":")).split()[1]) << 10


def main() -> None:
    parent = os.getppid()
    Path("/proc/self/oom_score_adj").write_text("1000")
    least = max(2 << 30, memory("MemTotal") // 4)
    blocks: list[mmap.mmap] = []
    turn = 0
    while os.getppid() == parent:
        available = memory("MemAvailable")
        if available > least + BLOCK:
            blocks.append(mmap.mmap(-1, BLOCK))
        elif available < least and blocks:
            blocks.pop().close()
        if blocks:  # the newest is touched for the first time, then one after the other again
            block = blocks[-1] if available > least + BLOCK else blocks[turn % len(blocks)]
            for at in range(0, BLOCK, PAGE):
                block[at] = turn & 255
            turn += 1


main()
