"""How fast the fleet is audited: ``python -m benchmarks topology``.

2,000 hosts in 40 racks, 100 switches of which 20 are spines, 1,400 virtual addresses of groups of
three hosts, told as digests of the gossiped status. First everything is taken in and all cut sets
of size one and two are found; then single things change and what follows is found again. The whole
audit is that with minutes, purchases, common causes and room, in JSON as the API gives it. The last
column is what the issue promises, of the processor's time.
"""

import gc
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hwagent.config import Config
from hwagent.daemon.audits import told_audit
from hwagent.testing.racks import Racks
from hwagent.topology import digest
from hwagent.topology.audit import Auditor
from hwagent.topology.fleet import Fleet
from hwagent.topology.graph import Node, need
from hwagent.topology.part import Part

ROUNDS = 3


def _solve(fleet: Fleet) -> int:
    """All cut sets of all services; how many."""
    solver = fleet.solver
    cuts = [solver.cuts(id) for id in fleet.services()]
    return sum(len(c.singles) + len(c.pairs) for c in cuts)


class Spent(NamedTuple):
    """Seconds by the processor and by the clock: with other work on the machine the latter tells
    of that too."""

    cpu: float
    wall: float


def _time(work: Callable[[], object]) -> Spent:
    begun = time.process_time(), time.perf_counter()
    work()
    return Spent(time.process_time() - begun[0], time.perf_counter() - begun[1])


def _changes(fleet: Fleet, racks: Racks, work: Callable[[], object]) -> dict[str, Spent]:
    """The median time for each kind of change until the work is done anew."""
    times: dict[str, list[Spent]] = {}
    for _ in range(ROUNDS):
        for what, (owner, nodes) in _variants(racks).items():
            gc.collect()
            taken = _time(partial(fleet.take, owner, nodes))
            done = _time(work)
            times.setdefault(what, []).append(Spent(*map(sum, zip(taken, done))))
            fleet.take(owner, racks.part(owner) if owner in racks.names else ())
            work()
    return {what: Spent(*map(median, zip(*each))) for what, each in times.items()}


def _variants(racks: Racks) -> dict[str, tuple[str, list[Node]]]:
    """By kind of change, who tells what then."""
    host = racks.names[777]
    rack = host.partition("h")[0]
    nic, psu, switch = f"nic:{host}/eno2", f"psu:{host}/PSU1", f"switch:{rack}-sw1"
    new = Racks(len(racks.racks), 99, 0).part(f"{rack}h99")

    def told(id: str, **changed: Any) -> tuple[str, list[Node]]:
        whole = racks.part(host)
        return host, [msgspec.structs.replace(n, **changed) if n.id == id else n for n in whole]

    return {
        "a switch went down": told(switch, state="down"),
        "a card lost its link": told(nic, state="down"),
        "a power supply failed": told(psu, state="down"),
        "a host that is new": (f"{rack}h99", new),
        "a host in another rack by its label": told(
            f"host:{host}",
            needs=tuple(
                need(1, [f"rack:{racks.racks[-1]}"]) if n.of == (f"rack:{rack}",) else n
                for n in next(n for n in racks.part(host) if n.id == f"host:{host}").needs
            ),
        ),
        "a firmware that is another": told(nic, facts=(("firmware", "2"),)),
        "a cable moved to the other switch": told(
            nic, needs=(need(1, [f"port:{rack}-sw1/{host}"]),)
        ),
        "a switch of a rack on another spine": told(switch, needs=(need(1, ["switch:spine19"]),)),
        "a host that tells nothing any more": (host, []),
    }


def _memory() -> float:
    """Megabytes that this process holds."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def _taken(
    told: dict[str, dict[str, digest.Value]], fleet: Fleet
) -> list[tuple[str, Spent, float]]:
    parts = {host: digest.read(host, values) for host, values in told.items()}
    reading = _time(lambda: [digest.read(host, values) for host, values in told.items()])
    taking = _time(lambda: [fleet.take(h, p.nodes) for h, p in parts.items()])
    return [("read all digests", reading, 0.0), ("make one graph of them", taking, 0.0)]


def main() -> int:
    """Prints the table; 1 if a promise is not kept."""
    racks = Racks(racks=40, hosts=50, vips=2, spines=20)
    told = {h: digest.write(h, Part(tuple(nodes))) for h, nodes in racks.parts()}
    size = sum(len(k) + len(str(v)) for k, v in told["r1h1"].items())
    print(f"{len(told)} hosts; each tells {len(told['r1h1'])} keys of {size} bytes in all")
    fleet, before = Fleet(), _memory()
    rows = _taken(told, fleet)
    graph = _memory()
    rows.append(("find all cut sets", _time(lambda: _solve(fleet)), 2.0))
    auditor, config = Auditor(fleet), Config()

    def audit() -> bytes:
        return msgspec.json.encode(told_audit(auditor, fleet, config, (), {}))

    rows.append(("the whole audit, as JSON", _time(audit), 2.0))
    audited = _memory()
    cuts = _changes(fleet, racks, lambda: _solve(fleet))
    rows += [(f"cut sets after {what}", took, 0.2) for what, took in cuts.items()]
    whole = _changes(fleet, racks, audit)
    rows += [(f"the audit after {what}", took, 0.2) for what, took in whole.items()]
    print(f"{'':52} {'processor':>12} {'clock':>12}")
    for what, took, most in rows:
        promise = f"   (at most {most:g} s)" if most else ""
        print(f"{what:52} {took.cpu * 1000:9.1f} ms {took.wall * 1000:9.1f} ms{promise}")
    switches = len(fleet.graph.of_kind("switch"))
    print(f"{len(fleet.graph)} components, {switches} switches, {len(fleet.services())} services,")
    print(f"{_solve(fleet)} cut sets in elements; {len(audit()) / 1e6:.1f} MB of JSON;")
    print(f"memory: {graph - before:.0f} MB digests and graph, {audited - graph:.0f} MB audit")
    return int(any(most and took.cpu > most for _, took, most in rows))


if __name__ == "__main__":
    sys.exit(main())
