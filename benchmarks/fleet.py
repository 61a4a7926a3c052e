"""What a client loses when the owner of an address fails: ours beside keepalived, the same faults.

    python -m benchmarks.fleet [--rounds N] [--hosts N] [--interval SECONDS] [FAULT...]

Hosts are network namespaces on one switch. A prober outside asks the address every millisecond:
the longest silence is the outage, two hosts that answer one question are an overlap. Needs root;
without keepalived (Debian's package) ours runs alone.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.fleet.faults import FAULTS, Fault
from tests.fleet.lab import fleet
from tests.fleet.systems import Hwagent, Keepalived, System

#: Seconds of probing before a fault, and of peace after it is put right.
BEFORE, PEACE = 0.3, 0.7


def round_of(system: System, fault: Fault) -> dict[str, Any]:
    """One fault on whoever owns the address; what the prober saw."""
    system.ready()
    owner = system.fleet.owner()
    with system.fleet.probing() as seen:
        time.sleep(BEFORE)
        fault.inject(system, owner)
        time.sleep(fault.seconds)
    fault.restore(system, owner)
    time.sleep(PEACE)
    seen["moved"] = len({host for _, host in seen["owners"]}) > 1
    return seen


def summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Median and worst outage in milliseconds; rounds in which it moved; overlaps in all."""
    outages = [r["outage_ms"] for r in rounds]
    return {
        "rounds": len(rounds),
        "median_ms": statistics.median(outages),
        "worst_ms": max(outages),
        "moved": sum(r["moved"] for r in rounds),
        "overlaps": sum(r["overlaps"] for r in rounds),
        "prober_stall_ms": max(r["prober_stall_ms"] for r in rounds),
    }


def run(system: type[System], fault: Fault, options: argparse.Namespace) -> dict[str, Any]:
    """All rounds of one fault."""
    interfaces = ("eth0", "eth1") if fault.second_path else ("eth0",)
    with tempfile.TemporaryDirectory() as place, fleet(options.hosts) as made:
        one = system(made, Path(place), options.interval, interfaces)
        for host in made.hosts:
            one.start(host)
        return summary([round_of(one, fault) for _ in range(options.rounds)])


def main() -> None:
    """Prints a table, and a line of JSON at the end."""
    parser = argparse.ArgumentParser(prog="benchmarks.fleet")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--hosts", type=int, default=3)
    parser.add_argument("--interval", type=float, default=0.1)
    parser.add_argument("--alone", action="store_true", help="without keepalived")
    parser.add_argument("faults", nargs="*", choices=[[], *FAULTS])
    options = parser.parse_args()
    systems: list[type[System]] = [Hwagent]
    if Keepalived.installed() and not options.alone:
        systems.append(Keepalived)
    results: dict[str, dict[str, Any]] = {}
    print(f"{'fault':28} {'system':12} {'median':>8} {'worst':>8} {'moved':>6} {'overlaps':>9}")
    for name in options.faults or FAULTS:
        for system in systems:
            found = run(system, FAULTS[name], options)
            results.setdefault(name, {})[system.name] = found
            print(
                f"{name:28} {system.name:12} {found['median_ms']:8.1f} {found['worst_ms']:8.1f} "
                f"{found['moved']:3}/{found['rounds']:<2} {found['overlaps']:9}",
                flush=True,
            )
    print(json.dumps(results))


if __name__ == "__main__":
    main()
