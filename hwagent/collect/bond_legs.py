"""Judging the legs of a bond: which can carry traffic, and which is better. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hwagent.model import Value

#: Modes in which one leg carries the traffic and the agent may choose it.
ACTIVE_LEG_MODES = ("active-backup", "balance-tlb", "balance-alb")
#: IEEE 802.1AX port state, of the partner: synchronised, collecting and distributing; of our own
#: side: defaulted, no partner was heard, or none for long; expired, it has just fallen silent.
_WORKING, _DEFAULTED, _EXPIRED = 0x38, 0x40, 0x80


@dataclass
class Leg:
    """One leg as the bond and its interface see it; None is not known."""

    name: str
    mii: str = ""
    carrier: int | None = None
    speed: int | None = None
    duplex: str = ""
    failures: int | None = None
    errors: int | None = None
    received: int | None = None
    sent: int | None = None
    aggregator: int | None = None
    actor_state: int | None = None
    partner_state: int | None = None
    churned: bool | None = None

    @property
    def up(self) -> bool:
        """True if the bond's own monitor takes it for usable."""
        return self.mii == "up"

    def good(self, aggregator: int | None) -> bool:
        """True if it can carry traffic, as far as is known; ``aggregator`` is the active one."""
        outside = None not in (aggregator, self.aggregator) and self.aggregator != aggregator
        return self.up and self.carrier != 0 and not outside and not self.churned

    @property
    def rank(self) -> tuple[bool, int]:
        """Full duplex before half, then the faster one."""
        return self.duplex != "half", self.speed or 0


def leg_metrics(mode: str, legs: Sequence[Leg], aggregator: int | None) -> dict[str, Value]:
    """What the legs say together."""
    good = [leg for leg in legs if leg.good(aggregator)]
    best = max((leg.rank for leg in good), default=None)
    metrics: dict[str, Value] = {
        "legs_total": len(legs),
        "legs_up": sum(leg.up for leg in legs),
        "legs_down": sum(not leg.up for leg in legs),
        "legs_good": len(good),
        "legs_worse": sum(leg not in good or leg.rank != best for leg in legs),
    }
    failures = [leg.failures for leg in legs if leg.failures is not None]
    if failures:
        metrics["link_failures"] = sum(failures)
    speeds = {leg.speed for leg in legs if leg.up and leg.speed}
    if speeds:
        metrics["speed_mixed"] = int(len(speeds) > 1)
    if mode == "802.3ad":
        metrics.update(_lacp_metrics(legs, aggregator))
    return metrics


def _lacp_metrics(legs: Sequence[Leg], aggregator: int | None) -> dict[str, Value]:
    """Facts that only LACP has; each only if the kernel tells it (some only to root)."""
    metrics: dict[str, Value] = {}
    up = [leg for leg in legs if leg.up]
    aggregators = [leg.aggregator for leg in up if leg.aggregator is not None]
    if aggregators and aggregator is not None:
        metrics["aggregator_mismatch"] = sum(a != aggregator for a in aggregators)
        metrics["aggregators"] = len(set(aggregators))
    churned = [leg.churned for leg in up if leg.churned is not None]
    if churned:
        metrics["legs_churned"] = sum(churned)
    states = [leg.actor_state for leg in up if leg.actor_state is not None]
    if states:
        metrics["legs_defaulted"] = sum(bool(s & (_DEFAULTED | _EXPIRED)) for s in states)
    if states and len(states) == len(up):
        metrics["partner_missing"] = int(all(s & _DEFAULTED for s in states))
    states = [leg.partner_state for leg in up if leg.partner_state is not None]
    if states:
        metrics["legs_not_distributing"] = sum(s & _WORKING != _WORKING for s in states)
    return metrics


def active_metrics(legs: Mapping[str, Leg], active: str) -> dict[str, Value]:
    """What is known of the active leg beside the others; ``active`` is empty if there is none."""
    leg = legs.get(active)
    others = [other for other in legs.values() if other is not leg and other.good(None)]
    best = max(others, key=lambda other: other.rank, default=None)
    good = leg is not None and leg.good(None)
    worse = leg is not None and best is not None and leg.rank < best.rank
    metrics: dict[str, Value] = {
        "active_leg": active or "none",
        "active_leg_up": int(leg is not None and leg.up),
        "active_leg_bad": int(not good or worse),
        "standby_leg": best.name if best else "none",
        "standby_legs_good": len(others),
    }
    if leg is not None and leg.errors is not None:
        metrics["active_leg_errors"] = leg.errors
    errors = [other.errors for other in others if other.errors is not None]
    if errors and len(errors) == len(others):
        metrics["standby_errors"] = sum(errors)
    return metrics | _traffic(leg, best)


def _traffic(leg: Leg | None, best: Leg | None) -> dict[str, Value]:
    """What the active leg hears, beside the leg that would take its place: a switch floods
    broadcasts and sends its own frames to both."""
    counts = {
        "active_leg_sent": leg.sent if leg else None,
        "active_leg_received": leg.received if leg else None,
        "standby_received": best.received if best else None,
    }
    return {name: count for name, count in counts.items() if count is not None}
