"""Which alert is told to whom, and when: once, again while it lasts, and when it is over. Pure.

Each receiver has a channel of its own, so that one that fails holds up no other. A channel has at
most one delivery under way; what comes meanwhile goes together in the next one.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from hwagent.config import Notify
from hwagent.model import Alert, AlertState, Outcome, Severity

from .channel import Channel, Failing, Key
from .message import outcome_alert
from .receivers import receivers


class Delivery(msgspec.Struct, frozen=True):
    """One message for one receiver; ``payload`` is a message.Message in plain types."""

    receiver: str
    kind: str
    payload: dict[str, Any]


def _never(now: float, alert: Alert) -> bool:
    return False


def _nothing(component: str) -> Mapping[str, Any]:
    return {}


class Schedule:
    """Told of every transition of alerts; ``quiet`` says what is silenced or acknowledged now, so
    that an alert is told as soon as its silence ends. ``attributes`` describes a component."""

    def __init__(
        self,
        notify: Notify,
        host: str = "",
        quiet: Callable[[float, Alert], bool] = _never,
        attributes: Callable[[str], Mapping[str, Any]] = _nothing,
    ) -> None:
        self._host = host
        self._quiet = quiet
        self._attributes = attributes
        self._firing: dict[Key, Alert] = {}
        self._channels: dict[str, Channel] = {}
        self.configure(notify)

    def configure(self, notify: Notify) -> None:
        """Takes other receivers; one that stays as it was remembers what it was told."""
        old, self._channels = self._channels, {}
        for receiver in receivers(notify):
            known = old.get(receiver.name)
            if known is None or known.receiver != receiver:
                known = Channel(receiver)
            known.configure(notify.severity, float(notify.resend))
            self._channels[receiver.name] = known

    def changed(self, now: float, alerts: Iterable[Alert]) -> list[Delivery]:
        """Alerts have changed."""
        for alert in alerts:
            if alert.state is AlertState.FIRING:
                self._firing[alert.key] = alert
            elif alert.state is not AlertState.PENDING:
                self._ended(now, alert)
        return self.tick(now)

    def outcome(self, now: float, outcome: Outcome) -> list[Delivery]:
        """An action has ended: told once, refusals not at all."""
        if alert := outcome_alert(outcome):
            for channel in self._channels.values():
                channel.note(now, alert)
        return self.tick(now)

    def tick(self, now: float) -> list[Delivery]:
        """Whatever is due now."""
        return [
            Delivery(channel.receiver.name, channel.receiver.kind, msgspec.to_builtins(message))
            for channel in self._channels.values()
            if (message := channel.due(now, self._host, self._told(now), self._attributes))
        ]

    def next_due(self) -> float | None:
        """When ``tick`` has something to do although nothing has happened."""
        times = [c.next_due(self._firing.values()) for c in self._channels.values()]
        return min((t for t in times if t is not None), default=None)

    def delivered(self, now: float, receiver: str, problem: str) -> None:
        """A delivery was made, or failed for a reason: then it is tried again, ever later."""
        if channel := self._channels.get(receiver):
            channel.delivered(now, problem)

    def test(self, now: float) -> list[Delivery]:
        """A test message for every receiver, whatever else is going on; nothing is remembered."""
        alert = Alert(
            rule="Test",
            component=f"host:{self._host}",
            kind="host",
            state=AlertState.FIRING,
            severity=Severity.INFO,
            since=now,
            summary=f"test message from hwagent on {self._host}",
        )
        return [
            Delivery(c.receiver.name, c.receiver.kind, msgspec.to_builtins(message))
            for c in self._channels.values()
            if (message := c.test(now, self._host, alert))
        ]

    def failing(self) -> dict[str, Failing]:
        """Receivers that cannot be reached, by name."""
        return {name: f for name, c in self._channels.items() if (f := c.failing)}

    def problems(self) -> list[str]:
        """The same in words, for the agent's status."""
        return [
            f"{name} cannot be told ({f.times} times): {f.problem}"
            for name, f in self.failing().items()
        ]

    def _told(self, now: float) -> list[Alert]:
        """Alerts that people may be told of now."""
        return [a for a in self._firing.values() if a.active and not self._quiet(now, a)]

    def _ended(self, now: float, alert: Alert) -> None:
        before = self._firing.pop(alert.key, None)
        begun = before or alert
        open = before is not None and before.active and not self._quiet(now, before)
        ended = msgspec.structs.replace(alert, since=begun.since)
        for channel in self._channels.values():
            channel.ended(now, ended, open)
