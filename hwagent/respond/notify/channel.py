"""One receiver: what it was told, what it is to be told, and how it goes. Pure."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec

from hwagent.model import Alert, Severity

from .message import ACTION_LASTS, Item, Message, item
from .receivers import Receiver

Key = tuple[str, str]
#: Retries of a receiver that fails: after 10 s, then twice as long each time, up to ten minutes.
RETRY, RETRY_MAX = 10.0, 600.0
#: Pause after a delivery, in seconds: mails are for people, a storm must not become as many mails.
PAUSE = {"smtp": 30.0}
#: How many alerts go together. A script is called for one alert at a time.
TOGETHER, TOGETHER_OF = 200, {"exec": 1}
#: Alertmanager takes an alert for resolved at its end: told again each minute, ends after five
#: (Prometheus: resend delay 1 min, end after four times that).
RESEND = {"alertmanager": 60.0}
LASTS = 300.0
#: A delivery that nobody reported on is taken for failed after the receiver's limit and this.
LOST = 60.0
#: How often what is silenced is looked at again, in seconds.
LOOK = 15.0
#: One-shot messages that wait for a receiver; older ones are dropped.
NOTES_MAX = 100
_ORDER = list(Severity)


class Failing(NamedTuple):
    """A receiver that cannot be reached: how often in a row, since when, and why."""

    times: int
    since: float
    problem: str


class Sent(msgspec.Struct, frozen=True):
    """What a receiver was told of an alert."""

    severity: Severity
    first: float
    last: float
    count: int


class Flight(NamedTuple):
    """A delivery under way; given up at ``until``."""

    items: list[Item]
    until: float
    began: float


class Channel:
    """State of one receiver."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.failing: Failing | None = None
        self._floor = 0
        self._resend = 0.0
        self._sent: dict[Key, Sent] = {}
        self._ended: dict[Key, tuple[Alert, float]] = {}
        self._notes: list[Alert] = []
        self._flight: Flight | None = None
        self._not_before = 0.0
        self._look_at = 0.0

    def configure(self, severity: Severity, resend: float) -> None:
        """Severity from which on it is told, and how often again."""
        self._floor = _ORDER.index(severity)
        self._resend = RESEND.get(self.receiver.kind, resend)

    def note(self, now: float, alert: Alert) -> None:
        """Something to be told once."""
        if self._severe(alert):
            self._notes = [*self._notes[1 - NOTES_MAX :], alert]

    def ended(self, now: float, alert: Alert, open: bool) -> None:
        """An alert is over; told if its beginning was, or is ``open``: was about to be."""
        if alert.key in self._sent or (open and self._severe(alert)):
            self._ended[alert.key] = (alert, now)

    def due(
        self,
        now: float,
        host: str,
        firing: Iterable[Alert],
        described: Callable[[Item], Item],
    ) -> Message | None:
        """The message that is to be delivered now. ``firing`` are alerts that may be told."""
        self._look_at = now + LOOK
        if self._flight and now >= self._flight.until:
            self.delivered(now, "no word of the last delivery")
        if self._flight or now < self._not_before:
            return None
        items = self._items(now, [a for a in firing if self._severe(a)])
        items = items[: TOGETHER_OF.get(self.receiver.kind, TOGETHER)]
        if not items:
            return None
        until = now + self.receiver.options.timeout + LOST
        self._flight = Flight(items, until, now)
        told = [described(i) for i in items]
        return Message(host=host, receiver=self.receiver.name, time=now, alerts=told)

    def test(self, now: float, host: str, alert: Alert) -> Message:
        """A message about a made-up alert; changes nothing."""
        told = item(alert, "firing", since=now, first=now, ended=now + LASTS)
        return Message(host=host, receiver=self.receiver.name, time=now, alerts=[told])

    def delivered(self, now: float, problem: str) -> None:
        """The delivery under way has ended, well or for a reason."""
        flight, self._flight = self._flight, None
        if flight is None:
            return
        self._look_at = now
        if problem:
            before = self.failing or Failing(0, now, "")
            self.failing = Failing(before.times + 1, before.since, problem)
            self._not_before = now + min(RETRY * 2.0**before.times, RETRY_MAX)
            return
        self.failing = None
        self._not_before = now + PAUSE.get(self.receiver.kind, 0.0)
        for told in flight.items:
            self._remember(told, flight.began)

    def next_due(self, firing: Iterable[Alert]) -> float | None:
        """When it is to be looked at again. What is silenced may be told at any time: such an
        alert has no time of its own and is looked at now and then."""
        if self._flight:
            return self._flight.until
        times = [self._next_of(a) for a in firing if a.active and self._severe(a)]
        if self._ended or self._notes:
            times.append(self._look_at)
        return max(min(times), self._not_before) if times else None

    # Inside

    def _items(self, now: float, firing: list[Alert]) -> list[Item]:
        """All that is to be told now: what is over first, for it may fire again already."""
        over = [item(a, "resolved", ended=at, **self._times(a)) for a, at in self._ended.values()]
        due = sorted(
            (a for a in firing if self._is_due(now, a)),
            key=lambda a: (-_ORDER.index(a.severity), a.since),
        )
        lasts = now + LASTS if self.receiver.kind in RESEND else 0.0
        fire = [item(a, "firing", ended=lasts, **self._times(a, now)) for a in due]
        notes = [
            item(a, "firing", since=a.since, first=now, ended=now + ACTION_LASTS)
            for a in self._notes
        ]
        return over + fire + notes

    def _is_due(self, now: float, alert: Alert) -> bool:
        sent = self._sent.get(alert.key)
        if alert.key in self._ended:
            return False
        return sent is None or sent.severity != alert.severity or now >= sent.last + self._resend

    def _next_of(self, alert: Alert) -> float:
        sent = self._sent.get(alert.key)
        if sent is None or sent.severity != alert.severity:
            return self._look_at
        again = sent.last + self._resend
        return again if again > self._look_at - LOOK else self._look_at

    def _times(self, alert: Alert, now: float = 0.0) -> dict[str, Any]:
        sent = self._sent.get(alert.key)
        return {
            "since": alert.since,
            "previous": sent.count if sent else 0,
            "first": sent.first if sent else now,
            "resend": self._resend,
        }

    def _remember(self, told: Item, at: float) -> None:
        if told.status == "resolved":
            self._sent.pop(told.key, None)
            self._ended.pop(told.key, None)
        elif any(n.key == told.key and n.since == told.since for n in self._notes):
            self._notes = [n for n in self._notes if (n.key, n.since) != (told.key, told.since)]
        else:
            self._sent[told.key] = Sent(told.severity, told.first or at, at, told.previous + 1)

    def _severe(self, alert: Alert) -> bool:
        return _ORDER.index(alert.severity) >= self._floor
