"""``hwagent limits``: what the fleet allows its hosts to do at once, and the end of a storm."""

from typing import Any

import click

from .client import control, get
from .output import output_option, print_json, print_table, socket_option

_COLUMNS = ("permit", "in the fleet", "held here", "held by", "waits for")


@click.group("limits")
def command() -> None:
    """Limits of the whole fleet: permits to rebuild or to disrupt, and the storm brake."""


@command.command("show")
@output_option
@socket_option
def show(output: str, path: str) -> int:
    """Permits and who holds them, hosts that rebuild, and whether there is a storm.

    Exit status 1 while a storm brakes all hosts.
    """
    found = get(path, "/v1/limits")
    if output == "json":
        print_json(found)
        return int(bool(found["storm"]))
    print_table(_COLUMNS, [_row(p) for p in found["permits"]], "each host has only its own limits")
    for host, what in found["busy"].items():
        click.echo(f"{host} {what}")
    if found["differences"]:
        click.echo(f"configured otherwise: {', '.join(found['differences'])}; see `hwagent alerts`")
    if found["storm"]:
        click.echo(found["storm"])
    return int(bool(found["storm"]))


@command.command("release")
@output_option
@socket_option
def release(output: str, path: str) -> int:
    """Ends a storm: all hosts may act again. What is reported from now on counts anew."""
    answer = control(path, "storm-release")
    if output == "json":
        print_json(answer)
    else:
        click.echo("the storm is over: all hosts may act again")
    return 0


def _row(permit: dict[str, Any]) -> tuple[str, ...]:
    kind, of, held = permit["kind"], permit["of"], permit["held"]
    return kind, str(of), str(held), ", ".join(permit["holders"]), "" if held else permit["why"]
