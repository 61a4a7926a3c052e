"""BMCs that tell of events: a process of its own hears them, where any can be heard."""

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from hwagent.api.exposition import simple_family
from hwagent.collect.debounce import encode
from hwagent.collect.redfish_glance import overlaid
from hwagent.collect.redfish_messages import (
    MESSAGE_MAX,
    Dropped,
    FromEars,
    Hearing,
    Look,
    Orders,
    from_ears,
    sent,
)
from hwagent.config import Config
from hwagent.config.bmcs import Bmc, Events
from hwagent.model import Sample

from .inventory import Job
from .looker import Found
from .piped import Piped

log = logging.getLogger("hwagent")
#: Seconds for it to end: BMCs are told to push no more.
GRACE = 4.0
_COMMAND = (sys.executable, "-m", "hwagent.collect.redfish_events")


class Ears:
    """The agent's side: has BMCs looked at when they tell of events.

    What an event named comes with it and counts at once; a round that began before is older, so
    that these parts are put over what it finds. ``hurry`` looks at a job now, ``under_way`` says
    whether a look at it has begun, ``found`` takes what a job found.
    """

    def __init__(
        self,
        hurry: Callable[[str, str], None],
        under_way: Callable[[Job], bool],
        found: Found,
        host: str,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self._hurry, self._under_way, self._found = hurry, under_way, found
        self._host = host
        self._process = Piped(command, "hears BMCs", self, GRACE, MESSAGE_MAX)
        self._bmcs: dict[str, Bmc] = {}
        self._events = Events()
        self._hearing: dict[str, Hearing] = {}
        self._last: dict[str, list[Sample]] = {}
        self._newer: dict[str, list[Sample]] = {}
        self._dropped: dict[str, int] = {}
        #: Why pushed events are not heard; empty if they are, or need not be.
        self.problem = ""

    def configure(self, config: Config) -> None:
        """Takes the BMCs of the configuration that can tell of events."""
        wanted = {b.name: b for b in config.bmcs if b.events and b.protocol == "redfish"}
        if (wanted, config.events) == (self._bmcs, self._events):
            return
        for name, bmc in self._bmcs.items():
            if wanted.get(name) != bmc:
                self._hearing.pop(name, None)
                self._forget(name)
        self._bmcs, self._events = wanted, config.events
        self._process.change()

    # What looks find

    def seen(self, job: Job, samples: list[Sample]) -> list[Sample]:
        """A look came back: what counts of it, and how the BMC is heard."""
        name = self._name(job)
        if not name:
            return samples
        self._last[name] = overlaid(samples, self._newer.pop(name, ()))
        return self._described(name)

    def failed(self, job: Job) -> None:
        """A look failed: nothing is known of the BMC's parts."""
        self._forget(self._name(job))

    def _name(self, job: Job) -> str:
        found = (n for n, b in self._bmcs.items() if job[0] == "bmc" and _job(b) == job)
        return next(found, "")

    def _forget(self, name: str) -> None:
        self._last.pop(name, None)
        self._newer.pop(name, None)

    def _described(self, name: str) -> list[Sample]:
        hearing = self._hearing.get(name)
        own = f"bmc:{name}"
        if hearing is None:
            return self._last[name]
        return [_with(s, hearing) if s.id == own else s for s in self._last[name]]

    # What is heard

    def metrics(self) -> Iterator[str]:
        """Finished families, in OpenMetrics text."""
        if not self._bmcs:
            return
        heard = sorted(self._hearing.items())
        yield simple_family(
            "hwagent_bmc_events", "counter", "events that a BMC has told of",
            [({"bmc": name}, h.events) for name, h in heard],
        )  # fmt: skip
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        yield simple_family(
            "hwagent_bmc_stream_silent_seconds", "gauge",
            "time since a BMC's stream of events said anything",
            [({"bmc": n}, round(now - h.heard, 3)) for n, h in heard if h.way == "stream"],
        )  # fmt: skip
        if self._events.bind:
            yield simple_family(
                "hwagent_bmc_events_dropped", "counter",
                "requests at the port of events, by reason",
                [({"reason": reason}, n) for reason, n in sorted(self._dropped.items())],
            )  # fmt: skip

    async def run(self) -> None:
        """Keeps a process running while there are BMCs to hear, until cancelled."""
        await self._process.run()

    def needed(self) -> bool:
        """Whether there are BMCs to hear."""
        return bool(self._bmcs)

    def begun(self, writer: asyncio.StreamWriter) -> None:
        """A process has started."""
        self.problem = ""
        writer.write(sent(Orders(list(self._bmcs.values()), self._events, self._host)))

    async def listen(self, stream: asyncio.StreamReader) -> None:
        """Takes what the process tells."""
        while True:
            try:
                self._take(from_ears.decode(await stream.readline()))
            except (ValueError, msgspec.DecodeError):
                return

    def died(self) -> None:
        """Nothing is heard until another process has started."""
        for name in self._bmcs:
            self._take(Hearing(name, "broken", "the process that hears it ended"))

    def _take(self, message: FromEars) -> None:
        match message:
            case Look(name, parts):
                self._look(name, parts)
            case Hearing():
                self._heard(message)
            case Dropped(reasons, problem):
                self._dropped, self.problem = reasons or self._dropped, problem or self.problem

    def _look(self, name: str, parts: list[Sample]) -> None:
        bmc = self._bmcs.get(name)
        if bmc is None:
            return
        job = _job(bmc)
        if name in self._last and parts:
            self._last[name] = overlaid(self._last[name], parts)
            self._found(job, self._described(name))
            if self._under_way(job):
                self._newer[name] = parts
        self._hurry(*job)

    def _heard(self, hearing: Hearing) -> None:
        name, before = hearing.name, self._hearing.get(hearing.name)
        if name not in self._bmcs:
            return
        self._hearing[name] = hearing
        if before is None or before.way != hearing.way:
            log.info("events of bmc %s: %s %s", name, hearing.way, hearing.why)
        if name in self._last and (before is None or _said(before) != _said(hearing)):
            self._found(_job(self._bmcs[name]), self._described(name))


def _job(bmc: Bmc) -> Job:
    return ("bmc", encode(bmc))


def _said(hearing: Hearing) -> tuple[str, str, int]:
    return hearing.way, hearing.why, hearing.events


def _with(sample: Sample, hearing: Hearing) -> Sample:
    problem = {"events_problem": hearing.why} if hearing.why else {}
    attributes = {**sample.attributes, **problem}
    metrics = {**sample.metrics, "events": hearing.way, "events_heard": hearing.events}
    return msgspec.structs.replace(sample, attributes=attributes, metrics=metrics)
