"""``hwagent notify test``: a test message to every receiver."""

import click

from .client import control
from .output import output_option, print_json, print_table, socket_option


@click.group("notify")
def command() -> None:
    """Messages to people and programs."""


@command.command("test")
@output_option
@socket_option
def test(output: str, path: str) -> int:
    """Sends a test message to every receiver of the configuration and tells how it went."""
    answer = control(path, "notify-test")
    if output == "json":
        print_json(answer)
    else:
        rows = [(r["receiver"], r["problem"] or "delivered") for r in answer["receivers"]]
        print_table(("receiver", "result"), rows, "no receivers are configured")
    return 2 if any(r["problem"] for r in answer["receivers"]) else 0
