"""One look without a daemon: what ``collect`` and ``decode`` show."""

import time
from collections.abc import Callable

import msgspec

from hwagent.collect.base import Collector
from hwagent.collect.registry import decoder
from hwagent.collect.root import Root, Unreadable
from hwagent.config import Config
from hwagent.model import Alert, Component, Sample
from hwagent.rules import RuleSet

from .judge import Judge
from .loading import enabled
from .probe import probe_sample


class Look(msgspec.Struct, frozen=True):
    """Components and alerts of one moment: the fixed shape of ``collect`` and ``decode``."""

    components: list[Component]
    alerts: list[Alert]


def look(root: Root, config: Config, rules: RuleSet) -> Look:
    """Reads everything under a root once, in this process. Only for trees, not for live hosts:
    a file of a live host can hang."""
    judge = Judge(rules, impatient=True, ignored=config.ignore)
    now = time.time()
    for collector in enabled(config):
        _look_with(judge, now, collector, root)
    return conclude(judge, now)


def conclude(judge: Judge, now: float) -> Look:
    """The components and firing alerts of a judge that has seen everything."""
    judge.engine.evaluate(now)
    return Look(judge.components(), [a for a in judge.engine.alerts() if a.active])


def decode(
    kind: str, data: bytes, rules: RuleSet, read: Callable[[bytes], list[Sample]] | None = None
) -> Look:
    """Judges one captured file, as its kind's decoder or ``read`` understands it. Raises KeyError
    for an unknown kind."""
    judge = Judge(rules, impatient=True)
    now = time.time()
    judge.found(now, ("decode", kind), (read or decoder(kind))(data))
    return conclude(judge, now)


def _look_with(judge: Judge, now: float, collector: Collector, root: Root) -> None:
    try:
        targets = collector.targets(root)
    except Unreadable as e:
        _note(judge, now, collector.name, "", str(e))
        return
    for target in targets:
        try:
            judge.found(now, (collector.name, target), collector.collect(root, target))
        except Unreadable as e:
            _note(judge, now, collector.name, target, str(e))


def _note(judge: Judge, now: float, collector: str, target: str, why: str) -> None:
    sample: Sample = probe_sample(collector, target, failed=why)
    judge.found(now, ("probe", f"{collector}/{target}"), [sample])
