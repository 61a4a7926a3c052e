"""What a client loses when the owner of an address fails: ours beside keepalived, the same faults.

    python -m benchmarks.fleet [--rounds N] [--hosts N] [--interval SECONDS] [--write]
                               [--known FILE]... [FAULT...]

Hosts are network namespaces on one switch; both systems send heartbeats at the same interval. A
prober outside asks the address every millisecond: the longest silence is the outage, two hosts that
answer one question are an overlap. A round begins when one host has answered alone for a while;
what went wrong in it is a result too, and the next one starts anew. Needs root; without keepalived
(Debian's package) ours runs alone. ``--write`` puts the table into docs/failover.md. All of it
takes two hours: ``--known`` takes what an earlier run has written with ``-o json``, and does not
measure its faults again. The exit status is 1 if an aim is missed.
"""

import argparse
import json
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fleet.faults import FAULTS, Fault
from tests.fleet.lab import Fleet, fleet
from tests.fleet.systems import Hwagent, Keepalived, System

#: Seconds of probing before a fault.
BEFORE = 0.3
#: Rounds that went wrong one after the other, after which a system is given up for a fault.
GIVE_UP = 3
#: What can go wrong in a round: a condition that never comes, a command that fails.
TROUBLE = (AssertionError, OSError, ValueError, subprocess.SubprocessError)
DOCUMENT = Path(__file__).parent.parent / "docs" / "failover.md"
_TABLE = re.compile(r"(?<=<!-- figures -->\n).*?(?=<!-- end -->)", re.DOTALL)

Result = dict[str, Any]
Results = dict[str, dict[str, Result]]


def _ratio(most: float) -> Callable[[Results, str], bool | None]:
    def met(results: Results, fault: str) -> bool | None:
        found = ratio(results[fault])
        return None if found is None else found <= most

    return met


def _lost(most: float) -> Callable[[Results, str], bool | None]:
    return lambda results, fault: _ours(results, fault)["median_ms"] <= most


def _handed_over(results: Results, fault: str) -> bool:
    found = _ours(results, fault)
    return bool(found["median_ms"] <= 10 and found["ends"] == {"moved": found["rounds"]})


def _stays(results: Results, fault: str) -> bool:
    found = _ours(results, fault)
    return bool(found["ends"] == {"stayed": found["rounds"]})


def _as_crash(results: Results, fault: str) -> bool | None:
    if "host crashed" not in results:
        return None
    return bool(_ours(results, fault)["median_ms"] <= _ours(results, "host crashed")["worst_ms"])


#: What the issue aims at, and whether the figures reach it (None: cannot be said).
AIMS: dict[str, tuple[str, Callable[[Results, str], bool | None]]] = {
    "host crashed": ("at most 0.95 of keepalived", _ratio(0.95)),
    "holder killed": ("at most 20 ms", _lost(20)),
    "holder frozen": ("no longer than a crash", _as_crash),
    "agent killed": ("at most 10 ms, handed over", _handed_over),
    "agent frozen": ("at most 10 ms, handed over", _handed_over),
    "cable pulled, second path": ("at most 0.1 of keepalived", _ratio(0.1)),
    "planned move": ("at most 10 ms", _lost(10)),
    "20 % loss": ("no move", _stays),
    "40 busy processes": ("no move", _stays),
    "memory eaten": ("no move", _stays),
}


def round_of(system: System, fault: Fault) -> Result:
    """One fault on whoever owns the address; what the prober saw, and who answered at the end."""
    system.ready()
    owner = system.fleet.owner()
    try:
        with system.fleet.probing() as seen:
            time.sleep(BEFORE)
            fault.inject(system, owner)
            time.sleep(fault.seconds)
        seen["end"] = _end(system.fleet, owner.number)
    finally:
        fault.restore(system, owner)
    return seen


def _end(made: Fleet, owner: int) -> str:
    found = made.answering()
    if len(found) != 1:
        return "two owners" if found else "no owner"
    return "stayed" if found == [owner] else "moved"


def rounds_of(system: System, fault: Fault, count: int) -> list[Result]:
    """All rounds of one fault; one that went wrong has only ``trouble``."""
    found: list[Result] = []
    while len(found) < count:
        try:
            found.append(round_of(system, fault))
        except TROUBLE as e:
            found.append({"trouble": str(e)})
            print(f"{system.name}, {fault.name}: {e}", file=sys.stderr, flush=True)
            if all("trouble" in r for r in found[-GIVE_UP:]) and len(found) >= GIVE_UP:
                break
            system.rescue()
    return found


