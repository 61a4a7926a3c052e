"""Runs the looks: finds targets, sends jobs to the workers in time, reports what they found."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping

import msgspec

from hwagent.collect.base import Collector
from hwagent.collect.debounce import RiseFall, encode
from hwagent.config import Config, Service
from hwagent.config.bmcs import Bmc
from hwagent.helper import Pool, ProbeBusy, ProbeFailed, ProbeStuck
from hwagent.model import Sample

from .inventory import Job
from .probe import probe_sample
from .schedule import Schedule

#: How often new targets are looked for where no event tells of them.
DISCOVER = 120.0
#: Collectors whose targets the configuration lists.
LISTED = ("service", "bmc")
Found = Callable[[Job, list[Sample]], None]
Failed = Callable[[Job, str, bool], None]
Gone = Callable[[Job], None]


class Looker:
    """One per agent. Looks never block it: workers read, it only waits for their answers."""

    def __init__(
        self,
        collectors: Iterable[Collector],
        pools: Mapping[bool, Pool],
        now: Callable[[], float],
        found: Found,
        failed: Failed,
        gone: Gone,
    ) -> None:
        self._collectors = {c.name: c for c in collectors}
        self._pools = pools
        self._now = now
        self._found, self._failed, self._gone = found, failed, gone
        self._schedule = Schedule()
        self._intervals: dict[str, float] = {}
        self._targets: dict[str, set[str]] = {}
        self._discover_at: dict[str, float] = {}
        self._checks: dict[str, RiseFall] = {}
        self._called: dict[str, str] = {}
        self._wake = asyncio.Event()
        self._turned = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waited_for: set[asyncio.Task[None]] = set()
        self._failures: dict[Job, int] = {}
        self._undiscovered: set[str] = set()
        self.first_round = asyncio.Event()
        #: By collector: how long its last look took, whether that went well, when one last did.
        self.seconds: dict[str, float] = {}
        self.success: dict[str, bool] = {}
        self.good_at: dict[str, float] = {}

    def configure(self, config: Config) -> None:
        """Takes intervals and what is switched off from the configuration."""
        for name in self._collectors:
            if name in LISTED:
                continue
            options = config.collectors.get(name)
            if options is not None and not options.enabled:
                self._discover_at.pop(name, None)
                self._set_targets(name, set())
                continue
            self._interval(name, options.interval if options and options.interval else None)
            self._discover_at.setdefault(name, 0.0)
        self._wake.set()

    def configure_services(self, services: Iterable[Service]) -> None:
        """Takes the user's own checks from the configuration; a changed one starts anew."""
        wanted = {encode(s): s for s in services}
        self._set_listed("service", {t: (s.name, float(s.interval)) for t, s in wanted.items()})
        self._checks = {
            target: self._checks.get(target) or RiseFall(service.rise, service.fall)
            for target, service in wanted.items()
        }

    def configure_bmcs(self, bmcs: Iterable[Bmc]) -> None:
        """Takes the BMCs to ask over the network from the configuration."""
        self._set_listed("bmc", {encode(b): (b.name, float(b.interval)) for b in bmcs})

    def _set_listed(self, name: str, wanted: Mapping[str, tuple[str, float]]) -> None:
        """Takes targets that the configuration lists: how people call each, and its interval."""
        for target in self._targets.get(name, set()) - wanted.keys():
            self._schedule.remove((name, target))
            self._gone((name, target))
            self._called.pop(target, None)
        self._targets[name] = set(wanted)
        for target, (called, interval) in wanted.items():
            self._called[target] = called
            self._schedule.add(self._now(), (name, target), interval)
        self._wake.set()

    async def again(self, job: Job) -> None:
        """Looks at one job now and waits for its answer: after an action, to see what it did."""
        if job[0] in self._collectors:
            await self._look(job)

    def _interval(self, name: str, interval: float | None) -> None:
        seconds = interval or self._collectors[name].interval
        self._intervals[name] = seconds
        for job in self._schedule.jobs(name):
            self._schedule.add(self._now(), job, seconds)

    def hurry(self, collector: str, target: str = "") -> None:
        """Looks again now: at one target, at all of a collector, or (collector ``all``) at all."""
        names = list(self._discover_at) if collector == "all" else [collector]
        for name in names:
            if not target and name in self._discover_at:
                self._discover_at[name] = 0.0
            jobs = [j for j in self._schedule.jobs(name) if not target or j[1] == target]
            self._schedule.hurry(self._now(), jobs)
        self._wake.set()

    def under_way(self, job: Job) -> bool:
        """Whether a look at a job has begun and not ended."""
        return self._schedule.under_way(job)

    async def turn(self) -> None:
        """Waits until all looks that are due have been started once more: a sign of life."""
        self._turned.clear()
        self._wake.set()
        await self._turned.wait()

    async def run(self) -> None:
        """Looks until cancelled."""
        try:
            while True:
                self._start_due()
                self._check_first_round()
                self._turned.set()
                self._wake.clear()
                await self._sleep()
        finally:
            for task in self._tasks:
                task.cancel()

    async def _sleep(self) -> None:
        due = min(
            (t for t in (self._schedule.next_due(), *self._discover_at.values()) if t is not None),
            default=self._now() + DISCOVER,
        )
        try:
            async with asyncio.timeout(max(0.0, due - self._now())):
                await self._wake.wait()
        except TimeoutError:
            return

    def _start_due(self) -> None:
        now = self._now()
        for name, at in self._discover_at.items():
            if at <= now:
                self._discover_at[name] = now + DISCOVER
                self._spawn(self._discover(self._collectors[name]))
        for job in self._schedule.take(now):
            self._spawn(self._look(job), self._collectors[job[0]].slow)

    def _spawn(self, work: Coroutine[None, None, None], slow: bool = False) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        if not slow:
            self._waited_for.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._waited_for.discard(task)
        self._wake.set()

    def _check_first_round(self) -> None:
        if not self._waited_for and self._targets.keys() >= self._discover_at.keys():
            self.first_round.set()

    async def _discover(self, collector: Collector) -> None:
        if type(collector).targets is Collector.targets:
            self._set_targets(collector.name, {""})
            return
        try:
            # Names need no privilege; where there is nothing to look at with one, no such
            # process is ever started
            found = await self._pools[False].targets(collector.name)
        except (ProbeStuck, ProbeBusy, ProbeFailed) as e:
            self._targets.setdefault(collector.name, set())
            self._undiscovered.add(collector.name)
            self._note(collector.name, "", stuck=not isinstance(e, ProbeFailed), why=str(e))
            return
        if collector.name in self._undiscovered:
            self._undiscovered.discard(collector.name)
            self._note(collector.name, "", stuck=False, why="")
        self._set_targets(collector.name, set(found))

    def _set_targets(self, name: str, targets: set[str]) -> None:
        for target in self._targets.get(name, set()) - targets:
            self._schedule.remove((name, target))
            self._gone((name, target))
        self._targets[name] = targets
        for target in sorted(targets):
            self._schedule.add(self._now(), (name, target), self._intervals[name])

    async def _look(self, job: Job) -> None:
        collector = self._collectors[job[0]]
        start = self._now()
        try:
            samples = await self._pools[collector.privileged].collect(*job, collector.deadline)
        except (ProbeStuck, ProbeBusy) as e:
            self._trouble(job, str(e), True)
        except ProbeFailed as e:
            self._trouble(job, str(e), False)
        else:
            self._went_well(job, collector.understand(samples))
        finally:
            self._schedule.done(self._now(), job)
            self.seconds[job[0]] = self._now() - start

    def _went_well(self, job: Job, samples: list[Sample]) -> None:
        self.success[job[0]] = True
        self.good_at[job[0]] = self._now()
        if job not in self._schedule:
            return
        if job in self._failures:
            self._note(*job, stuck=False, why="")
        if job[1] in self._checks:
            samples = [self._debounced(job[1], s) for s in samples]
        self._found(job, samples)

    def _debounced(self, target: str, sample: Sample) -> Sample:
        """The sample of a check with what rise and fall make of it."""
        raw = sample.metrics.get("raw_up")
        up = None if raw is None else self._checks[target].observe(bool(raw))
        if up is None:
            return sample
        return msgspec.structs.replace(sample, metrics={**sample.metrics, "up": int(up)})

    def _trouble(self, job: Job, why: str, stuck: bool) -> None:
        self.success[job[0]] = False
        self._failures[job] = self._failures.get(job, 0) + 1
        self._failed(job, why, stuck)
        self._note(*job, stuck=stuck, why=why)

    def _note(self, collector: str, target: str, *, stuck: bool, why: str) -> None:
        failures = self._failures.setdefault((collector, target), 0)
        target = self._called.get(target, target)
        job = ("probe", f"{collector}/{target}")
        sample = probe_sample(
            collector,
            target,
            stuck=why if stuck else "",
            failed="" if stuck else why,
            failures=failures,
        )
        self._found(job, [sample])
