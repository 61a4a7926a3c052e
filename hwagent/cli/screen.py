"""The live screen of ``hwagent top``: the host, its problems, its addresses, then kind by kind."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .condense import condense
from .output import COLOURS, since
from .show import standing
from .status import rank, totals

#: Lines that the header takes, and that a section takes besides its rows.
_HEADER, _SECTION = 1, 2


def screen(
    status: dict[str, Any] | str, outcomes: Sequence[dict[str, Any]], height: int
) -> RenderableType:
    """The whole screen, cut to the terminal's height; problems are cut last."""
    if isinstance(status, str):
        return Text(status, style="red")
    firing = sorted((a for a in status["alerts"] if a["state"] == "firing"), key=rank)
    kinds = len({c["kind"] for c in status["components"]})
    room = height - _HEADER - len(status["problems"])
    parts: list[RenderableType] = [_header(status)]
    sections = (
        (_problems, firing, max(3, room - _SECTION - min(kinds, room // 3))),
        (_vips, status["vips"], 8),
        (_kinds, status["components"], kinds),
        (_actions, outcomes[::-1], 3),
    )
    for section, things, most in sections:
        rows = min(len(things), most, room - _SECTION) if section is not _kinds else kinds
        if things and room > _SECTION:
            shown = min(rows, room - _SECTION)
            parts += [Text(""), section(things, shown, status["time"])]
            room -= shown + _SECTION
    return Group(*parts)


def _header(status: dict[str, Any]) -> RenderableType:
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{status['host']} ", style="bold")
    text.append(status["health"], style=f"bold {COLOURS[status['health']]}")
    text.append(f"  {totals(status['components'])}  mode {status['mode']}")
    text.append(f"  up {since(status['started'], status['time'])}")
    if status["maintenance"]:
        text.append(f"  maintenance: {status['maintenance']}", style="yellow")
    if not status["ready"]:
        text.append("  first round under way", style="dim")
    text.append("  q ends", style="dim")
    for problem in status["problems"]:
        text.append(f"\nagent: {problem}", style="yellow")
    return text


def _problems(alerts: Sequence[dict[str, Any]], rows: int, now: float) -> Table:
    table = _table("problem", "for", "what")
    shown = alerts if len(alerts) <= rows else alerts[: rows - 1]
    for a in shown:
        dim = "dim " if a["inhibited_by"] or a.get("follows_from") else ""
        severity = Text(a["severity"], style=dim + COLOURS.get(a["severity"], ""))
        table.add_row(severity, since(a["since"], now), Text(a["summary"] or a["rule"], dim))
    if len(shown) < len(alerts):
        table.add_row("", "", Text(f"and {len(alerts) - len(shown)} more", "dim"))
    return table


def _vips(vips: Sequence[dict[str, Any]], rows: int, now: float) -> Table:
    table = _table("virtual ip", "state", "for", "interface")
    for v in vips[:rows]:
        state = Text(standing(v), style=COLOURS.get(v["state"], ""))
        where = f"{v['interface']}  {v['reason']}".strip()
        table.add_row(v["address"], state, since(v["since"], now) if v["since"] else "", where)
    return table


def _kinds(components: Sequence[dict[str, Any]], rows: int, now: float) -> Table:
    table = _table("kind", "health", "")
    by_kind = sorted(components, key=lambda c: str(c["kind"]))
    groups = [(kind, list(group)) for kind, group in groupby(by_kind, lambda c: str(c["kind"]))]
    groups.sort(key=lambda g: (all(c["health"] == "ok" for c in g[1]), g[0]))
    for kind, group in groups[:rows]:
        table.add_row(kind, _counts(group), condense(kind, group))
    return table


def _counts(components: Sequence[dict[str, Any]]) -> Text:
    text = Text()
    for part in totals(components).split(", "):
        health = part.partition(" ")[2]
        text.append(part, style=COLOURS[health])
        text.append(" ")
    return text


def _actions(outcomes: Sequence[dict[str, Any]], rows: int, now: float) -> Table:
    table = _table("action", "result", "ago", "")
    for o in outcomes[:rows]:
        action = o["action"]
        result = Text(o["result"], style=COLOURS.get(o["result"], ""))
        what = f"{action['component']}  {o['detail']}".strip()
        table.add_row(action["name"], result, since(o["ended"], now), what)
    return table


def _table(*columns: str) -> Table:
    """All but the last column keep their width; the last one is cut where the terminal ends."""
    table = Table(
        box=None, pad_edge=False, header_style="bold dim", padding=(0, 2, 0, 0), expand=True
    )
    for column in columns[:-1]:
        table.add_column(column, overflow="ellipsis", no_wrap=True)
    table.add_column(columns[-1], overflow="ellipsis", no_wrap=True, ratio=1)
    return table
