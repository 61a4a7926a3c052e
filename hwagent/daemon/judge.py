"""From readings to alerts to health: the inventory and the rules, put together. Pure."""

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase

from hwagent.model import Alert, AlertState, Component, Health, Sample, worst
from hwagent.rules import Engine, RuleSet

from .inventory import Inventory, Job, Joined


class Judge:
    """Feeds what changed in the inventory to the rules, and tells the health that follows."""

    def __init__(
        self, rules: RuleSet, impatient: bool = False, ignored: Collection[str] = ()
    ) -> None:
        self.inventory = Inventory()
        self.engine = Engine(rules, impatient=impatient)
        self._ignored = ignored

    def found(self, now: float, job: Job, samples: Iterable[Sample]) -> list[str]:
        """Takes what a job found; returns the ids of the components that changed."""
        minded = [s for s in samples if not self._ignores(s.id)] if self._ignored else samples
        return self._observe(now, self.inventory.apply(job, minded))

    def ignore(self, patterns: Collection[str]) -> list[str]:
        """Minds no component any more whose id a pattern fits; returns those that were known."""
        self._ignored = patterns
        gone = [joined.id for joined in self.inventory if self._ignores(joined.id)]
        for id in gone:
            self.inventory.remove(id)
            self.engine.forget(id)
        return gone

    def _ignores(self, id: str) -> bool:
        return any(fnmatchcase(id, pattern) for pattern in self._ignored)

    def failed(self, now: float, job: Job, why: str, stuck: bool = False) -> list[str]:
        """Takes that a job could not look; returns the ids of the components that changed."""
        return self._observe(now, self.inventory.fail(job, why, stuck))

    def gone(self, now: float, job: Job) -> list[str]:
        """Takes that a target is gone; returns the ids of the components that changed."""
        return self._observe(now, self.inventory.drop(job))

    def withdraw(self, now: float, job: Job) -> list[str]:
        """Ends a job because another host does it now: what only it saw is no more of our business,
        and has not vanished. Returns the ids of that."""
        changed = self.inventory.drop(job)
        gone = [joined.id for joined in changed if joined.vanished]
        for id in gone:
            self.inventory.remove(id)
            self.engine.forget(id)
        self._observe(now, [joined for joined in changed if not joined.vanished])
        return gone

    def forget(self, id: str) -> bool:
        """Forgets a vanished component and its alerts."""
        if not self.inventory.forget(id):
            return False
        self.engine.forget(id)
        return True

    def _observe(self, now: float, changed: list[Joined]) -> list[str]:
        for joined in changed:
            self.engine.observe(now, joined.id, joined.kind, joined.metrics, joined.attributes)
        return [joined.id for joined in changed]

    def components(self) -> list[Component]:
        """All components with their health, sorted by id."""
        alerts = self._alerts_by_component()
        found = (component(j, alerts.get(j.id, [])) for j in self.inventory)
        return sorted(found, key=lambda c: c.id)

    def component(self, id: str) -> Component | None:
        """One component with its health."""
        joined = self.inventory.get(id)
        if joined is None:
            return None
        return component(joined, [a for a in self.engine.alerts() if a.component == id])

    def _alerts_by_component(self) -> dict[str, list[Alert]]:
        by: dict[str, list[Alert]] = {}
        for alert in self.engine.alerts():
            by.setdefault(alert.component, []).append(alert)
        return by


def component(joined: Joined, alerts: list[Alert]) -> Component:
    """The component that the API shows: health is the worst of its doubt and its alerts."""
    # A cause that explains an alert makes the component no better
    told = [a for a in alerts if a.state is AlertState.FIRING]
    firing = sorted(told, key=lambda a: a.severity.health.exit_status, reverse=True)
    doubt = joined.doubt
    health = worst([a.severity.health for a in firing] + ([Health.UNKNOWN] if doubt else []))
    causes = [a.summary or a.rule for a in firing if a.severity.health is health]
    if health is Health.OK:
        reason = ""
    else:
        reason = "; ".join(causes) or doubt
    return Component(
        id=joined.id,
        kind=joined.kind,
        health=health,
        reason=reason,
        attributes=joined.attributes,
        metrics=joined.metrics,
    )
