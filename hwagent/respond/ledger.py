"""What was done lately, what is under way, and what failed: the memory of the guards. Pure."""

import msgspec

from hwagent.model import Action, Outcome, Result

#: Span over which disruptive actions are counted, in seconds.
HOUR = 3600.0

#: Action name and component: failures of one say nothing about the others.
Key = tuple[str, str]


class Failures(msgspec.Struct):
    """How often an action failed on a component since it last went well, and when last."""

    count: int = 0
    last: float | None = None


class Entry(msgspec.Struct, frozen=True):
    """An action under way."""

    action: Action
    rebuilds: bool


class Ledger:
    """Kept by the planner; guards only read it."""

    def __init__(self) -> None:
        self.running: dict[str, Entry] = {}
        self._disruptive: dict[str, float] = {}
        self._failures: dict[Key, Failures] = {}
        self._uncertain: set[Key] = set()

    def began(self, now: float, action: Action, disruptive: bool, rebuilds: bool) -> None:
        """Notes that an action is under way."""
        self.running[action.component] = Entry(action, rebuilds)
        if disruptive:
            self._disruptive[action.id] = now
        horizon = now - HOUR
        self._disruptive = {id: at for id, at in self._disruptive.items() if at > horizon}

    def ended(self, outcome: Outcome) -> None:
        """Notes how an action ended; reading it twice changes nothing."""
        action = outcome.action
        entry = self.running.get(action.component)
        if entry is not None and entry.action.id == action.id:
            del self.running[action.component]
        key = (action.name, action.component)
        if outcome.result is Result.DONE:
            self._failures.pop(key, None)
            self._uncertain.discard(key)
        elif outcome.result is Result.FAILED:
            failures = self._failures.setdefault(key, Failures())
            failures.count, failures.last = failures.count + 1, outcome.ended
        elif outcome.result is Result.UNCERTAIN:
            self._uncertain.add(key)

    def remember(self, outcome: Outcome, disruptive: bool) -> None:
        """Takes back an outcome from the journal: limits hold over a restart."""
        ran = outcome.result in (Result.DONE, Result.FAILED, Result.UNCERTAIN)
        if ran and disruptive:
            self._disruptive[outcome.action.id] = outcome.started
        self.ended(outcome)

    def disruptive(self, now: float) -> int:
        """Disruptive actions that were begun within the last hour."""
        return sum(now - at < HOUR for at in self._disruptive.values())

    def failures(self, key: Key) -> Failures:
        """Failures in a row of an action on a component."""
        return self._failures.get(key, Failures())

    def uncertain(self, key: Key) -> bool:
        """True if it is not known whether an earlier run was done."""
        return key in self._uncertain

    def rebuilding(self) -> list[str]:
        """Components on which an action that starts a rebuild is under way."""
        return [component for component, entry in self.running.items() if entry.rebuilds]

    def forgive(self, key: Key) -> None:
        """Forgets tries and doubts, for the alert has ended; the cool-down goes on."""
        if key in self._failures:
            self._failures[key].count = 0
        self._uncertain.discard(key)
