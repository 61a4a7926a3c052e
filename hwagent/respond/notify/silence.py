"""Silences by people: for a time, or until an alert changes. Pure."""

from fnmatch import fnmatchcase
from typing import Any

import msgspec

from hwagent.model import Alert, AlertState, Severity


class Silence(msgspec.Struct, frozen=True):
    """No messages about components and rules that match two globs, until a time."""

    id: str
    component: str
    rule: str
    until: float
    comment: str = ""

    def covers(self, now: float, alert: Alert) -> bool:
        """True if it holds and matches."""
        return (
            now < self.until
            and fnmatchcase(alert.component, self.component)
            and fnmatchcase(alert.rule, self.rule)
        )


class Silences:
    """All silences, by id."""

    def __init__(self) -> None:
        self._all: dict[str, Silence] = {}

    def add(self, id: str, component: str, rule: str, until: float, comment: str = "") -> None:
        """Adds one; the same id replaces."""
        self._all[id] = Silence(id, component, rule, until, comment)

    def remove(self, id: str) -> bool:
        """Ends one. False if there is none of that id."""
        return self._all.pop(id, None) is not None

    def active(self, now: float) -> list[Silence]:
        """Those that hold, the next to end first; the others are forgotten."""
        self._all = {id: s for id, s in self._all.items() if now < s.until}
        return sorted(self._all.values(), key=lambda s: (s.until, s.id))

    def covers(self, now: float, alert: Alert) -> bool:
        """True if any covers the alert."""
        return any(s.covers(now, alert) for s in self._all.values())

    def to_dict(self) -> dict[str, Any]:
        """For a file that outlives the agent."""
        return {id: msgspec.to_builtins(s) for id, s in self._all.items()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Silences":
        """What ``to_dict`` gave; what is not understood is left out: better told than silenced."""
        made = cls()
        for value in data.values():
            try:
                silence = msgspec.convert(value, Silence)
            except msgspec.ValidationError:
                continue
            made._all[silence.id] = silence
        return made


class Ack(msgspec.Struct, frozen=True):
    """An alert that somebody knows of, as it was when he said so."""

    rule: str
    component: str
    state: AlertState
    severity: Severity
    comment: str = ""

    def covers(self, alert: Alert) -> bool:
        """True while the alert is as it was."""
        return (alert.state, alert.severity) == (self.state, self.severity)


class Acks:
    """Alerts that are known; each until it changes."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, str], Ack] = {}

    def add(self, alert: Alert, comment: str = "") -> None:
        """Acknowledges an alert as it is."""
        self._all[alert.key] = Ack(
            alert.rule, alert.component, alert.state, alert.severity, comment
        )

    def changed(self, alert: Alert) -> None:
        """An alert has changed: it is not known as it is now."""
        ack = self._all.get(alert.key)
        if ack is not None and not ack.covers(alert):
            del self._all[alert.key]

    def covers(self, alert: Alert) -> bool:
        """True if the alert is known as it is."""
        ack = self._all.get(alert.key)
        return ack is not None and ack.covers(alert)

    def to_dict(self) -> dict[str, Any]:
        """For a file that outlives the agent."""
        return {"acks": [msgspec.to_builtins(a) for a in self._all.values()]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Acks":
        """What ``to_dict`` gave; what is not understood is left out."""
        made, listed = cls(), data.get("acks")
        for value in listed if isinstance(listed, list) else ():
            try:
                ack = msgspec.convert(value, Ack)
            except msgspec.ValidationError:
                continue
            made._all[(ack.rule, ack.component)] = ack
        return made
