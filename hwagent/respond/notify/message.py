"""One thing to tell, in words that every way of telling understands. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from hwagent.model import Alert, AlertState, Outcome, Result, Severity, Value
from hwagent.respond.actions import ACTIONS, find

Status = Literal["firing", "resolved"]
#: Attributes of a component that people want to read, and scripts of others ask for.
_ATTRIBUTES = ("name", "model", "serial", "firmware", "wwn", "transport", "device")
_FNV_OFFSET, _FNV_PRIME = 14695981039346656037, 1099511628211
#: What is told about a disruptive action that has ended, and how severe that is; of others, info.
_OUTCOMES = {
    Result.DONE: ("ActionDone", Severity.INFO),
    Result.REHEARSED: ("ActionRehearsed", Severity.INFO),
    Result.FAILED: ("ActionFailed", Severity.WARNING),
    Result.UNCERTAIN: ("ActionUncertain", Severity.WARNING),
}
#: How long a message about an action stays an alert where alerts have an end, in seconds.
ACTION_LASTS = 3600.0


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as it is told. Times are seconds since the epoch.

    ``previous`` messages were sent before, the first at ``first``; the next one comes after
    ``resend`` seconds. ``ended`` is when it was resolved; of one that fires, when it ends by itself
    if nobody confirms it (0: never). ``beneath`` are components of the fleet that follow from it.
    """

    status: Status
    rule: str
    component: str
    kind: str
    severity: Severity
    since: float
    ended: float = 0.0
    summary: str = ""
    description: str = ""
    labels: dict[str, str] = {}
    values: dict[str, Value] = {}
    attributes: dict[str, Any] = {}
    beneath: list[str] = []
    flapping: bool = False
    previous: int = 0
    first: float = 0.0
    resend: float = 0.0

    @property
    def key(self) -> tuple[str, str]:
        """Rule and component."""
        return self.rule, self.component


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What is delivered to one receiver at once."""

    host: str
    receiver: str
    time: float
    alerts: list[Item]

    @property
    def status(self) -> Status:
        """Firing if any alert is."""
        return "firing" if any(a.status == "firing" for a in self.alerts) else "resolved"


def message(payload: Mapping[str, Any]) -> Message:
    """The message in a payload that crossed to a worker. Raises msgspec.ValidationError."""
    return msgspec.convert(payload, Message)


def item(alert: Alert, status: Status, **told: Any) -> Item:
    """An alert as it is told; ``told`` are the fields that say when and how often."""
    return Item(
        status=status,
        rule=alert.rule,
        component=alert.component,
        kind=alert.kind,
        severity=alert.severity,
        summary=alert.summary or f"{alert.rule} on {alert.component}",
        description=alert.description,
        labels=alert.labels,
        values=alert.values,
        flapping=alert.flapping,
        **told,
    )


def useful(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a component that a message carries."""
    found = {name: attributes[name] for name in _ATTRIBUTES if attributes.get(name)}
    listed = attributes.get("members")
    if isinstance(listed, list):
        members = [m for m in listed if isinstance(m, dict) and m.get("state") == "faulty"]
        found["faulty"] = [str(m.get("device", "")) for m in members[:32]]
    return found


def outcome_alert(outcome: Outcome) -> Alert | None:
    """An action that has ended, told like an alert; None for a refusal, which changed nothing."""
    if outcome.result not in _OUTCOMES:
        return None
    action = outcome.action
    rule, severity = _OUTCOMES[outcome.result]
    if action.name not in ACTIONS or not find(action.name).disruptive:
        severity = Severity.INFO
    elif outcome.detail.startswith("given up"):
        severity = Severity.CRITICAL
    what = f"{action.name} on {action.component}: {outcome.result}"
    return Alert(
        rule=rule,
        component=action.component,
        kind=action.component.partition(":")[0],
        state=AlertState.FIRING,
        severity=severity,
        since=outcome.ended,
        summary=f"{what}, {outcome.detail}" if outcome.detail else what,
        description=f"Because of {action.cause}.",
        labels={"action": action.name},
    )


def labels(item: Item, host: str) -> dict[str, str]:
    """Labels as Prometheus has them: what makes an alert the same alert everywhere."""
    own = {
        "alertname": item.rule,
        "component": item.component,
        "kind": item.kind,
        "severity": str(item.severity),
        "host": host,
    }
    return {**{k: v for k, v in item.labels.items() if v}, **own}


def annotations(item: Item) -> dict[str, str]:
    """Texts for people."""
    texts = {"summary": item.summary, "description": item.description, "follows": follows(item)}
    if item.flapping:
        texts["flapping"] = "it comes and goes; it is told once"
    return {k: v for k, v in texts.items() if v}


def fingerprint(labels: Mapping[str, str]) -> str:
    """Alertmanager's: FNV-1a over sorted names and values, each followed by byte 255.

    Source: prometheus/common, model/signature.go.
    """
    sum = _FNV_OFFSET
    for name in sorted(labels):
        for byte in b"%s\xff%s\xff" % (name.encode(), labels[name].encode()):
            sum = (sum ^ byte) * _FNV_PRIME & 0xFFFF_FFFF_FFFF_FFFF
    return f"{sum:016x}"


def rfc3339(seconds: float) -> str:
    """A time as Prometheus writes it; 0 is Go's zero time."""
    if not seconds:
        return "0001-01-01T00:00:00Z"
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def follows(item: Item, listed: int = 20) -> str:
    """The number and names of what follows from an alert; empty if nothing does."""
    names = ", ".join(item.beneath[:listed])
    more = f" and {len(item.beneath) - listed} more" if len(item.beneath) > listed else ""
    return f"{len(item.beneath)}: {names}{more}" if item.beneath else ""


def one_line(item: Item) -> str:
    """An alert in one line for a log."""
    word = "resolved" if item.status == "resolved" else str(item.severity)
    beneath = follows(item, 5)
    after = f"; follows from it: {beneath}" if beneath else ""
    return " ".join(f"{word}: {item.rule} on {item.component}: {item.summary}{after}".split())


def paragraph(item: Item) -> str:
    """An alert in a few lines for a mail."""
    head = "RESOLVED" if item.status == "resolved" else str(item.severity).upper()
    lines = [
        f"{head}  {item.summary}",
        f"  rule:      {item.rule}",
        f"  component: {item.component}",
    ]
    lines.append(f"  since:     {rfc3339(item.since)}")
    if item.status == "resolved":
        lines.append(f"  until:     {rfc3339(item.ended)}")
    if item.attributes:
        known = ", ".join(f"{k} {v}" for k, v in item.attributes.items() if isinstance(v, str))
        lines.append(f"  hardware:  {known}")
    if item.values:
        lines.append("  values:    " + ", ".join(f"{k} = {v}" for k, v in item.values.items()))
    if item.beneath:
        lines.append(f"  follows:   {follows(item)}")
    if item.description:
        lines.append(f"  {item.description}")
    if item.flapping:
        lines.append("  It comes and goes; it is told once.")
    return "\n".join(lines)
