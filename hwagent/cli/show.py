"""Components, alerts and addresses as tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
import msgspec

from hwagent.daemon.oneshot import Look
from hwagent.model import worst

from .output import EXIT_ERROR, exit_status, print_table, since

#: From worst to mildest.
SEVERITIES = ("critical", "warning", "info")


def look_status(look: Look) -> int:
    """Exit status of one look at a host; nothing seen at all is not known to be well."""
    return exit_status(worst(c.health for c in look.components)) if look.components else EXIT_ERROR


def print_look(look: Look) -> None:
    """The components of one look, the sick first, and what would fire: nothing has lasted yet."""
    data = msgspec.to_builtins(look)
    print_components(data["components"])
    if data["alerts"]:
        click.echo()
        rows = [(a["severity"], a["rule"], a["component"], a["summary"]) for a in data["alerts"]]
        rows.sort(key=lambda row: (SEVERITIES.index(row[0]), row[2]))
        print_table(("severity", "alert", "component", "summary"), rows)


def print_components(components: Sequence[dict[str, Any]], empty: str = "") -> None:
    """One line each, the sick first; ``empty`` is said if there are none."""
    order = ["failed", "degraded", "unknown", "ok"]
    rows = [
        (c["id"], c["health"], c["reason"] or brief(c))
        for c in sorted(components, key=lambda c: (order.index(c["health"]), c["id"]))
    ]
    print_table(("component", "health", "reason"), rows, empty or "no hardware found")


def follows(alert: Mapping[str, Any]) -> str:
    """What of the fleet an alert follows from, and who tells of that; empty if from nothing."""
    if not (cause := alert.get("follows_from")):
        return ""
    return f"follows from {cause}, told by {alert['told_by']}"


def print_alerts(alerts: Sequence[dict[str, Any]], now: float) -> None:
    """One line each, the worst first; what another one explains stands beneath it."""
    rows = [
        (a["severity"], a["state"], f"{_turn(depth)}{a['rule']}", a["component"],
         since(a["since"], now), _summary(a))
        for depth, a in _beneath_causes(alerts)
    ]  # fmt: skip
    print_table(("severity", "state", "alert", "component", "for", "summary"), rows, "no alerts")


def _turn(depth: int) -> str:
    return "   " * (depth - 1) + "└─ " if depth else ""


def _beneath_causes(alerts: Sequence[dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each alert, and how many others it stands beneath."""
    order = sorted(alerts, key=lambda a: (SEVERITIES.index(a["severity"]), a["component"]))
    known = {_key(a) for a in order}
    below: dict[tuple[str, str], list[dict[str, Any]]] = {}
    tops: list[dict[str, Any]] = []
    for alert in order:
        cause = _cause(alert)
        (below.setdefault(cause, []) if cause in known else tops).append(alert)
    waiting = [(0, alert) for alert in reversed(tops)]
    while waiting:
        depth, alert = waiting.pop()
        yield depth, alert
        waiting += [(depth + 1, a) for a in reversed(below.pop(_key(alert), []))]
    yield from ((1, alert) for rest in below.values() for alert in rest)  # a circle of causes


def _key(alert: Mapping[str, Any]) -> tuple[str, str]:
    return alert["rule"], alert["component"]


def _cause(alert: Mapping[str, Any]) -> tuple[str, str]:
    """The alert that explains one: of the same component, unless another one is named."""
    rule, _, component = str(alert.get("inhibited_by", "")).partition(" ")
    return rule, component or alert["component"]


def _summary(alert: Mapping[str, Any]) -> str:
    words = follows(alert)
    return f"{alert['summary']} ({words})" if words else str(alert["summary"])


def print_vips(vips: Sequence[dict[str, Any]], now: float) -> None:
    """One line each."""
    rows = [
        (v["address"], standing(v), v["interface"] or "-", v["reason"] or "-",
         since(v["since"], now) if v["since"] else "-")
        for v in vips
    ]  # fmt: skip
    print_table(("virtual ip", "state", "interface", "reason", "for"), rows, "no virtual IPs")


def standing(vip: Mapping[str, Any]) -> str:
    """The state of a virtual IP; one that may have two owners is called unsafe."""
    return f"{vip['state']} (unsafe)" if vip.get("unsafe") else str(vip["state"])


def print_holder(status: Mapping[str, Any]) -> None:
    """Beneath a table of virtual IPs: why some are unsafe, and what is known of the holder."""
    for reason in dict.fromkeys(v["unsafe"] for v in status["vips"] if v.get("unsafe")):
        click.echo(f"unsafe: {reason}")
    holder = status["holder"]
    for lack in holder["lacks"]:
        click.echo(f"holder: lacks {lack}")
    if holder["stall_ms_week"] is not None:
        click.echo(_lateness(holder))


def _lateness(holder: Mapping[str, Any]) -> str:
    """How late the holder was at worst, and what follows from it."""
    hour = holder["stall_ms_hour"]
    lately = f"{hour:g} ms in the last hour, " if hour is not None else ""
    return (
        f"holder: late by at most {lately}{holder['stall_ms_week']:g} ms in a week;"
        f" bears an interval of {holder['bears_ms']} ms"
    )


def brief(component: dict[str, Any]) -> str:
    """A few words that tell what a healthy component is."""
    attributes = component["attributes"]
    words = [str(attributes[k]) for k in ("model", "name", "driver", "label") if attributes.get(k)]
    metrics = component["metrics"]
    words += [str(metrics[k]) for k in ("state", "level", "operstate", "status") if k in metrics]
    return ", ".join(dict.fromkeys(words))[:60]
