"""Alerts: what a rule says about one component."""

from enum import StrEnum

import msgspec

from .health import Severity
from .metric import Value


class AlertState(StrEnum):
    """Life of an alert, in Prometheus' words."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One rule on one component. Times are seconds since the epoch."""

    rule: str
    component: str
    kind: str
    state: AlertState
    severity: Severity
    since: float
    summary: str = ""
    description: str = ""
    labels: dict[str, str] = {}
    values: dict[str, Value] = {}
    actions: tuple[str, ...] = ()
    inhibited_by: str = ""
    flapping: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What makes an alert the same alert: rule and component."""
        return self.rule, self.component

    @property
    def active(self) -> bool:
        """True if it counts for health and actions: firing and not explained by a cause."""
        return self.state is AlertState.FIRING and not self.inhibited_by
