"""What judging costs: ``python benchmarks/rules.py``.

One engine with the shipped rules and a host of 60 disks, 300 sensors and 60 network cards. Each
line is one kind of news; the second column compares it with a component that has not changed, the
last is how often a second could bear it.
"""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hwagent.collect.registry import attribute_names, vocabulary
from hwagent.config import shipped
from hwagent.daemon.probe import PROBE_ATTRIBUTES, PROBE_METRICS
from hwagent.model import MetricType, Value
from hwagent.rules import Engine, RuleSet, load_rules

COUNTS = {"disk": 60, "temperature": 300, "nic": 60}
ROUNDS = 20


class Host:
    """Many components, with a value for every metric that exists."""

    def __init__(self) -> None:
        self.rules = _rules()
        self.engine = Engine(self.rules)
        self.now = 1e9
        self.metrics = {
            f"{kind}:{number}": _metrics(kind)
            for kind, count in COUNTS.items()
            for number in range(count)
        }

    def look(self) -> None:
        """Sees everything as it is, half a minute later."""
        self.now += 30
        for id, metrics in self.metrics.items():
            self.engine.observe(self.now, id, id.partition(":")[0], metrics, {"peer_group": "a"})

    def change(self, kind: str, metric: str, by: float) -> None:
        """Changes a metric of every component of a kind, one look each."""
        self.now += 30
        for id, metrics in self.metrics.items():
            if id.startswith(kind + ":"):
                value = metrics.get(metric, 0)
                metrics[metric] = value + by if isinstance(value, int | float) else value
                self.engine.observe(self.now, id, kind, metrics, {"peer_group": "a"})
                self.engine.evaluate(self.now)


def _rules() -> RuleSet:
    known = {**vocabulary(), "probe": {m.name: m for m in PROBE_METRICS}}
    attributes = {**attribute_names(), "probe": frozenset(PROBE_ATTRIBUTES)}
    return load_rules([shipped() / "rules.d"], known, attributes, None)


def _metrics(kind: str) -> dict[str, Value]:
    known = vocabulary().get(kind, {})
    values: dict[str, Value] = {
        name: "ok" if metric.type is MetricType.STATE else 0 for name, metric in known.items()
    }
    return {**values, "present": 1, "probe_stuck": 0}


def _cost(work: Callable[[], object], pieces: int) -> float:
    """Seconds for one piece of work, the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best / pieces


def _lines(host: Host) -> Iterator[tuple[str, float]]:
    yield "component, nothing changed", _cost(host.look, len(host.metrics))
    yield "evaluate, nothing to do", _cost(lambda: host.engine.evaluate(host.now), 1)
    for kind, count in COUNTS.items():
        read = sorted({n for r in host.rules if r.kind == kind for n in r.expr.reads})
        counters = [n for n in read if _type(kind, n) is MetricType.COUNTER]
        gauges = [n for n in read if _type(kind, n) is MetricType.GAUGE and n != "present"]
        for what, names in (("counter", counters), ("gauge", gauges), ("unread", ["unread"])):
            for name in names[:1]:
                label = f"{kind}: {what} {name} changed" if what != "unread" else f"{kind}: {what}"

                def work(kind: str = kind, name: str = name) -> None:
                    host.change(kind, name, 1)

                yield label, _cost(work, count)


def _type(kind: str, name: str) -> MetricType | None:
    metric = vocabulary().get(kind, {}).get(name)
    return metric.type if metric else None


def main() -> None:
    """Prints the table."""
    host = Host()
    host.look()
    host.engine.evaluate(host.now)
    base = 0.0
    firing = len(host.engine.alerts())
    print(f"{len(host.rules)} rules, {len(host.metrics)} components, {firing} alerts")
    print(f"{'news':45} {'ratio':>7} {'us':>8} {'per s':>10}")
    for label, seconds in _lines(host):
        base = base or seconds
        print(f"{label:45} {seconds / base:7.1f} {seconds * 1e6:8.2f} {1 / seconds:10.0f}")


if __name__ == "__main__":
    main()
