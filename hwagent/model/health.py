"""How well a component is, and how bad an alert is."""

from collections.abc import Iterable
from enum import StrEnum


class Health(StrEnum):
    """Health of a component, of a host, or of anything that is made of components."""

    OK = "ok"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"
    FAILED = "failed"

    @property
    def exit_status(self) -> int:
        """Monitoring-plugin exit status: 0 ok, 1 degraded, 2 failed, 3 unknown."""
        return _EXIT[self]


class Severity(StrEnum):
    """Severity of a rule: critical makes a component failed, warning degraded, info neither."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def health(self) -> Health:
        """Health of a component on which an alert of this severity fires."""
        return _HEALTH[self]


_EXIT = {Health.OK: 0, Health.DEGRADED: 1, Health.FAILED: 2, Health.UNKNOWN: 3}
_ORDER = [Health.OK, Health.UNKNOWN, Health.DEGRADED, Health.FAILED]
_HEALTH = {
    Severity.INFO: Health.OK,
    Severity.WARNING: Health.DEGRADED,
    Severity.CRITICAL: Health.FAILED,
}


def worst(healths: Iterable[Health]) -> Health:
    """The worst of several; a known fault outranks what is not known; none at all is ok."""
    return max(healths, key=_ORDER.index, default=Health.OK)
