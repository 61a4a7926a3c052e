"""Alerts that wait a moment before they are told, and those that follow from a cause. Pure.

A symptom is often seen before its cause. So in a fleet an alert that could follow from something
waits for ``hold`` seconds, as in Alertmanager's ``group_wait``; if its cause is known by then but
nobody has said yet that he tells of it, three times as long. What follows from a cause that is told
is not told itself while that lasts. Silence is worse than twice: whoever hears nobody waits for
nobody.
"""

import math
from collections.abc import Iterable, Mapping

import msgspec

from hwagent.model import Alert, AlertState, Severity

Key = tuple[str, str]
#: How many times as long an alert waits for a host that should tell of its cause to say so.
PATIENCE = 3
_ORDER = list(Severity)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where one of this host's alerts stands in what is wrong in the fleet.

    ``follows_from`` is the component of its cause, which ``teller`` should tell of; ``told`` if it
    does. Else people are told of the alert itself, with what is ``beneath`` it, as severely as the
    ``worst`` of that; it ``waits`` if something could still be known of it.
    """

    follows_from: str = ""
    teller: str = ""
    told: bool = False
    waits: bool = True
    beneath: tuple[str, ...] = ()
    worst: Severity = Severity.INFO


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong in the fleet, as far as it concerns this host's alerts, by rule and component.

    ``causes`` are those without an alert that this host tells of, as alerts. ``shared`` is false
    where there is no fleet, or this host is cut off from it: then it tells its own, and nothing of
    what only others could know.
    """

    places: Mapping[Key, Place] = {}
    causes: tuple[Alert, ...] = ()
    shared: bool = False


class _Wait:
    """Since when an alert could be told, and since when its cause is told instead."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.covered: float | None = None
        self.worst = Severity.INFO


class Hold:
    """Which alerts wait, and what they are told as."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._now = -math.inf
        self._picture = Picture()
        self._waits: dict[Key, _Wait] = {}
        self._causes: dict[Key, Alert] = {}

    def configure(self, seconds: float) -> None:
        """Takes how long alerts wait."""
        self._seconds = seconds

    def began(self, now: float, alert: Alert) -> None:
        """An alert fires, or has changed."""
        if alert.active:
            self._waits.setdefault(alert.key, _Wait(now))
        else:
            self._waits.pop(alert.key, None)

    def take(self, now: float, picture: Picture) -> list[Alert]:
        """Takes what is known now; returns the causes that began, changed or ended, as alerts."""
        self.tick(now)
        self._picture = picture
        if not picture.shared:
            return []
        news = self._changed(now, picture)
        for key, wait in self._waits.items():
            self._weigh(now, wait, picture.places.get(key, Place()))
        return news

    def _changed(self, now: float, picture: Picture) -> list[Alert]:
        wanted = {cause.key: cause for cause in picture.causes}
        news = []
        for key, cause in wanted.items():
            before = self._causes.get(key)
            cause = msgspec.structs.replace(cause, since=before.since if before else now)
            if cause != before:
                self._causes[key] = cause
                news.append(cause)
        for key in self._causes.keys() - wanted.keys() - picture.places.keys():
            over = self._causes.pop(key)
            news.append(msgspec.structs.replace(over, state=AlertState.RESOLVED))
        return news

    def _weigh(self, now: float, wait: _Wait, place: Place) -> None:
        """After a cause that was told for a while is gone, what is left waits again: it mostly ends
        a moment later. After one that comes and goes it does not, or it might wait for ever."""
        wait.worst = max(wait.worst, place.worst, key=_ORDER.index)
        if place.follows_from and place.told:
            wait.covered = now if wait.covered is None else wait.covered
        elif wait.covered is not None:
            if now - wait.covered >= self._seconds:
                wait.since = now
            wait.covered = None

    def tick(self, now: float) -> None:
        """Time has passed: what was due is due no more."""
        self._now = max(now, self._now)

    def holds(self, now: float, alert: Alert) -> bool:
        """Whether an alert that fires is not to be told now."""
        if not self._picture.shared:
            return alert.key in self._causes
        place, wait = self._place(alert.key), self._waits.get(alert.key)
        if place.follows_from and place.told:
            return True
        return wait is not None and now < self._until(place, wait)

    def _until(self, place: Place, wait: _Wait) -> float:
        if place.follows_from:
            return wait.since + PATIENCE * self._seconds
        return wait.since + self._seconds if place.waits else wait.since

    def _place(self, key: Key) -> Place:
        return self._picture.places.get(key, Place())

    def next_due(self) -> float | None:
        """When an alert will have waited long enough."""
        if not self._picture.shared:
            return None
        times = (self._until(self._place(key), wait) for key, wait in self._waits.items())
        return min((t for t in times if t > self._now), default=None)

    def dressed(self, alert: Alert) -> Alert:
        """An alert as it is told: as severe as the worst that was seen to follow from it."""
        wait = self._waits.get(alert.key)
        if wait is None or _ORDER.index(wait.worst) <= _ORDER.index(alert.severity):
            return alert
        return msgspec.structs.replace(alert, severity=wait.worst)

    def beneath(self, key: Key) -> tuple[str, ...]:
        """The components that follow from what an alert tells of."""
        return self._place(key).beneath if self._picture.shared else ()

    def follows(self, alerts: Iterable[Alert]) -> dict[Key, tuple[str, str]]:
        """The alerts that follow from a cause: its component, and the host that tells of it."""
        if not self._picture.shared:
            return {}
        places = ((alert.key, self._place(alert.key)) for alert in alerts)
        return {key: (p.follows_from, p.teller) for key, p in places if p.follows_from}
