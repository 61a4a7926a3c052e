"""``hwagent events``: what happens, as it happens."""

import sys
from datetime import datetime
from typing import Any

import click
import msgspec

from .client import NoAgent, events, get
from .output import fail, output_option, print_json, socket_option


@click.command("events")
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens from now.")
@click.option("-n", "--lines", default=20, show_default=True, help="So many past events first.")
@click.option("--type", "only", multiple=True, help="Only alert, action, vip, reading, fitness.")
@output_option
@socket_option
def command(follow: bool, lines: int, only: tuple[str, ...], output: str, path: str) -> int:
    """Events of the running agent; past ones come from the journal."""
    records = get(path, "/v1/history", limit=str(lines), types=",".join(only))["records"]
    if not follow:
        if output == "json":
            print_json({"events": records})
        else:
            for record in records:
                click.echo(
                    line(record["time"], record["type"], record["component"], record["data"])
                )
        return 0
    try:
        for event in events(path):
            if not only or event["type"] in only:
                _print(event, output)
    except NoAgent as e:
        fail(str(e))
    except KeyboardInterrupt:
        return 0
    return 0


def _print(event: dict[str, Any], output: str) -> None:
    if output == "json":
        sys.stdout.write(msgspec.json.encode(event).decode() + "\n")
    else:
        click.echo(line(event["time"], event["type"], event["component"], event["data"]))
    sys.stdout.flush()


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
    return ", ".join(f"{k}={v}" for k, v in data.items() if v not in ("", None))
