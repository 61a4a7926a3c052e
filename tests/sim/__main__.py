"""``make sim RUNS=N SEED=S`` and ``make sim-mutants``: schedules, and one line of JSON at the end.

A failing schedule is shrunk and printed event by event; ``RUNS=1`` with its seed replays it.
"""

import argparse
import json
import sys

from .mutants import MUTANTS
from .sweep import Verdict, hunt, smallest, sweep
from .world import run


def main() -> int:
    """Runs what the command line says; 1 if anything is not as it must be."""
    parser = argparse.ArgumentParser(prog="make sim")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mutants", action="store_true")
    args = parser.parse_args()
    seeds = range(args.seed, args.seed + args.runs)
    found = _mutants(seeds) if args.mutants else _schedules(seeds)
    print(json.dumps(found))
    caught = found["mutants_caught"] == found["mutants"]
    return 0 if caught and not found["overlaps"] and not found["unserved"] else 1


def _schedules(seeds: range) -> dict[str, int]:
    overlaps = unserved = 0
    for verdict in sweep(seeds):
        overlaps += bool(verdict.violation)
        unserved += bool(verdict.unserved)
        if verdict.violation or verdict.unserved:
            _explain(verdict, overlaps + unserved == 1)
    return _result(len(seeds), overlaps, unserved, 0, 0)


def _mutants(seeds: range) -> dict[str, int]:
    caught = schedules = 0
    for catch in hunt(seeds):
        schedules += catch.schedules
        caught += catch.seed >= 0
        by = f"caught by seed {catch.seed}: {catch.violation}" if catch.seed >= 0 else "NOT CAUGHT"
        print(f"{catch.mutant}: {by}", flush=True)
    return _result(schedules, 0, 0, caught, len(MUTANTS))


def _explain(verdict: Verdict, in_full: bool) -> None:
    print(f"seed {verdict.seed}: {verdict.violation or 'unserved: ' + ', '.join(verdict.unserved)}")
    print(f"  replay: make sim RUNS=1 SEED={verdict.seed}", flush=True)
    if in_full:
        plan = smallest(verdict.seed)
        print(f"  of its faults it needs only:\n  {plan.group}")
        print("\n".join(f"  {fault}" for fault in plan.faults))
        run(plan, lambda line: print(f"  {line}"))


def _result(
    schedules: int, overlaps: int, unserved: int, caught: int, mutants: int
) -> dict[str, int]:
    return {
        "schedules": schedules,
        "overlaps": overlaps,
        "unserved": unserved,
        "mutants_caught": caught,
        "mutants": mutants,
    }


if __name__ == "__main__":
    sys.exit(main())
