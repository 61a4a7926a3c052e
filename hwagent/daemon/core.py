"""The agent without its hands: what was found and a time go in, effects come out. Pure.

reading -> rule -> alert -> health -> plan -> guard -> action -> outcome -> journal, in that order.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from hwagent.cluster.decrees import Decrees
from hwagent.config import Config
from hwagent.journal import Record
from hwagent.model import Action, Alert, Component, Health, Outcome, Sample, Vocabulary, worst
from hwagent.respond import Done, Ended, Fleet, Planner, Run, Step
from hwagent.respond.arrays import rebuilding
from hwagent.respond.maintenance import Maintenance
from hwagent.respond.notify import Acks, Picture, Schedule, Silences
from hwagent.rules import RuleSet

from .around import around
from .effects import Changed, Deliver, Effect, Hurry, Perform, Publish, TellHolder, Write
from .fitness import Verdict, fitness
from .inventory import Job
from .judge import Judge, component
from .readings import Readings


class Seen(NamedTuple):
    """What the planner sees: respond's View."""

    now: float
    components: Mapping[str, Component]
    alerts: list[Alert]
    config: Config
    maintenance: bool
    fleet: Fleet


class Core:
    """State and decisions of one agent."""

    def __init__(self, host: str, config: Config, rules: RuleSet, vocabulary: Vocabulary) -> None:
        self.host = host
        self.config = config
        self.judge = Judge(rules, ignored=config.ignore)
        self.planner = Planner(config)
        self.schedule = Schedule(config.notify, host, self._quiet, self._attributes)
        self.silences = Silences()
        self.acks = Acks()
        self.maintenance = Maintenance()
        self.decrees = Decrees()
        self.fleet = Fleet()
        #: While the host gives its addresses away, with the fleet's permit.
        self.draining = False
        self.outcomes: list[Outcome] = []
        self._readings = Readings(vocabulary)
        self._verdict: Verdict | None = None
        self._first_round = False

    # What is known

    def components(self) -> list[Component]:
        """All components with their health."""
        return self.judge.components()

    def alerts(self) -> list[Alert]:
        """All pending and firing alerts."""
        return self.judge.engine.alerts()

    def health(self) -> Health:
        """Health of the host: the worst of its own components, not those of switches around it."""
        of_switch = around(self.config)
        return worst(c.health for c in self.components() if not of_switch(c.id))

    def quiet(self, now: float) -> list[dict[str, str]]:
        """Alerts that nobody is told of, and why: acknowledged or silenced by a person."""
        return [
            {
                "rule": alert.rule,
                "component": alert.component,
                "why": "acknowledged" if self.acks.covers(alert) else "silenced",
            }
            for alert in self.alerts()
            if self._quiet(now, alert)
        ]

    def verdict(self, now: float) -> Verdict:
        """Whether the host is fit to hold virtual IPs."""
        why = self.maintenance.reason(now)
        return fitness(self.config, self.judge.engine.alerts(), why)

    def view(self, now: float) -> Seen:
        """The planner's view of this moment."""
        components = {c.id: c for c in self.judge.components()}
        away = bool(self.maintenance.reason(now))
        return Seen(now, components, self.alerts(), self.config, away, self.fleet)

    def busy(self) -> str:
        """What the fleet must wait for: a rebuild here, or that it is not known yet."""
        if not self._first_round:
            return "has just started, and does not know yet what goes on there"
        going_on = [*self._rebuilding(), *self.planner.rebuilds()]
        if going_on:
            return f"rebuilds {', '.join(sorted(set(going_on)))}"
        return "gives its addresses away" if self.draining else ""

    def permits(self, now: float) -> dict[str, int]:
        """How many permits of the fleet are needed, by kind."""
        drains = ["drain"] if self.draining else []
        return self.planner.permits(now, [*self._rebuilding(), *drains])

    def _rebuilding(self) -> list[str]:
        arrays = (component(j, []) for j in self.judge.inventory if j.kind == "array")
        return [array.id for array in arrays if rebuilding(array)]

    # What happens

    def found(self, now: float, job: Job, samples: Iterable[Sample]) -> list[Effect]:
        """A look came back."""
        ids = self.judge.found(now, job, samples)
        return self._changed(now, ids) + self._missed(job, ids)

    def failed(self, now: float, job: Job, why: str, stuck: bool = False) -> list[Effect]:
        """A look failed, or overran its deadline."""
        return self._changed(now, self.judge.failed(now, job, why, stuck))

    def gone(self, now: float, job: Job) -> list[Effect]:
        """What a job looked at is not there any more."""
        return self._changed(now, self.judge.gone(now, job))

    def withdraw(self, now: float, job: Job) -> list[Effect]:
        """Another host does a job from now on."""
        gone = self.judge.withdraw(now, job)
        forgotten = [e for id in gone for e in (Changed(id), Publish("component", id, None))]
        return forgotten + self._evaluate(now)

    def first_round_done(self, now: float) -> list[Effect]:
        """Everything was looked at once: from now on the host may be called fit."""
        self._first_round = True
        return self.tick(now)

    def tick(self, now: float) -> list[Effect]:
        """Time has passed."""
        effects = self._evaluate(now)
        due = self.planner.next_due()
        if due is not None and due <= now:
            effects += self._steps(now, self.planner.due(self.view(now)))
        return effects

    def next_due(self) -> float | None:
        """When time alone changes something."""
        times = (
            self.judge.engine.next_due(),
            self.schedule.next_due(),
            self.planner.next_due(),
            self.maintenance.next_due(),
        )
        return min((t for t in times if t is not None), default=None)

    def request(self, now: float, action: Action) -> tuple[Step, list[Effect]]:
        """A person asks for an action; guards hold for people too."""
        step = self.planner.request(self.view(now), action)
        return step, self._steps(now, [step])

    def finished(self, now: float, outcome: Outcome) -> list[Effect]:
        """The verbs of an action ran, or failed."""
        return self._steps(now, self.planner.finished(now, outcome))

    def allow(self, now: float, fleet: Fleet) -> list[Effect]:
        """What the fleet allows is another thing now: what waited for it goes on."""
        if fleet == self.fleet:
            return []
        self.fleet = fleet
        return self._steps(now, self.planner.due(self.view(now)))

    def explain(self, now: float, picture: Picture) -> list[Effect]:
        """Something else is known of what follows from what in the fleet; only telling changes."""
        return [Deliver(d) for d in self.schedule.explained(now, picture)]

    def reconcile(
        self, now: float, pending: list[Action], past: Iterable[Outcome | Ended] = ()
    ) -> list[Effect]:
        """After a restart: what became of the actions whose outcome was not written."""
        self.planner.remember(past)
        outcomes = self.planner.reconcile(self.view(now), pending)
        return [e for outcome in outcomes for e in self._outcome(now, outcome)]

    def reload(self, now: float, config: Config, rules: RuleSet) -> list[Effect]:
        """A new configuration; alerts of unchanged rules go on as they were."""
        self.config = config
        self.planner.configure(config)
        self.schedule.configure(config.notify)
        ended = self._transitions(now, self.judge.engine.replace(rules, now))
        return ended + self._ignore(config) + self._evaluate(now)

    def _ignore(self, config: Config) -> list[Effect]:
        gone = self.judge.ignore(config.ignore)
        return [e for id in gone for e in (Changed(id), Publish("component", id, None))]

    def forget(self, now: float, id: str) -> list[Effect]:
        """Forgets a vanished component."""
        if not self.judge.forget(id):
            return []
        return [Changed(id), Publish("component", id, None), *self._evaluate(now)]

    def delivered(self, now: float, receiver: str, problem: str) -> list[Effect]:
        """A delivery was made, or failed for a reason."""
        self.schedule.delivered(now, receiver, problem)
        if not problem:
            return []
        return [self._note(now, f"notify {receiver}: {problem}")]

    def keep(self) -> dict[str, Any]:
        """What people told the agent, for a file that outlives it."""
        return {
            "silences": self.silences.to_dict(),
            "acks": self.acks.to_dict(),
            "maintenance": self.maintenance.to_dict(),
            "decrees": self.decrees.to_list(),
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Takes back what ``keep`` gave. Raises msgspec.ValidationError for what is no order."""
        self.silences = Silences.from_dict(data.get("silences", {}))
        self.acks = Acks.from_dict(data.get("acks", {}))
        self.maintenance = Maintenance.from_dict(data.get("maintenance", {}))
        self.decrees.restore(data.get("decrees", []))

    # Inside

    def _changed(self, now: float, ids: list[str]) -> list[Effect]:
        effects: list[Effect] = [Changed(id) for id in ids]
        for id in ids:
            joined = self.judge.inventory.get(id)
            if joined and (record := self._readings.changed(now, joined)):
                effects.append(Write(record))
                effects.append(Publish("reading", id, record.data))
        return effects + self._evaluate(now)

    def _missed(self, job: Job, ids: list[str]) -> list[Effect]:
        """What one collector does not find any more, the others look for at once."""
        others = (s for id in ids for s in self.judge.inventory.others(id, job))
        return [Hurry(*other) for other in others]

    def _evaluate(self, now: float) -> list[Effect]:
        effects = self._transitions(now, self.judge.engine.evaluate(now))
        for delivery in self.schedule.tick(now):
            effects.append(Deliver(delivery))
        return effects + self._fitness(now)

    def _transitions(self, now: float, transitions: list[Alert]) -> list[Effect]:
        if not transitions:
            return []
        effects: list[Effect] = []
        for alert in transitions:
            data = msgspec.to_builtins(alert)
            effects.append(Publish("alert", alert.component, data))
            effects.append(Write(Record(now, "alert", alert.component, alert.rule, data)))
        for alert in transitions:
            self.acks.changed(alert)
        effects += [Deliver(d) for d in self.schedule.changed(now, transitions)]
        return effects + self._steps(now, self.planner.plan(self.view(now), transitions))

    def _quiet(self, now: float, alert: Alert) -> bool:
        return self.silences.covers(now, alert) or self.acks.covers(alert)

    def _attributes(self, id: str) -> Mapping[str, Any]:
        joined = self.judge.inventory.get(id)
        return joined.attributes if joined else {}

    def _steps(self, now: float, steps: Iterable[Step]) -> list[Effect]:
        effects: list[Effect] = []
        for step in steps:
            if isinstance(step, Done):
                effects += self._outcome(now, step.outcome)
            else:
                effects += self._intent(now, step)
        return effects

    def _intent(self, now: float, step: Run) -> list[Effect]:
        data = {**msgspec.to_builtins(step.action), "verbs": msgspec.to_builtins(step.verbs)}
        return [
            Publish("action", step.action.component, {**data, "result": "started"}),
            Perform(step),
        ]

    def _outcome(self, now: float, outcome: Outcome) -> list[Effect]:
        self.outcomes = [*self.outcomes[-99:], outcome]
        data = msgspec.to_builtins(outcome)
        component = outcome.action.component
        return [
            Write(Record(now, "outcome", component, outcome.action.name, data)),
            Publish("action", component, {**data["action"], **data}),
            *self._look_again(component),
        ]

    def _look_again(self, component: str) -> list[Effect]:
        return [Hurry(*job) for job in self.judge.inventory.sources(component)]

    def _fitness(self, now: float) -> list[Effect]:
        if not self._first_round or not self.config.vips:
            return []
        verdict = self.verdict(now)
        if verdict == self._verdict:
            return []
        self._verdict = verdict
        return [
            TellHolder(verdict.fit, verdict.reason),
            Publish("fitness", f"host:{self.host}", verdict._asdict()),
            self._note(now, "fit" if verdict.fit else f"unfit: {verdict.reason}"),
        ]

    def _note(self, now: float, text: str) -> Write:
        return Write(Record(now, "note", f"host:{self.host}", "agent", {"text": text}))
