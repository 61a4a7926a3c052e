"""Gossip beside Serf at memberlist's LAN settings: joins, deaths, false deaths, traffic.

    python -m benchmarks.gossip [--members 8 32 64] [--seconds N] [SYSTEM...]

Each member is a process with an address of its own on the loopback of a network namespace; both
systems seal with AES-GCM. Stalls: a quarter of the members get no processor for half of the time,
eight seconds at a stretch; who runs all the while and is called failed is a false death. Needs root
and Debian's serf.
"""

import argparse
import base64
import json
import os
import queue
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .gossip_member import host

KEY = base64.b64encode(b"sixteen-byte-key").decode()
#: Members that join, and that are killed, one after another; medians are told.
JOINS, DEATHS = 5, 5
#: Seconds for which a stalled member stands still, and then runs.
STRETCH = 8.0
#: Seconds that a death, a join or the forming of a group may take; who has not heard by then is
#: counted.
PATIENCE = 60.0
_SERF = re.compile(r"serf: Event(MemberJoin|MemberFailed): (n\d+)")


class System:
    """Members by number; what they said, as (time, member, what, whom)."""

    def __init__(self) -> None:
        self.said: list[tuple[float, str, str, str]] = []
        self.pids: dict[int, int] = {}
        self._lines: queue.SimpleQueue[tuple[float, str, str, str]] = queue.SimpleQueue()

    def listen(
        self, stream: Any, take: Callable[[str], tuple[float, str, str, str] | None]
    ) -> None:
        """Reads what is said in a thread."""

        def read() -> None:
            for line in stream:
                if found := take(line):
                    self._lines.put(found)

        threading.Thread(target=read, daemon=True).start()

    def drain(self) -> None:
        """Takes in what was said so far."""
        while not self._lines.empty():
            found = self._lines.get()
            if found[2] == "pid":
                self.pids[int(found[1][1:])] = int(found[3])
            self.said.append(found)

    def until(self, condition: Callable[[], bool]) -> bool:
        """Waits until a condition holds on what was said; false if it does not in time."""
        end = time.monotonic() + PATIENCE
        while self.drain() or not condition():
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def told(self, what: str, whom: str, since: float = 0.0) -> dict[str, float]:
        """Who said something of somebody since then, and when first."""
        found: dict[str, float] = {}
        for at, by, word, of in self.said:
            if (word, of) == (what, whom) and at >= since:
                found.setdefault(by, at)
        return found


class Hwagent(System):
    """Ours: processes forked from one that has imported everything."""

    def __init__(self) -> None:
        super().__init__()
        argv = [sys.executable, "-m", "benchmarks.gossip_member", KEY]
        self._nursery = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.listen(self._nursery.stdout, _ours)

    def start(self, number: int) -> None:
        """One more member."""
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(f"{number}\n")
        self._nursery.stdin.flush()
        self.until(lambda: number in self.pids)

    def close(self) -> None:
        """Ends all."""
        for pid in self.pids.values():
            _signal(pid, signal.SIGKILL)
        self._nursery.kill()
        self._nursery.wait()


class Serf(System):
    """HashiCorp's, as Debian has it."""

    def __init__(self) -> None:
        super().__init__()
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, number: int) -> None:
        """One more member."""
        argv = ["serf", "agent", f"-node=n{number}", f"-bind={host(number)}:7946", "-profile=lan",
                f"-rpc-addr={host(number)}:7373", f"-encrypt={KEY}"]  # fmt: skip
        argv += [f"-join={host(0)}:7946"] if number else []
        self.said.append((time.monotonic(), f"n{number}", "start", f"n{number}"))
        process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._processes.append(process)
        self.pids[number] = process.pid
        self.listen(process.stdout, lambda line: _serfs(number, line))
        if not number:  # one that joins before the first listens gives up
            _reach(host(0), 7946)

    def close(self) -> None:
        """Ends all."""
        for process in self._processes:
            process.kill()
            process.wait()


SYSTEMS = {"hwagent": Hwagent, "serf": Serf}


