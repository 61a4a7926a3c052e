"""Redfish's Status as a verdict. Pure.

Source: DMTF DSP0268, Resource.Status. The state comes before the health; a health that is null is
not OK (SIGNALS.md section 11).
"""

from typing import Any

from .document import text

_HEALTH = {"OK": "good", "Warning": "warning", "Critical": "critical"}
#: States that say all; others (Enabled, Starting, Updating, InTest) leave it to the health.
_STATES = {
    "Absent": "absent",
    "Disabled": "disabled",
    "StandbyOffline": "standby",
    "StandbySpare": "standby",
    "UnavailableOffline": "failed",
}


def verdict_of(status: Any) -> str:
    """Verdict of a Status; of its own health and that of what it is made of the worse counts."""
    if state := _STATES.get(text(status, "State")):
        return state
    own, below = (_HEALTH.get(text(status, key), "") for key in ("Health", "HealthRollup"))
    if own in ("", "good") and below in ("warning", "critical"):
        return below
    return own or "unknown"


def redundancy_of(group: dict[str, Any]) -> str:
    """State of a redundancy group; empty for one that is switched off or says nothing."""
    status = group.get("Status")
    state, health = text(status, "State"), text(status, "Health")
    if state in ("Disabled", "Absent"):
        return ""
    if state == "UnavailableOffline" or health == "Critical":
        return "lost"
    return {"OK": "full", "Warning": "degraded"}.get(health, "")
