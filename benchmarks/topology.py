"""How fast the fleet is audited: ``python -m benchmarks topology``.

2,000 hosts in 40 racks, 100 switches of which 20 are spines, 1,400 virtual addresses of groups of
three hosts, told as digests of the gossiped status. First everything is taken in and all cut sets
of size one and two are found; then single things change and what follows is found again. The whole
audit is that with minutes, purchases and common causes. The last column is what the issue promises;
times are those of this processor.
"""

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hwagent.config.topology import Topology
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


def _time(work: Callable[[], object]) -> float:
    """Seconds of this processor's time: on a machine with other work the clock tells of that."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _changes(fleet: Fleet, racks: Racks, work: Callable[[], object]) -> dict[str, float]:
    """The median time for each kind of change until the work is done anew."""
    host = racks.names[777]
    whole = racks.part(host)
    times: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for what, nodes in _variants(host, whole).items():
            begun = time.process_time()
            fleet.take(host, nodes)
            work()
            times.setdefault(what, []).append(time.process_time() - begun)
            fleet.take(host, whole)
            work()
    return {what: median(each) for what, each in times.items()}


def _variants(host: str, whole: list[Node]) -> dict[str, list[Node]]:
    rack = host.partition("h")[0]
    moved = Node(id=f"nic:{host}/eno2", needs=(need(1, [f"port:{rack}-sw1/{host}"]),))
    pulled = Node(
        id=f"nic:{host}/eno2", state="down", needs=(need(1, [f"port:{rack}-sw2/{host}"]),)
    )
    spine = Node(id=f"switch:{rack}-sw1", needs=(need(1, ["switch:spine19"]),))
    return {
        "a cable moved to the other switch": [*(n for n in whole if n.id != moved.id), moved],
        "a card lost its link": [*(n for n in whole if n.id != pulled.id), pulled],
        "a switch of a rack on another spine": [*(n for n in whole if n.id != spine.id), spine],
        "a host that tells nothing any more": [],
    }


def main() -> int:
    """Prints the table; 1 if a promise is not kept."""
    racks = Racks(racks=40, hosts=50, vips=2, spines=20)
    told = {h: digest.write(h, Part(tuple(nodes))) for h, nodes in racks.parts()}
    size = sum(len(k) + len(str(v)) for k, v in told["r1h1"].items())
    print(f"{len(told)} hosts; each tells {len(told['r1h1'])} keys of {size} bytes in all")
    gc.collect()
    fleet = Fleet()
    parts = {host: digest.read(host, values) for host, values in told.items()}
    reading = _time(lambda: [digest.read(host, values) for host, values in told.items()])
    taking = _time(lambda: [fleet.take(h, p.nodes) for h, p in parts.items()])
    solving = _time(lambda: _solve(fleet))
    auditor, described = Auditor(fleet), Topology()
    auditing = _time(lambda: auditor.audit(described))
    rows = [("read all digests", reading, 0.0), ("make one graph of them", taking, 0.0),
            ("find all cut sets", solving, 2.0), ("the whole audit", auditing, 2.0)]  # fmt: skip
    cuts = _changes(fleet, racks, lambda: _solve(fleet))
    rows += [(f"cut sets after {what}", took, 0.2) for what, took in cuts.items()]
    whole = _changes(fleet, racks, lambda: auditor.audit(described))
    rows += [(f"the audit after {what}", took, 0.2) for what, took in whole.items()]
    for what, took, most in rows:
        print(f"{what:56} {took * 1000:8.1f} ms" + (f"   (at most {most:g} s)" if most else ""))
    switches = sum(1 for id in fleet.graph.ids() if id.startswith("switch:"))
    print(f"{len(fleet.graph)} components, {switches} switches, {len(fleet.services())} services,")
    print(f"{_solve(fleet)} cut sets in elements")
    return int(any(most and took > most for _, took, most in rows))


if __name__ == "__main__":
    sys.exit(main())
