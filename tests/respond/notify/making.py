"""Alerts and messages for the tests of telling."""

from typing import Any

import msgspec

from hwagent.model import Alert, AlertState, Severity
from hwagent.respond.notify.message import Item, Message, item

NOW = 1_700_000_000.0
FIRING, RESOLVED, PENDING = AlertState.FIRING, AlertState.RESOLVED, AlertState.PENDING


def alert(
    rule: str = "SmartFailed",
    component: str = "disk:wwn-0x5000c500a1b20000",
    state: AlertState = FIRING,
    severity: Severity = Severity.CRITICAL,
    **parts: Any,
) -> Alert:
    """A disk that SMART has given up."""
    return Alert(
        rule=rule,
        component=component,
        kind=component.partition(":")[0],
        state=state,
        severity=severity,
        since=parts.pop("since", NOW),
        summary=parts.pop("summary", "disk sda is about to fail"),
        description=parts.pop("description", "SMART says so. Source: ATA."),
        **parts,
    )


def items(*alerts: Alert, status: str = "firing", **told: Any) -> list[Item]:
    """Alerts as they are told."""
    ended = NOW + 60 if status == "resolved" else told.pop("ended", 0.0)
    return [item(a, status, since=a.since, ended=ended, **told) for a in alerts]


def message(*of: Item) -> Message:
    """A message from host h1."""
    return Message(host="h1", receiver="test", time=NOW, alerts=list(of or items(alert())))


def payload(*of: Item) -> dict[str, Any]:
    """The same as it crosses to a worker."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(message(*of)))
