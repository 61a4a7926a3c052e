"""What a family of processes uses: processor time and memory, exact and of all its members.

A control group counts the nanoseconds of members that have ended too, and knows those that were
adopted by somebody else (Documentation/admin-guide/cgroup-v2.rst). Needs root.
"""

import os
import subprocess
from array import array
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

PAGE = os.sysconf("SC_PAGE_SIZE")
#: Bits of an entry of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst).
_PRESENT, _FRAME = 1 << 63, (1 << 55) - 1


class Family:
    """A command and everything that it starts."""

    def __init__(self, name: str, argv: Sequence[str], **options: Any) -> None:
        self.name = name
        self._group = _groups() / f"hwagent-bench-{os.getpid()}-{name}"
        self._group.mkdir()
        self.process = subprocess.Popen(["/bin/sh", "-c", _ENTER, self._group, *argv], **options)

    def seconds(self) -> float:
        """Processor time so far, of those that have ended too."""
        lines = (self._group / "cpu.stat").read_text().splitlines()
        return int(dict(line.split() for line in lines)["usage_usec"]) / 1e6

    def seconds_by_kind(self) -> Counter[str]:
        """Processor time of those that are there, by kind of process (proc(5), schedstat)."""
        spent: Counter[str] = Counter()
        for pid in self.pids():
            with suppress(FileNotFoundError, ProcessLookupError):
                text = Path(f"/proc/{pid}/schedstat").read_text()
                spent[kind(pid)] += int(text.split()[0]) / 1e9
        return spent

    def pids(self) -> list[int]:
        """Those that are there now."""
        return [int(line) for line in (self._group / "cgroup.procs").read_text().split()]

    def memory(self) -> "Memory":
        """What they weigh now."""
        memory = Memory()
        for pid in self.pids():
            memory.add(pid)
        return memory

    def end(self) -> None:
        """Asks the command to end, and waits until it has taken all others along."""
        self.process.terminate()
        self.process.wait(30)
        while self.pids():
            os.sched_yield()
        self._group.rmdir()


#: The shell becomes the command once it is in the group.
_ENTER = 'echo $$ > "$0/cgroup.procs" && exec "$@"'


class Memory:
    """Bytes of a family: ``pss`` by kind of process, as the kernel tells it; ``alone`` counts each
    page once, also one that processes of others share, which is what a host that runs no other
    Python pays."""

    def __init__(self) -> None:
        self.pss: Counter[str] = Counter()
        self.count: Counter[str] = Counter()
        self._frames: set[int] = set()

    @property
    def alone(self) -> int:
        """Every page that any of them has, once."""
        return len(self._frames) * PAGE

    def add(self, pid: int) -> None:
        """Takes a process in, unless it has just ended."""
        place = Path(f"/proc/{pid}")
        try:
            name = kind(pid)
            lines = (place / "smaps_rollup").read_text().splitlines()
            self._frames |= _frames(place)
        except (FileNotFoundError, ProcessLookupError):
            return
        self.pss[name] += next(int(x.split()[1]) * 1024 for x in lines if x.startswith("Pss:"))
        self.count[name] += 1


def kind(pid: int) -> str:
    """The module that a Python runs, else the command. Raises FileNotFoundError."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    if "-m" in words:
        at = words.index("-m") + 1
        role = words[words.index("--role") + 1] if "--role" in words else ""
        return f"{words[at]} {role}".strip()
    return os.path.basename(words[0])


def _frames(place: Path) -> set[int]:
    """Numbers of the physical pages of a process."""
    frames: set[int] = set()
    with open(place / "pagemap", "rb", buffering=0) as pagemap:
        for line in (place / "maps").read_text().splitlines():
            start, _, end = line.split(None, 1)[0].partition("-")
            if line.endswith("[vsyscall]"):
                continue
            pagemap.seek(int(start, 16) // PAGE * 8)
            entries = array("Q", pagemap.read((int(end, 16) - int(start, 16)) // PAGE * 8))
            frames.update(e & _FRAME for e in entries if e & _PRESENT)
    return frames


def _groups() -> Path:
    """Where the second version of control groups is mounted."""
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    return next(Path(place) for _, place, type, *_ in mounts if type == "cgroup2")
