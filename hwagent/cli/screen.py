"""The live screen of ``hwagent top``: a header, what is wrong, and every component by kind."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .output import COLOURS, since, value_text

_ORDER = ("failed", "degraded", "unknown", "ok")
#: What a line about a healthy component of a kind shows, in this order.
_TELLING = (
    "state", "level", "degraded", "sync_action", "carrier", "operstate", "speed_bits",
    "temperature_celsius", "rpm", "celsius", "volts", "amperes", "watts", "online",
    "capacity_ratio", "used_ratio", "load1", "up", "value", "reads", "writes",
)  # fmt: skip


def screen(status: dict[str, Any] | str, height: int) -> RenderableType:
    """The whole screen, cut to the terminal's height."""
    if isinstance(status, str):
        return Text(status, style="red")
    parts: list[RenderableType] = [_header(status)]
    parts += [Text(f"agent: {p}", style="yellow") for p in status["problems"]]
    firing = [a for a in status["alerts"] if a["state"] == "firing"]
    if status["vips"]:
        parts.append(_vips(status["vips"]))
    if firing:
        parts.append(_alerts(firing[: height // 3], status["time"]))
    used = 4 + len(status["vips"]) + min(len(firing), height // 3) + 4
    parts.append(_components(status["components"], max(3, height - used)))
    return Group(*parts)


def _header(status: dict[str, Any]) -> Text:
    text = Text()
    text.append(f"{status['host']} ", style="bold")
    text.append(status["health"], style=f"bold {COLOURS[status['health']]}")
    text.append(f"  mode {status['mode']}  up {since(status['started'], status['time'])}")
    if status["maintenance"]:
        text.append(f"  maintenance: {status['maintenance']}", style="yellow")
    if not status["ready"]:
        text.append("  first round under way", style="dim")
    text.append("  Ctrl-C ends\n", style="dim")
    return text


def _vips(vips: Sequence[dict[str, Any]]) -> Table:
    table = _table("virtual ip", "state", "interface", "reason")
    for v in vips:
        state = Text(v["state"], style=COLOURS.get(v["state"], ""))
        table.add_row(v["address"], state, v["interface"], v["reason"])
    return table


def _alerts(alerts: Sequence[dict[str, Any]], now: float) -> Table:
    table = _table("severity", "for", "alert", "component", "summary")
    for a in alerts:
        severity = Text(a["severity"], style=COLOURS.get(a["severity"], ""))
        table.add_row(severity, since(a["since"], now), a["rule"], a["component"], a["summary"])
    return table


def _components(components: Sequence[dict[str, Any]], rows: int) -> Table:
    table = _table("kind", "component", "health", "")
    ranked = sorted(components, key=lambda c: (_ORDER.index(c["health"]), c["kind"], c["id"]))
    sick = [c for c in ranked if c["health"] != "ok"]
    well = [c for c in ranked if c["health"] == "ok"]
    shown = 0
    for c in sick[:rows]:
        health = Text(c["health"], style=COLOURS[c["health"]])
        table.add_row(c["kind"], c["id"].partition(":")[2], health, c["reason"])
        shown += 1
    if len(well) <= rows - shown:
        for c in well:
            table.add_row(c["kind"], c["id"].partition(":")[2], Text("ok", "green"), facts(c))
        return table
    for kind, group in groupby(well, key=lambda c: str(c["kind"])):
        names = [c["id"].partition(":")[2] for c in group]
        text = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        table.add_row(kind, f"{len(names)}", Text("ok", "green"), text)
    return table


def facts(component: dict[str, Any]) -> str:
    """A few numbers and words that tell how a component is."""
    attributes, metrics = component["attributes"], component["metrics"]
    words = [str(attributes[k]) for k in ("model", "label") if attributes.get(k)]
    words += [f"{k} {value_text(metrics[k])}" for k in _TELLING if k in metrics][:5]
    return ", ".join(words)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold dim", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="ellipsis", no_wrap=True)
    return table