def summary(rounds: list[Result]) -> Result:
    """Median and worst outage in milliseconds, how the rounds ended, overlaps in all."""
    whole = [r for r in rounds if "trouble" not in r]
    outages = [r["outage_ms"] for r in whole]
    return {
        "rounds": len(rounds),
        "median_ms": round(statistics.median(outages), 1) if outages else float("nan"),
        "worst_ms": max(outages, default=float("nan")),
        "ends": dict(Counter(r["end"] for r in whole)),
        "overlaps": sum(r["overlaps"] for r in whole),
        "rounds_with_overlaps": sum(r["overlaps"] > 0 for r in whole),
        "answered": [[host for _, host in r["owners"]] for r in whole],
        "prober_stall_ms": max((r["prober_stall_ms"] for r in whole), default=0.0),
        "trouble": [r["trouble"] for r in rounds if "trouble" in r],
    }


def run(system: type[System], fault: Fault, options: argparse.Namespace) -> Result:
    """One fault on a fleet of its own; whatever goes wrong, there is a result."""
    interfaces = ("eth0", "eth1") if fault.second_path else ("eth0",)
    rounds: list[Result] = []
    try:
        with tempfile.TemporaryDirectory() as place, fleet(options.hosts) as made:
            one = system(made, Path(place), options.interval, interfaces)
            for host in made.hosts:
                one.start(host)
            rounds = rounds_of(one, fault, options.rounds)
    except TROUBLE as e:
        rounds = [*rounds, {"trouble": str(e)}]
    return summary(rounds)


def ratio(found: dict[str, Result]) -> float | None:
    """Our median by keepalived's; None if one of them is missing."""
    try:
        return round(found["hwagent"]["median_ms"] / found["keepalived"]["median_ms"], 2)
    except (KeyError, ZeroDivisionError):
        return None


def _ours(results: Results, fault: str) -> Result:
    return results[fault]["hwagent"]


def verdict(results: Results, fault: str) -> str:
    """Whether the aim for a fault is met; an overlap of ours misses any."""
    aim, met = AIMS.get(fault, ("no overlap", lambda results, fault: True))
    found = _ours(results, fault)["overlaps"] == 0 and met(results, fault)
    return f"{aim}: {'not known' if found is None else 'met' if found else 'missed'}"


def lines(results: Results) -> list[list[str]]:
    """The table, a row for each fault and system."""
    rows = []
    for fault, found in results.items():
        for name, one in found.items():
            ours, both = name == "hwagent", ratio(found)
            wrong = {"went wrong": len(one["trouble"])} if one["trouble"] else {}
            ends = ", ".join(f"{end} {count}" for end, count in {**one["ends"], **wrong}.items())
            rows.append([
                fault,
                name,
                f"{one['median_ms']:.1f}",
                f"{one['worst_ms']:.1f}",
                ends,
                f"{one['rounds_with_overlaps']}",
                f"{both:.2f}" if both is not None and ours else "",
                verdict(results, fault) if ours else "",
            ])  # fmt: skip
    return rows


HEAD = ["fault", "system", "median ms", "worst ms", "rounds ended", "with overlaps", "ratio", "aim"]


def write(results: Results, options: argparse.Namespace) -> None:
    """Puts the table into the document."""
    rows = [HEAD, ["---"] * len(HEAD), *lines(results)]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    what = f"{options.hosts} hosts, heartbeats every {options.interval * 1000:g} ms"
    said = f"{what}, {options.rounds} rounds each, {time.strftime('%Y-%m-%d')}:\n\n"
    DOCUMENT.write_text(_TABLE.sub(lambda _: said + table, DOCUMENT.read_text()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.fleet")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--hosts", type=int, default=3)
    parser.add_argument("--interval", type=float, default=0.1)
    parser.add_argument("--alone", action="store_true", help="without keepalived")
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT.name}")
    parser.add_argument("--known", action="append", type=Path, default=[], help="earlier results")
    parser.add_argument("-o", "--output", choices=["table", "json"], default="table")
    parser.add_argument("faults", nargs="*", choices=[[], *FAULTS])
    return parser.parse_args()


def _systems(options: argparse.Namespace, fault: Fault) -> list[type[System]]:
    both = Keepalived.installed() and not options.alone
    found: list[type[System]] = [Hwagent, Keepalived] if both else [Hwagent]
    return [system for system in found if fault.role in system.roles]


def measured(fault: Fault, options: argparse.Namespace) -> dict[str, Result]:
    """What each system makes of a fault."""
    return {system.name: run(system, fault, options) for system in _systems(options, fault)}


def main() -> int:
    """Prints the table line by line, or all of it as JSON."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    known: Results = {}
    for path in options.known:
        known |= json.loads(path.read_text())
    results: Results = {}
    shape = "{:28}{:12}{:>10}{:>10}  {:24}{:>14}{:>7}  {}"
    if options.output == "table":
        print(shape.format(*HEAD), flush=True)
    for name in options.faults or FAULTS:
        results[name] = known.get(name) or measured(FAULTS[name], options)
        if options.output == "table":
            for row in lines(results)[-len(results[name]) :]:
                print(shape.format(*row), flush=True)
    if options.write:
        write(results, options)
    print(json.dumps(results))
    return any(verdict(results, fault).endswith("missed") for fault in results)


if __name__ == "__main__":
    sys.exit(main())
