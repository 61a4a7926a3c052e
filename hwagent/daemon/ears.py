"""BMCs that tell of events: a process of its own hears them, where any can be heard."""

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import msgspec

from hwagent.api.exposition import simple_family
from hwagent.cluster.messages import Value
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

from .audience import Audience
from .inventory import Job
from .looker import Found
from .piped import Piped
from .switches import Fellows

log = logging.getLogger("hwagent")
#: Seconds for it to end: BMCs are told to push no more.
GRACE = 4.0
#: Seconds between two looks at what the others say.
FOLLOW_EVERY = 0.5
#: Seconds after which that is done without news: who has been deaf for long leaves it to others.
DECIDE_EVERY = 30.0
_COMMAND = (sys.executable, "-m", "hwagent.collect.redfish_events")


class Ears:
    """The agent's side: has BMCs looked at when they tell of events.

    What an event named comes with it and counts at once; a round that began before is older, so
    that these parts are put over what it finds. ``hurry`` looks at a job now, ``under_way`` says
    whether a look at it has begun, ``found`` takes what a job found. Of several hosts that list a
    BMC one hears it (``audience.py``).
    """

    def __init__(
        self,
        hurry: Callable[[str, str], None],
        under_way: Callable[[Job], bool],
        found: Found,
        host: str,
        fellows: Fellows,
        command: Sequence[str] = _COMMAND,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hurry, self._under_way, self._found = hurry, under_way, found
        self._host = host
        self._fellows = fellows
        self._now = now
        self._audience = Audience(host)
        #: By BMC, the host that hears it.
        self._hearers: dict[str, str] = {}
        self._news = asyncio.Event()
        self._write: Callable[[Orders], None] | None = None
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
        self._audience.configure(wanted.values())
        self._hearers = self._audience.decide(self._now(), self._fellows.others())
        self._settle()
        self._process.change()

    # Which of them are heard here

    def values(self) -> dict[str, Value]:
        """What the fleet is told, as keys of this host's status."""
        return self._audience.values(self._now())

    def news(self) -> None:
        """The fleet has news."""
        self._news.set()

    async def follow(self) -> None:
        """Does what the words of others ask for, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(DECIDE_EVERY):
                    await self._news.wait()
            self._news.clear()
            if self._bmcs:
                self._decide()
            await asyncio.sleep(FOLLOW_EVERY)

    def _decide(self) -> None:
        members, before = self._fellows.others(), self._mine()
        for name in self._audience.hinted(members):
            if name not in before:
                self._hurry(*_job(self._bmcs[name]))
        self._hearers = self._audience.decide(self._now(), members)
        if self._mine() != before:
            self._settle()
            if before and self._mine() and self._write is not None:
                self._write(self._orders())
            else:
                self._process.change()

    def _orders(self) -> Orders:
        mine = [self._bmcs[name] for name in sorted(self._mine())]
        return Orders(mine, self._events, self._host)

    def _mine(self) -> set[str]:
        return {name for name, host in self._hearers.items() if host == self._host}

    def _settle(self) -> None:
        """Says of BMCs that another host hears that it does."""
        for name, host in self._hearers.items():
            before = self._hearing.get(name)
            if host != self._host:
                events = before.events if before else 0
                self._describe(Hearing(name, "elsewhere", host, events))
            elif before and before.way == "elsewhere":
                self._describe(Hearing(name, "broken", "not heard yet", before.events))

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
        return bool(self._mine())

    def begun(self, writer: asyncio.StreamWriter) -> None:
        """A process has started."""
        self.problem = ""
        self._write = lambda orders: None if writer.is_closing() else writer.write(sent(orders))
        self._write(self._orders())

    async def listen(self, stream: asyncio.StreamReader) -> None:
        """Takes what the process tells."""
        while True:
            try:
                self._take(from_ears.decode(await stream.readline()))
            except (ValueError, msgspec.DecodeError):
                return

    def died(self) -> None:
        """Nothing is heard until another process has started."""
        self._write = None
        for name in self._mine():
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
        if hearing.name not in self._mine():
            return
        well, before = hearing.way != "broken", self._hearing.get(hearing.name)
        self._audience.heard(self._now(), hearing.name, well, hearing.events)
        self._describe(hearing)
        if before is not None and hearing.events > before.events:
            self._fellows.changed()
        if before is not None and before.way in ("broken", "elsewhere") and well:
            self._hurry(*_job(self._bmcs[hearing.name]))  # what happened meanwhile was not heard

    def _describe(self, hearing: Hearing) -> None:
        name, before = hearing.name, self._hearing.get(hearing.name)
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
    why = "events_by" if hearing.way == "elsewhere" else "events_problem"
    attributes = {**sample.attributes, **({why: hearing.why} if hearing.why else {})}
    metrics = {**sample.metrics, "events": hearing.way, "events_heard": hearing.events}
    return msgspec.structs.replace(sample, attributes=attributes, metrics=metrics)
