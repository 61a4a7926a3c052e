"""Guards for what the fleet bears at once: storms, rebuilds, disruptive actions an hour. Pure."""

from .attempt import Attempt, permits
from .fleet import DISRUPTIVE, REBUILD

#: How a refusal begins where only a permit is missing, which may come any moment.
NO_PERMIT = "the fleet has given no permit"


def storm(attempt: Attempt) -> str:
    """What strikes many hosts at once has a cause that none of them repairs."""
    return attempt.view.fleet.storm if permits(attempt) else ""


def settled(attempt: Attempt) -> str:
    """A new alert may be part of a storm: first the others are heard."""
    settle = attempt.view.fleet.settle
    if attempt.by_hand or not permits(attempt) or attempt.view.now >= attempt.since + settle:
        return ""
    return f"the alert is younger than {settle:g} s: other hosts may report the same"


def fleet_rebuild(attempt: Attempt) -> str:
    """So many rebuilds in the fleet at a time, others' included that hold no permit (yet)."""
    fleet, limits = attempt.view.fleet, attempt.view.config.limits.fleet
    if not fleet.permits or REBUILD not in permits(attempt):
        return ""
    if len(fleet.busy) >= limits.rebuilds:
        at = ", ".join(f"{name} {what}" for name, what in sorted(fleet.busy.items()))
        return f"{at}; limits.fleet.rebuilds is {limits.rebuilds}"
    if not fleet.held.get(REBUILD):
        return f"{NO_PERMIT} to rebuild: {fleet.why.get(REBUILD, '')}"
    return ""


def fleet_per_hour(attempt: Attempt) -> str:
    """So many disruptive actions an hour in the fleet; each holds a permit for that long."""
    fleet, limits = attempt.view.fleet, attempt.view.config.limits.fleet
    if not fleet.permits or not attempt.disruptive:
        return ""
    mine = attempt.ledger.disruptive(attempt.view.now)
    if fleet.done + mine >= limits.disruptive_per_hour:
        most = f"limits.fleet.disruptive_per_hour is {limits.disruptive_per_hour}"
        return f"{fleet.done + mine} disruptive actions in the fleet within an hour, {most}"
    if fleet.held.get(DISRUPTIVE, 0) <= mine:
        return f"{NO_PERMIT} for it: {fleet.why.get(DISRUPTIVE, '')}"
    return ""


def wanted_permits(attempt: Attempt, refused_by: str) -> set[str]:
    """The kinds of permits to ask the fleet for, if only those keep an action from being done.

    First the one to rebuild, then the other: hosts that hold one each and wait for the other would
    wait for ever. Not while others are busy: one of them may have lost its permit, and must get it
    back.
    """
    busy = len(attempt.view.fleet.busy) >= attempt.view.config.limits.fleet.rebuilds
    if refused_by == "fleet_rebuild":
        return set() if busy else {REBUILD}
    return permits(attempt) if refused_by == "fleet_per_hour" else set()
