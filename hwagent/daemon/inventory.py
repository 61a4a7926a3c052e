"""What was found on this host: the samples of all collectors, joined to components. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from hwagent.model import Sample, Value

#: One look: which collector, and which of its targets.
Job = tuple[str, str]


class Joined:
    """One component as its collectors see it together."""

    __slots__ = (
        "attributes",
        "id",
        "kind",
        "metrics",
        "problems",
        "stuck",
        "unreadable",
        "vanished",
    )

    def __init__(self, id: str, kind: str) -> None:
        self.id = id
        self.kind = kind
        self.attributes: dict[str, Any] = {}
        self.metrics: dict[str, Value] = {}
        self.problems: dict[str, str] = {}
        self.unreadable = ""
        self.vanished = False
        self.stuck = ""

    @property
    def doubt(self) -> str:
        """Why the component cannot be judged as a whole; empty if it can."""
        if self.stuck or self.unreadable:
            return self.stuck or self.unreadable
        metric = next(iter(self.problems), "")
        return f"{metric} unknown: {self.problems[metric]}" if metric else ""


class Inventory:
    """Joins samples by component id, and remembers what was there before.

    Each job (collector, target) replaces what it said last time. A component that no job finds any
    more stays, with ``present`` 0, until it is forgotten: hardware that vanishes is news.
    """

    def __init__(self) -> None:
        self._samples: dict[Job, dict[str, Sample]] = {}
        self._sources: dict[str, set[Job]] = {}
        self._stuck: dict[Job, str] = {}
        self._failed: dict[Job, str] = {}
        self._joined: dict[str, Joined] = {}
        #: What jobs that see a component no more last said of it.
        self._remembered: dict[str, dict[str, Any]] = {}

    def __iter__(self) -> Iterator[Joined]:
        return iter(self._joined.values())

    def get(self, id: str) -> Joined | None:
        """A component by id."""
        return self._joined.get(id)

    def sources(self, id: str) -> list[Job]:
        """The jobs that see a component."""
        return sorted(self._sources.get(id, ()))

    def others(self, id: str, job: Job) -> list[Job]:
        """The jobs that still see a component which this job sees no more."""
        jobs = self._sources.get(id, set())
        return [] if job in jobs else sorted(jobs)

    def apply(self, job: Job, samples: Iterable[Sample]) -> list[Joined]:
        """Takes what a job found; returns the components that this changed."""
        old = self._samples.get(job, {})
        new = {s.id: _complete(s, old.get(s.id)) for s in samples}
        recovered = bool(self._stuck.pop(job, "")) | bool(self._failed.pop(job, ""))
        self._samples[job] = new
        for id in old.keys() - new.keys():
            self._sources[id].discard(job)
            self._remembered.setdefault(id, {}).update(old[id].attributes)
        for id in new:
            self._sources.setdefault(id, set()).add(job)
        touched = [
            id
            for id in {**old, **new}
            if recovered or id not in old or id not in new or old[id] != new[id]
        ]
        return [self._join(id, old) for id in touched]

    def fail(self, job: Job, why: str, stuck: bool = False) -> list[Joined]:
        """Notes that a job could not look: what it found before is unknown now."""
        (self._stuck if stuck else self._failed)[job] = why
        return [self._join(id, {}) for id in self._samples.get(job, {})]

    def drop(self, job: Job) -> list[Joined]:
        """Ends a job whose target is gone; its components are seen no more."""
        changed = self.apply(job, ())
        del self._samples[job]
        return changed

    def forget(self, id: str) -> bool:
        """Removes a component that has vanished. False if it is still there or not known."""
        joined = self._joined.get(id)
        if joined is None or not joined.vanished:
            return False
        self.remove(id)
        return True

    def remove(self, id: str) -> None:
        """Removes a component, whether it is there or not."""
        for job in self._sources.pop(id, ()):
            del self._samples[job][id]
        self._remembered.pop(id, None)
        del self._joined[id]

    def _join(self, id: str, old: Mapping[str, Sample]) -> Joined:
        jobs = sorted(self._sources.get(id, ()))
        samples = [self._samples[job][id] for job in jobs]
        before = self._joined.get(id)
        kind = samples[0].kind if samples else before.kind if before else old[id].kind
        joined = Joined(id, kind)
        for sample in samples:
            joined.attributes.update(sample.attributes)
            joined.metrics.update(sample.metrics)
            joined.problems.update(sample.problems)
            joined.unreadable = joined.unreadable or sample.unreadable
        for job in jobs:
            joined.stuck = joined.stuck or self._stuck.get(job, "")
            joined.unreadable = joined.unreadable or self._failed.get(job, "")
        if not samples:
            joined.vanished = True
            joined.attributes = self._remembered.get(id, {})
        joined.metrics["present"] = 0 if joined.vanished else 1
        joined.metrics["probe_stuck"] = 1 if joined.stuck else 0
        self._joined[id] = joined
        return joined


def _complete(sample: Sample, before: Sample | None) -> Sample:
    """A partial sample with what the look before it found."""
    if not sample.partial or before is None:
        return sample
    return msgspec.structs.replace(
        sample,
        attributes={**before.attributes, **sample.attributes},
        metrics={**before.metrics, **sample.metrics},
        problems={**before.problems, **sample.problems},
    )
