"""Many schedules on all cores: the protocol as it is, and each mutant until it is caught."""

import os
from collections.abc import Iterator
from multiprocessing import Pool
from typing import NamedTuple

from .mutants import MUTANTS, applied
from .plan import Plan, make
from .shrink import shrink
from .world import run

_CHUNK = 20


class Verdict(NamedTuple):
    """What became of a schedule: the first violation, and VIPs that nobody answered for."""

    seed: int
    violation: str
    unserved: tuple[str, ...]


class Catch(NamedTuple):
    """The first schedule that showed a mutant, or -1, and after how many."""

    mutant: str
    seed: int
    schedules: int
    violation: str


def judge(plan: Plan) -> Verdict:
    """Runs one schedule."""
    world = run(plan)
    first = next(iter(world.violations), None)
    violation = f"{first.kind} at {first.time:.6f}: {first.what}" if first else ""
    return Verdict(plan.seed, violation, tuple(world.unserved))


def sweep(seeds: range) -> Iterator[Verdict]:
    """Runs the schedules of these seeds on all cores; in order."""
    if len(seeds) == 1:
        yield _verdict(seeds[0])
        return
    with Pool(os.cpu_count()) as pool:
        yield from pool.imap(_verdict, seeds, _CHUNK)


def hunt(seeds: range) -> Iterator[Catch]:
    """Looks for each mutant in these schedules, those that caught it before first."""
    jobs = [(number, seeds) for number in range(len(MUTANTS))]
    with Pool(os.cpu_count()) as pool:
        yield from pool.imap_unordered(_hunt, jobs)


def smallest(seed: int) -> Plan:
    """The failing schedule of a seed without what it does not need."""
    return shrink(make(seed), lambda plan: _bad(judge(plan)))


def _bad(verdict: Verdict) -> bool:
    return bool(verdict.violation or verdict.unserved)


def _verdict(seed: int) -> Verdict:
    return judge(make(seed))


def _hunt(job: tuple[int, range]) -> Catch:
    mutant, tried = MUTANTS[job[0]], 0
    with applied(mutant):
        for tried, seed in enumerate([*mutant.seeds, *job[1]], start=1):
            verdict = judge(make(seed))
            if verdict.violation:
                return Catch(mutant.name, seed, tried, verdict.violation)
    return Catch(mutant.name, -1, tried, "")
