"""The shortest interval between heartbeats that makes no false move on a busy machine.

    python -m benchmarks.interval [--seconds 600] [--interval SECONDS...] [--lease N] [--busy 40]

Three hosts on one switch, nothing wrong with any, and busy processes on every core; ours, and
keepalived beside it in the same run. A prober outside asks the address every millisecond: another
host that answers is a false move, two hosts that answer one question are an overlap, the longest
silence is the outage. Intervals are tried from the shortest on, until ours makes no false move.
Needs root. Ends with one line of JSON; the exit status is 1 if every interval had a false move.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.fleet.faults import FAULTS
from tests.fleet.lab import Fleet, fleet
from tests.fleet.systems import Hwagent, Keepalived, System

INTERVALS = (0.01, 0.015, 0.02, 0.03, 0.05, 0.1)
#: Seconds that the prober keeps books for at a time, and of load before anything is counted.
CHUNK, WARM = 20.0, 5.0


@contextmanager
def busy(system: System, processes: int) -> Iterator[None]:
    """Processes that burn every core."""
    fault = FAULTS["40 busy processes"]
    try:
        for _ in range(processes // 40):
            fault.inject(system, system.fleet.hosts[0])
        time.sleep(WARM)
        yield
    finally:
        fault.restore(system, system.fleet.hosts[0])


def watch(made: Fleet, seconds: float) -> dict[str, Any]:
    """What the prober saw."""
    owners: list[int] = []
    found = {"false_moves": 0, "overlaps": 0, "outage_ms": 0.0, "lost": 0, "prober_stall_ms": 0.0}
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        with made.probing() as seen:
            time.sleep(min(CHUNK, left))
        owners += [host for _, host in seen["owners"]]
        found["overlaps"] += seen["overlaps"]
        found["lost"] += seen["sent"] - seen["answered"]
        for name in ("outage_ms", "prober_stall_ms"):
            found[name] = max(found[name], seen[name])
    found["false_moves"] = sum(a != b for a, b in pairwise(owners))
    return found


def settle(system: System) -> None:
    """Waits until all is as it should be; on a machine as busy as this that takes minutes."""
    for _ in range(9):
        with suppress(AssertionError):
            return system.ready()
    return system.ready()


def stalls(system: System) -> dict[str, float]:
    """The worst stall of each holder of ours in milliseconds, by host."""
    if not isinstance(system, Hwagent):
        return {}
    told = {host.space[-2:]: system.status(host) for host in system.fleet.hosts}
    return {name: s["holder"]["stall_ms_max"] for name, s in told.items() if s and "holder" in s}


def run(kind: type[System], interval: float, options: argparse.Namespace) -> dict[str, Any]:
    """One system at one interval."""
    with tempfile.TemporaryDirectory() as place, fleet(3) as made:
        system = kind(made, Path(place), interval)
        for host in made.hosts:
            system.start(host)
        settle(system)
        with busy(system, options.busy):
            found = watch(made, options.seconds)
        return {**found, "stalls_ms": stalls(system), "load": round(os.getloadavg()[0], 1)}


def main() -> int:
    """Prints a table, and a line of JSON at the end."""
    parser = argparse.ArgumentParser(prog="benchmarks.interval")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--interval", type=float, nargs="*", default=INTERVALS)
    parser.add_argument("--lease", type=float, default=3.0, help="in intervals")
    parser.add_argument("--busy", type=int, default=40, help="a multiple of 40; 0 for a quiet host")
    parser.add_argument("--alone", action="store_true", help="without keepalived")
    options = parser.parse_args()
    Hwagent.lease = options.lease
    systems: list[type[System]] = [Hwagent]
    if Keepalived.installed() and not options.alone:
        systems.append(Keepalived)
    results: dict[str, dict[str, Any]] = {}
    columns = ("false_moves", "overlaps", "outage_ms", "lost", "prober_stall_ms", "load")
    print(f"{'interval':12} {'system':12}" + "".join(f"{c:>16}" for c in columns))
    smallest = None
    for interval in options.interval:
        for kind in systems:
            found = run(kind, interval, options)
            results.setdefault(f"{interval * 1000:g} ms", {})[kind.name] = found
            row = "".join(f"{found[c]:16}" for c in columns)
            print(
                f"{interval * 1000:9.3g} ms {kind.name:12}{row}  {found['stalls_ms']}", flush=True
            )
        if not results[f"{interval * 1000:g} ms"][Hwagent.name]["false_moves"]:
            smallest = interval
            break
    print(json.dumps({"seconds": options.seconds, "smallest": smallest, "results": results}))
    return 0 if smallest is not None else 1


if __name__ == "__main__":
    sys.exit(main())
