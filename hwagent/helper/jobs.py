"""The jobs that workers do: a fixed table for each role, and nothing else.

A poller reads and delivers messages; the helper, which is root, reads and runs verbs, and parses
nothing that comes from a network.
"""

import re
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any, Literal

import msgspec

from hwagent.collect.base import Collector
from hwagent.collect.registry import COLLECTORS
from hwagent.collect.root import Root, Unreadable
from hwagent.model import Sample

from .verbs import VERBS, VerbResult, run_verb
from .worker import JobFunction

#: ``both`` is for an agent that was started by hand: its workers are one user's anyway.
Role = Literal["poller", "helper", "both"]
#: What root looks at: a disk, an interface, or all of a kind.
_TARGET = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9!_.:@-]{0,63})?")
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


def privileged(root: Root, arguments: dict[str, Any]) -> list[Sample]:
    """One look that needs root. Raises Unreadable for any other, and for a target that is no name:
    whoever takes the agent over must not have root run the checks of its choice."""
    name, target = arguments["collector"], arguments["target"]
    if not collector(name).privileged:
        raise Unreadable(name, "root does not do what the agent's own workers can")
    if not (isinstance(target, str) and _TARGET.fullmatch(target)):
        raise Unreadable(name, f"not the name of a device: {target!r:.60}")
    return collect(root, arguments)


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
    "helper": {"collect": privileged, **_DOING},
    "both": {**_READING, **_DELIVERING, **_DOING},
}
