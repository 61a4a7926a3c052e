"""Five hosts with twenty addresses, restarted one after another under load: what clients lose.

    python -m benchmarks.rolling [--hosts N] [--vips N] [--busy N] [--interval SECONDS] [--newer]

Each host is ended in order and started again, with ``--newer`` as the next version of the protocols
(tests/fleet/newer), while processes burn every core. The prober asks one address a millisecond, so
each one every so many milliseconds as there are addresses: that is how exact the figures are. For
comparison, one planned move by ``hwagent vip move`` in the same run. Needs root.
"""

import argparse
import json
import signal
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.fleet.faults import load
from tests.fleet.lab import VIP, fleet
from tests.fleet.systems import Hwagent


def roll(system: Hwagent, newer: bool) -> dict[str, dict[str, Any]]:
    """Restarts all hosts; what was seen of each address."""
    with system.fleet.probing_all() as seen:
        for host in system.fleet.hosts:
            if newer:
                system.newer.add(host)
            system.restart(host)
            system.fleet.owners()
    return seen


def move(system: Hwagent) -> dict[str, Any]:
    """One planned move; what was seen of the address."""
    owner = system.fleet.hosts[system.fleet.owners()[VIP] - 1]
    with system.fleet.probing() as seen:
        system.move(owner)
        system.fleet.owners()
    return seen


def summary(seen: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Of all addresses together."""
    outages = [one["outage_ms"] for one in seen.values()]
    moves = [len(one["owners"]) - 1 for one in seen.values()]
    return {
        "addresses": len(seen),
        "moves": sum(moves),
        "silences": sum(one["silences"] for one in seen.values()),
        "median_ms": statistics.median(outages),
        "worst_ms": max(outages),
        "overlaps": sum(one["overlaps"] for one in seen.values()),
        "prober_stall_ms": max(one["prober_stall_ms"] for one in seen.values()),
    }


def main() -> int:
    """One line of JSON; the exit status is 1 after an overlap."""
    parser = argparse.ArgumentParser(prog="benchmarks.rolling")
    parser.add_argument("--hosts", type=int, default=5)
    parser.add_argument("--vips", type=int, default=20)
    parser.add_argument("--busy", type=int, default=4)
    parser.add_argument("--interval", type=float, default=0.1)
    parser.add_argument("--newer", action="store_true", help="each starts as the next version")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory() as place, fleet(options.hosts, options.vips) as made:
        system = Hwagent(made, Path(place), options.interval)
        for host in made.hosts:
            system.start(host)
        system.ready()
        with load(options.busy):
            moved = move(system)
            found = summary(roll(system, options.newer))
    found["planned_move_ms"] = moved["outage_ms"]
    print(json.dumps({"benchmark": "rolling", **found}))
    return int(found["overlaps"] > 0)


if __name__ == "__main__":
    sys.exit(main())
