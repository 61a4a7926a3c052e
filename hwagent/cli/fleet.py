"""The fleet as tables: one line for a member, each saying how old it is."""

from collections.abc import Iterable, Sequence
from typing import Any

from hwagent.model import Health, worst

from .client import get
from .output import exit_status, fail, print_table, since
from .show import SEVERITIES

#: Seconds after which an answer is old: twice the time in which everything is exchanged.
OLD = 60.0


def get_fleet(path: str) -> list[dict[str, Any]]:
    """Every member with its status; ends the program if this agent is alone."""
    found: list[dict[str, Any]] = get(path, "/v1/fleet")["members"]
    if not found:
        fail("this agent is no member of a fleet: set cluster networks in its configuration")
    return found


def fleet_status(members: Iterable[dict[str, Any]]) -> int:
    """Exit status of a fleet: the worst host's; a failed member counts as failed."""
    return exit_status(worst(_health(m) for m in members if m["status"] != "left"))


def print_fleet(members: Sequence[dict[str, Any]]) -> None:
    """One line for each member, the worst first."""
    order = ["failed", "degraded", "unknown", "ok"]
    chosen = sorted(members, key=lambda m: (order.index(_health(m)), m["name"]))
    rows = [(m["name"], m["status"], m["health"], age(m), _words(m)) for m in chosen]
    print_table(("member", "status", "health", "as of", "what"), rows)


def print_members(members: Sequence[dict[str, Any]]) -> None:
    """One line for each member: state, where, how far."""
    rows = [
        (
            m["name"] + (" *" if m["self"] else ""),
            m["status"],
            since(0, m["for"]) if "for" in m else "-",
            ", ".join(_address(a) for a in m.get("addresses", [])) or "-",
            f"{m['rtt'] * 1000:.2f} ms" if m.get("rtt") is not None else "-",
            _ways(m),
        )
        for m in members
    ]
    print_table(("member", "status", "for", "addresses", "rtt", "reason"), rows)


def print_fleet_alerts(members: Sequence[dict[str, Any]], now: float) -> None:
    """All alerts of the fleet, the worst first."""
    alerts = [(m, a) for m in members for a in m["alerts"]]
    alerts.sort(key=lambda p: (SEVERITIES.index(p[1]["severity"]), p[0]["name"], p[1]["component"]))
    rows = [
        (
            m["name"], a["severity"], a["rule"], a["component"], since(a["since"], now),
            age(m), a["summary"],
        )
        for m, a in alerts
    ]  # fmt: skip
    columns = ("member", "severity", "alert", "component", "for", "as of", "summary")
    print_table(columns, rows, "no alerts")


def age(member: dict[str, Any]) -> str:
    """How old what is known of a member is."""
    if member["age"] is None:
        return "never heard"
    text = "now" if member["age"] < 1 else since(0, member["age"]) + " ago"
    return text + " (old)" if member["age"] > OLD else text


def _health(member: dict[str, Any]) -> Health:
    return Health.FAILED if member["status"] == "failed" else Health(member["health"])


def _words(member: dict[str, Any]) -> str:
    if member["status"] in ("failed", "left"):
        return str(member["reason"])
    alerts = sorted(member["alerts"], key=lambda a: SEVERITIES.index(a["severity"]))
    words = [a["summary"] or a["rule"] for a in alerts if not a["inhibited_by"]]
    if member["maintenance"]:
        words.insert(0, f"maintenance: {member['maintenance']}")
    if len(words) > 1:
        words = [words[0], f"and {len(words) - 1} more"]
    if not words and member["failing"]:
        words = [f"{id}: {why}" for id, why in list(member["failing"].items())[:1]]
    return ", ".join(words) or "-"


def _address(address: dict[str, Any]) -> str:
    host = f"[{address['address']}]" if ":" in address["address"] else address["address"]
    name = f"{address['network']}=" if address["network"] else ""
    return f"{name}{host}:{address['port']}"


def _ways(member: dict[str, Any]) -> str:
    bad = member.get("degraded_networks") or []
    words = [f"no way by {name or 'its network'}" for name in bad]
    return ", ".join([*words, *([member["reason"]] if member.get("reason") else [])]) or "-"
