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
from .hold import Hold, Picture
from .message import Item, outcome_alert, useful
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
    that an alert is told as soon as its silence ends. ``attributes`` describes a component.

    What follows from a cause elsewhere in the fleet is not told, see ``hold``.
    """

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
        self.hold = Hold(float(notify.hold))
        self.configure(notify)

    def configure(self, notify: Notify) -> None:
        """Takes other receivers; one that stays as it was remembers what it was told."""
        self.hold.configure(float(notify.hold))
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
            self.hold.began(now, alert)
        return self.tick(now)

    def explained(self, now: float, picture: Picture) -> list[Delivery]:
        """Something else is known of what follows from what in the fleet."""
        return self.changed(now, self.hold.take(now, picture))

    def outcome(self, now: float, outcome: Outcome) -> list[Delivery]:
        """An action has ended: told once, refusals not at all."""
        if alert := outcome_alert(outcome):
            for channel in self._channels.values():
                channel.note(now, alert)
        return self.tick(now)

    def tick(self, now: float) -> list[Delivery]:
        """Whatever is due now."""
        self.hold.tick(now)
        return [
            Delivery(channel.receiver.name, channel.receiver.kind, msgspec.to_builtins(message))
            for channel in self._channels.values()
            if (message := channel.due(now, self._host, self._told(now), self._described))
        ]

    def next_due(self) -> float | None:
        """When ``tick`` has something to do although nothing has happened."""
        firing = [self.hold.dressed(a) for a in self._firing.values()]
        times = [c.next_due(firing) for c in self._channels.values()]
        times.append(self.hold.next_due() if self._channels else None)
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

    def any_firing(self) -> bool:
        """Whether anything is wrong that people could be told of."""
        return bool(self._firing)

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
        return [self.hold.dressed(a) for a in self._firing.values() if self._open(now, a)]

    def _open(self, now: float, alert: Alert) -> bool:
        return alert.active and not self._quiet(now, alert) and not self.hold.holds(now, alert)

    def _described(self, item: Item) -> Item:
        """What is told, with what the hardware is and what follows from it."""
        known = useful(self._attributes(item.component))
        beneath = self.hold.beneath(item.key)
        return msgspec.structs.replace(item, attributes=known, beneath=list(beneath))

    def _ended(self, now: float, alert: Alert) -> None:
        before = self._firing.pop(alert.key, None)
        begun = before or alert
        open = before is not None and self._open(now, before)
        ended = self.hold.dressed(msgspec.structs.replace(alert, since=begun.since))
        for channel in self._channels.values():
            channel.ended(now, ended, open)
