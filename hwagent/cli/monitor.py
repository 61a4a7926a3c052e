"""``hwagent monitor``: what happens among the members, as it happens."""

from datetime import datetime
from typing import Any

import click

from .client import get
from .events import tail
from .output import output_option, print_json_line, socket_option


@click.command("monitor")
@output_option
@socket_option
def command(output: str, path: str) -> int:
    """Members that join, fail, leave, come back or cannot be reached by a network, until Ctrl-C.

    As JSON, one object a line.
    """
    get(path, "/v1/members")
    return tail(path, ("member",), lambda event: _print(event, output))


def _print(event: dict[str, Any], output: str) -> None:
    if output == "json":
        print_json_line(event)
        return
    data = dict(event["data"])
    what = data.pop("event")
    at = datetime.fromtimestamp(event["time"]).strftime("%H:%M:%S")
    details = ", ".join(f"{k} {_text(v)}" for k, v in data.items() if v not in ("", [], {}))
    click.echo(f"{at} {event['component'].removeprefix('member:')} {what} {details}".rstrip())


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(v) for v in value)
    if isinstance(value, dict):
        return " ".join(f"{k}={v}" for k, v in value.items())
    return str(value)
