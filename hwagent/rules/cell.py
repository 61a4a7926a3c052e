"""One rule on one component: its state machine, and the alert that tells of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from hwagent.model import Alert, AlertState, Severity, Value

from .machine import STALE_GONE, STALE_PRESENT, Machine, Times
from .rule import Rule
from .subject import Subject


class Told(NamedTuple):
    """What others were told of an alert; told again when it differs."""

    state: AlertState
    severity: Severity
    inhibited_by: str = ""
    flapping: bool = False


class Cell:
    """One rule on one component, from the first time that its expression is true."""

    __slots__ = (
        "_attributes",
        "_made",
        "_metrics",
        "inhibited_by",
        "machine",
        "rule",
        "subject",
        "told",
    )

    def __init__(self, rule: Rule, subject: Subject) -> None:
        self.rule = rule
        self.subject = subject
        self.machine = Machine()
        self.inhibited_by = ""
        self.told = Told(AlertState.INACTIVE, rule.severity)
        self._metrics: Mapping[str, Value] = {}
        self._attributes: Mapping[str, Any] = {}
        self._made: tuple[object, Alert] | None = None

    @property
    def firing(self) -> bool:
        """True if it is told to fire, explained or not."""
        return self.machine.state is AlertState.FIRING

    def step(self, now: float, impatient: bool) -> None:
        """Judges the component as it is now. The text of the alert is from when it was true."""
        rule, subject = self.rule, self.subject
        raised = _truth(rule.expr.run(subject))
        if rule.clear is not None:
            cleared = _truth(rule.clear.run(subject))
        else:
            cleared = None if raised is None else not raised
        if raised:
            self._metrics, self._attributes = subject.metrics, subject.attributes
            self._made = None
        self.machine.step(now, raised, cleared, Times() if impatient else self._times)

    def due(self) -> float | None:
        """When time alone takes the alert on."""
        return self.machine.due(self._times)

    @property
    def _times(self) -> Times:
        gone = self.subject.metrics.get("present") == 0
        return Times(self.rule.wait, self.rule.keep, STALE_GONE if gone else STALE_PRESENT)

    def news(self, offset: float) -> list[Alert]:
        """The alert if something about it has to be told; a resolved one is told once."""
        before, after = self.told, self._tell()
        if before == after:
            return []
        self.told = after
        if before.state is not AlertState.FIRING or after.state is AlertState.FIRING:
            return [self.alert(offset)]
        resolved = [self.resolved(self.machine.since - offset, self.machine.reason, before)]
        pending = after.state is AlertState.PENDING
        return resolved + ([self.alert(offset)] if pending else [])

    def _tell(self) -> Told:
        machine = self.machine
        if machine.state is AlertState.INACTIVE:
            return Told(AlertState.INACTIVE, self.rule.severity)
        return Told(machine.state, self.rule.severity, self.inhibited_by, machine.flapping)

    def alert(self, offset: float) -> Alert:
        """The alert as it is; ``offset`` is taken from its times. Made anew only if it changed."""
        since, told, reason = self.machine.since - offset, self._tell(), self.machine.reason
        made_of = (since, told, reason, self.rule)
        if self._made is None or self._made[0] != made_of:
            self._made = made_of, self._alert(since, told, reason)
        return self._made[1]

    def resolved(self, at: float, reason: str, before: Told) -> Alert:
        """The alert that ends; a reason other than that it is over stands in its values."""
        return self._alert(at, before._replace(state=AlertState.RESOLVED), reason)

    def _alert(self, since: float, told: Told, reason: str) -> Alert:
        rule, subject = self.rule, self.subject
        shown = {**self._attributes, **self._metrics, "id": subject.id, "kind": subject.kind}
        names = sorted(rule.expr.reads | rule.expr.peer_reads)
        values = {n: self._metrics[n] for n in names if n in self._metrics}
        if reason:
            values["reason"] = reason
        return Alert(
            rule=rule.name,
            component=subject.id,
            kind=subject.kind,
            state=told.state,
            severity=told.severity,
            since=since,
            summary=rule.text("summary", shown),
            description=rule.text("description", shown),
            labels=rule.labels,
            values=values,
            actions=rule.actions,
            inhibited_by=told.inhibited_by,
            flapping=told.flapping,
        )


class Judged(NamedTuple):
    """What a rule says of a component, for people: truth is None where it is not known."""

    state: AlertState
    expr: str
    raised: bool | None
    clear: str
    cleared: bool | None
    values: dict[str, Value]
    inhibited_by: str


def judge(rule: Rule, subject: Subject, cell: Cell | None) -> Judged:
    """Evaluates a rule on a component without any effect."""
    names = frozenset().union(*(e.reads | e.peer_reads for e in rule.expressions))
    known = {**subject.attributes, **subject.metrics}
    return Judged(
        state=cell.machine.state if cell else AlertState.INACTIVE,
        expr=rule.expr.text,
        raised=_truth(rule.expr.run(subject)),
        clear=rule.clear.text if rule.clear else "",
        cleared=_truth(rule.clear.run(subject)) if rule.clear else None,
        values={name: known[name] for name in sorted(names) if name in known},
        inhibited_by=cell.inhibited_by if cell else "",
    )


def _truth(value: Value | None) -> bool | None:
    return None if value is None else bool(value)
