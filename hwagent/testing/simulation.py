"""The agent on a simulated server, in virtual time: real collectors, rules, planner and verbs."""

import heapq
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from hwagent.collect.base import Collector
from hwagent.collect.root import Root, Unreadable
from hwagent.daemon.core import Core
from hwagent.daemon.effects import Deliver, Effect, Hurry, Perform, Publish, TellHolder
from hwagent.daemon.inventory import Job
from hwagent.daemon.loading import enabled, known_vocabulary, rule_set
from hwagent.daemon.probe import probe_sample
from hwagent.daemon.schedule import Schedule
from hwagent.helper.verbs import run_verb
from hwagent.model import Outcome, Result
from hwagent.respond import Run

from .scenario import Event, Scenario, occurrences
from .server import Server

#: The simulated clock starts here, so that runs print the same times.
START = 1_700_000_000.0


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """Something to print: ``time`` in seconds since the start."""

    time: float
    type: str
    component: str
    data: Any


class Simulation:
    """Runs one scenario in a directory."""

    def __init__(self, scenario: Scenario, directory: str | Path) -> None:
        self.scenario = scenario
        self.server = Server(directory, scenario.host)
        config = scenario.config
        self.core = Core(scenario.host.name, config, rule_set(config), known_vocabulary())
        self._root = Root(directory)
        self._collectors: dict[str, Collector] = {c.name: c for c in enabled(config)}
        self._schedule = Schedule()
        self._known: dict[str, set[str]] = {}
        self._out: list[Happening] = []
        self._stuck: set[Job] = set()
        self.now = START
        order = count()
        self._events = [
            (START + at, next(order), event)
            for event in scenario.events
            for at in occurrences(event)
        ]
        heapq.heapify(self._events)

    def run(self) -> Iterator[Happening]:
        """Goes through the scenario; yields what happens as it happens."""
        end = START + float(self.scenario.duration)
        self._round()
        self._apply(self.core.reconcile(self.now, []))
        self._apply(self.core.first_round_done(self.now))
        yield from self._drain()
        while self.now < end:
            self.now += float(self.scenario.step)
            while self._events and self._events[0][0] <= self.now:
                self._happen(heapq.heappop(self._events)[2])
            self.server.advance(float(self.scenario.step))
            self._round()
            self._apply(self.core.tick(self.now))
            yield from self._drain()

    def _drain(self) -> Iterator[Happening]:
        out, self._out = self._out, []
        yield from out

    def _happen(self, event: Event) -> None:
        for what, values in event.set.items():
            self.server.set(what, **values)
            self._say("hardware", what, values)
        for what, values in event.add.items():
            self.server.add(what, **values)
            self._say("hardware", what, values)
        if event.pull:
            self.server.pull(event.pull)
            self._say("hardware", event.pull, {"pulled": True})
        if event.hang:
            self.server.hangs.add(event.hang)
            self._say("hardware", event.hang, {"hangs": True})
        self.server.hangs.discard(event.free)

    def _round(self) -> None:
        """Runs every look that is due."""
        for name, collector in self._collectors.items():
            self._discover(name, collector)
        for job in self._schedule.take(self.now):
            self._look(job)
            self._schedule.done(self.now, job)

    def _discover(self, name: str, collector: Collector) -> None:
        found = set(collector.targets(self._root))
        for target in self._known.get(name, set()) - found:
            self._schedule.remove((name, target))
            self._apply(self.core.gone(self.now, (name, target)))
        for target in found:
            self._schedule.add(self.now, (name, target), collector.interval)
        self._known[name] = found

    def _look(self, job: Job) -> None:
        name, target = job
        if "/".join(job).rstrip("/") in self.server.hangs:
            self._hang(job)
            return
        if job in self._stuck:
            self._stuck.discard(job)
            sample = probe_sample(name, target)
            self._apply(self.core.found(self.now, ("probe", f"{name}/{target}"), [sample]))
        try:
            samples = self._collectors[name].collect(self._root, target)
        except Unreadable as e:
            self._apply(self.core.failed(self.now, job, str(e)))
        else:
            self._apply(self.core.found(self.now, job, samples))

    def _hang(self, job: Job) -> None:
        self._stuck.add(job)
        why = f"no answer within {self._collectors[job[0]].deadline:g} s"
        self._apply(self.core.failed(self.now, job, why, stuck=True))
        sample = probe_sample(*job, stuck=why)
        self._apply(self.core.found(self.now, ("probe", "/".join(job)), [sample]))

    def _apply(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Publish(type, component, data) if type in ("alert", "action", "fitness"):
                    self._say(type, component, data)
                case Hurry(collector, target):
                    self._schedule.hurry(self.now, [(collector, target)])
                case Perform(step):
                    self._perform(step)
                case Deliver(delivery):
                    self._apply(self.core.delivered(self.now, delivery.receiver, ""))
                case TellHolder(fit, reason):
                    self._say("vip", "", {"fit": fit, "reason": reason})

    def _perform(self, step: Run) -> None:
        problem = ""
        for verb in step.verbs:
            answer = run_verb(verb.name, verb.arguments, self._root)
            if not answer.ok:
                problem = f"{verb.name}: {answer.detail}"
                break
        self.server.advance(0)
        for job in self.core.judge.inventory.sources(step.action.component):
            if job[0] in self._collectors:
                self._look(job)
        outcome = Outcome(
            action=step.action,
            result=Result.FAILED if problem else Result.DONE,
            detail=problem,
            started=self.now,
            ended=self.now,
        )
        self._apply(self.core.finished(self.now, outcome))

    def _say(self, type: str, component: str, data: Any) -> None:
        self._out.append(
            Happening(time=self.now - START, type=type, component=component, data=data)
        )