def measure(system: Hwagent | Serf, members: int, seconds: float) -> dict[str, Any]:
    """One system at one size."""
    last, first = members - 1, members - min(JOINS, members // 2)
    for number in range(first):
        system.start(number)
    names = {f"n{i}" for i in range(first)}
    if not system.until(lambda: all(len(_known(system, n)) >= first - 1 for n in names)):
        known = {name: len(_known(system, name)) for name in names}
        raise SystemExit(f"{members} members did not find each other in {PATIENCE:g} s: {known}")
    joins = [_join(system, number) for number in range(first, members)]
    time.sleep(5)
    before, at = _bytes(), time.monotonic()
    time.sleep(seconds)
    rate = (_bytes() - before) / (time.monotonic() - at) / members
    false = _stalls(system, members, seconds)
    deaths = [_death(system, last - i) for i in range(min(DEATHS, members // 2))]
    return {
        "members": members,
        "join_s": round(statistics.median(joins), 3),
        "join_worst_s": round(max(joins), 3),
        "death_first_s": round(statistics.median(d[0] for d in deaths), 2),
        "death_all_s": round(statistics.median(d[1] for d in deaths), 2),
        "deaths": len(deaths),
        "unheard": sum(d[2] for d in deaths),
        "bytes_per_member_and_s": round(rate),
        **false,
    }


def _join(system: Hwagent | Serf, number: int) -> float:
    """Seconds from the start of one more member until all others have heard of it."""
    time.sleep(2)  # peace after the join before
    name, names = f"n{number}", {f"n{i}" for i in range(number)}
    system.start(number)
    if not system.until(lambda: set(system.told("join", name)) >= names):
        raise SystemExit(f"not all heard of the join of {name} in {PATIENCE:g} s")
    heard = system.told("join", name)
    return max(at for by, at in heard.items() if by in names) - system.told("start", name)[name]


def _death(system: Hwagent | Serf, number: int) -> tuple[float, float, int]:
    """Kills a member; seconds until the first and the last know, and how many never heard."""
    killed = time.monotonic()
    _signal(system.pids.pop(number), signal.SIGKILL)
    names = {f"n{i}" for i in range(number)}
    system.until(lambda: set(system.told("failed", f"n{number}", killed)) >= names)
    heard = system.told("failed", f"n{number}", killed)
    times = [at - killed for by, at in heard.items() if by in names]
    return min(times, default=PATIENCE), max(times, default=PATIENCE), len(names) - len(times)


def _stalls(system: Hwagent | Serf, members: int, seconds: float) -> dict[str, int]:
    """A quarter of the members stand still for half of the time."""
    since = time.monotonic()
    slow = list(range(1, members - 1))[: max(1, members // 4)]
    while time.monotonic() < since + 2 * seconds:
        for signum in (signal.SIGSTOP, signal.SIGCONT):
            for number in slow:
                _signal(system.pids[number], signum)
            time.sleep(STRETCH)
    time.sleep(20)
    system.drain()
    names = {f"n{i}" for i in slow}
    verdicts = [s for s in system.said if s[2] == "failed" and s[0] >= since]
    return {
        "false_deaths": len({(by, of) for _, by, _, of in verdicts if of not in names}),
        "deaths_of_the_stalled": len([1 for _, _, _, of in verdicts if of in names]),
    }


def _known(system: System, name: str) -> set[str]:
    return {of for _, by, what, of in system.said if (by, what) == (name, "join") and of != name}


def _ours(line: str) -> tuple[float, str, str, str]:
    at, by, what, whom = line.split()
    return float(at), by, what, whom


def _serfs(number: int, line: str) -> tuple[float, str, str, str] | None:
    found = _SERF.search(line)
    if not found:
        return None
    word = "join" if found[1] == "MemberJoin" else "failed"
    return time.monotonic(), f"n{number}", word, found[2]


def _reach(address: str, port: int) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection((address, port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def _signal(pid: int, signum: int) -> None:
    os.kill(pid, signum)


def _bytes() -> int:
    """Bytes that crossed the namespace's loopback, headers and all."""
    for line in Path("/proc/self/net/dev").read_text().splitlines():
        if line.strip().startswith("lo:"):
            return int(line.split()[1])
    raise AssertionError("no loopback")


def inside(name: str, members: int, seconds: float) -> None:
    """In a namespace of its own: measures and prints JSON."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    system = SYSTEMS[name]()
    try:
        print(json.dumps({"system": name, **measure(system, members, seconds)}), flush=True)
    finally:
        system.close()


def main() -> int:
    """All systems at all sizes, one after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("systems", nargs="*", default=list(SYSTEMS))
    parser.add_argument("--members", nargs="+", type=int, default=[8, 32, 64])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.inside:
        inside(wanted.systems[0], wanted.members[0], wanted.seconds)
        return 0
    rows = []
    for members in wanted.members:
        for name in wanted.systems:
            if name == "serf" and not shutil.which("serf"):
                print("serf is not installed; ours runs alone", file=sys.stderr)
                continue
            argv = ["unshare", "-n", sys.executable, "-m", "benchmarks.gossip", "--inside", name,
                    "--members", str(members), "--seconds", str(wanted.seconds)]  # fmt: skip
            done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
            print(done.stdout.strip(), flush=True)
            rows.append(json.loads(done.stdout))
    print(json.dumps({"benchmark": "gossip", "rows": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
