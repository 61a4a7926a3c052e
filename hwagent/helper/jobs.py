"""The jobs that workers do: a fixed table for each role, and nothing else.

A poller reads and delivers messages; the helper, which is root, reads and runs verbs, and parses
nothing that comes from a network.
"""

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any, Literal

import msgspec

from hwagent.collect.base import Collector
from hwagent.collect.registry import COLLECTORS
from hwagent.collect.root import Root
from hwagent.model import Sample

from .verbs import VERBS, VerbResult, run_verb
from .worker import JobFunction

#: ``both`` is for an agent that was started by hand: its workers are one user's anyway.
Role = Literal["poller", "helper", "both"]
_INT64 = range(-(2**63), 2**64)
_loaded: dict[str, Collector] = {}


def preload() -> None:
    """Imports every collector, so that all workers share it; a broken one is met when it is run."""
    for name in COLLECTORS:
        try:
            collector(name)
        except Exception as e:
            print(f"collector {name} cannot be loaded: {e}", flush=True)


def collector(name: str) -> Collector:
    """The collector of a name. Raises KeyError for one that is not in the registry."""
    if name not in _loaded:
        if name not in COLLECTORS:
            raise KeyError(f"no collector {name}")
        _loaded[name] = import_module(f"hwagent.collect.{name}").COLLECTOR()
    return _loaded[name]


def collect(root: Root, arguments: dict[str, Any]) -> list[Sample]:
    """One look at one target. Raises Unreadable."""
    samples = collector(arguments["collector"]).collect(root, arguments["target"])
    return [_sendable(s) for s in samples]


def targets(root: Root, arguments: dict[str, Any]) -> list[str]:
    """Names of what a collector reads one by one. Raises Unreadable."""
    return collector(arguments["collector"]).targets(root)


def deliver(root: Root, arguments: dict[str, Any]) -> str:
    """Hands a message to one receiver; returns what went wrong, or nothing."""
    # Named, not imported: the room of notifications is above this one, and costs smtplib and ssl
    function = import_module("hwagent.respond.notify.deliver").deliver
    return str(function(**arguments))


def _sendable(sample: Sample) -> Sample:
    """MessagePack ends at 64 bits, the counters of NVMe at 128."""
    large = {k: float(v) for k, v in sample.metrics.items() if type(v) is int and v not in _INT64}
    return msgspec.structs.replace(sample, metrics=sample.metrics | large) if large else sample


def _verb(name: str, root: Root, arguments: dict[str, Any]) -> VerbResult:
    return run_verb(name, arguments, root)


_READING: dict[str, JobFunction] = {"collect": collect, "targets": targets}
_DELIVERING: dict[str, JobFunction] = {"deliver": deliver}
_DOING: dict[str, JobFunction] = {name: partial(_verb, name) for name in VERBS}
JOBS: Mapping[Role, Mapping[str, JobFunction]] = {
    "poller": {**_READING, **_DELIVERING},
    "helper": {**_READING, **_DOING},
    "both": {**_READING, **_DELIVERING, **_DOING},
}
