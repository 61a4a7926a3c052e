"""``hwagent events``: what happened, and what happens as it happens."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import click

from .client import NoAgent, events, get
from .output import fail, output_option, print_json, print_json_line, socket_option

#: Types of events, and the journal's types for them. An action is an intent and its outcome there.
TYPES = {
    "action": ("intent", "outcome"),
    "alert": ("alert",),
    "fitness": ("note",),
    "member": ("note",),
    "note": ("note",),
    "reading": ("reading",),
    "vip": ("note",),
}


@click.command("events")
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens from now.")
@click.option("-n", "--lines", default=20, show_default=True, help="So many past events first.")
@click.option("--type", "only", multiple=True, type=click.Choice(sorted(TYPES)), help="Only these.")
@output_option
@socket_option
def command(follow: bool, lines: int, only: tuple[str, ...], output: str, path: str) -> int:
    """What happened last, from the journal; with --follow also what happens, until Ctrl-C.

    As JSON, --follow gives one object a line.
    """
    past = _past(path, lines, only) if lines > 0 else []
    if not follow and output == "json":
        print_json({"events": past})
        return 0
    for record in past:
        _print(record, output)
    return tail(path, only, lambda event: _print(event, output)) if follow else 0


def _past(path: str, lines: int, only: tuple[str, ...]) -> list[dict[str, Any]]:
    types = ",".join(t for name in only for t in TYPES[name])
    records: list[dict[str, Any]] = get(path, "/v1/history", limit=str(lines), types=types)[
        "records"
    ]
    return records


def tail(path: str, only: Collection[str], show: Callable[[dict[str, Any]], None]) -> int:
    """Shows events of these types (of all, if none is named) until Ctrl-C or the agent's end."""
    try:
        for event in events(path):
            if not only or event["type"] in only:
                show(event)
        why = "the agent has ended"
    except NoAgent as e:
        why = str(e)
    except KeyboardInterrupt:
        return 0
    return fail(why)


def _print(event: dict[str, Any], output: str) -> None:
    if output == "json":
        print_json_line(event)
    else:
        click.echo(line(event["time"], event["type"], event["component"], event["data"]))


def line(time: float, type: str, component: str, data: Any) -> str:
    """One event on one line."""
    stamp = datetime.fromtimestamp(time).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return f"{stamp} {type:8} {component} {describe(type, data)}".rstrip()


def describe(type: str, data: Any) -> str:
    """What an event says, in a few words."""
    if not isinstance(data, dict):
        return "" if data is None else str(data)
    if type == "alert":
        return f"{data['state']} {data['severity']} {data['rule']}: {data['summary']}"
    if type == "outcome" or (type == "action" and "action" in data):
        return f"{data['action']['name']} {data['result']} {data['detail']}"
    if type in ("action", "intent"):
        return f"{data['name']} started, because of {data['cause']}"
    if type == "reading":
        return ", ".join(f"{k}={v}" for k, v in data.get("metrics", {}).items())
    if "text" in data:
        return str(data["text"])
    if "interface" in data:
        where = f" on {data['interface']}" if data["interface"] else ""
        return f"{data['type']}{where}" + (f": {data['reason']}" if data["reason"] else "")
    return ", ".join(f"{k}={v}" for k, v in data.items() if v not in ("", None))
