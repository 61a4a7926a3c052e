"""Maintenance: a person works on the host, the agent does nothing by itself. Pure."""

from typing import Any


class Maintenance:
    """On or off; ends by itself at a time if one was given."""

    def __init__(self) -> None:
        self._reason = ""
        self._until: float | None = None

    def on(self, reason: str, until: float | None = None) -> None:
        """Begins, or changes reason and end; ``until`` None: until switched off."""
        self._reason = reason or "by hand"
        self._until = until

    def off(self) -> None:
        """Ends."""
        self._reason, self._until = "", None

    def reason(self, now: float) -> str:
        """Why the host is in maintenance; empty if it is not, or not any more."""
        if self._until is not None and self._until <= now:
            self.off()
        return self._reason

    def next_due(self) -> float | None:
        """When it ends by itself."""
        return self._until

    def to_dict(self) -> dict[str, Any]:
        """For a file that outlives the agent."""
        return {"reason": self._reason, "until": self._until} if self._reason else {}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Maintenance":
        """What ``to_dict`` gave; anything else is no maintenance."""
        made = cls()
        reason, until = data.get("reason"), data.get("until")
        if isinstance(reason, str) and reason and isinstance(until, int | float | None):
            made.on(reason, until)
        return made
