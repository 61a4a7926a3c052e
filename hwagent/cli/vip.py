"""``hwagent vip``: virtual IPs, who holds them, and moving them by hand."""

import click

from .client import control, get
from .output import output_option, print_json, print_table, socket_option

_COLUMNS = ("address", "state", "interface", "group", "holder", "epoch", "reason")


@click.group("vip")
def command() -> None:
    """Virtual IPs: who holds them, and moving them by hand."""


@command.command("list")
@output_option
@socket_option
def list_(output: str, path: str) -> int:
    """Every address of this host's configuration: where it is held, or why not here."""
    vips = get(path, "/v1/status")["vips"]
    if output == "json":
        print_json({"vips": vips})
        return 0
    rows = [tuple(v.get(column, "") or "" for column in _COLUMNS) for v in vips]
    print_table(_COLUMNS, rows, "no virtual IPs are configured")
    return 0


@command.command("move")
@click.argument("address")
@click.argument("host")
@output_option
@socket_option
def move(address: str, host: str, output: str, path: str) -> int:
    """Hands ADDRESS, held here, to HOST of its group: make before break."""
    answer = control(path, "vip-move", address=address, to=host)
    return _told(output, answer, f"{answer['address']} goes to {answer['to']}")


@command.command("release")
@click.argument("address")
@output_option
@socket_option
def release(address: str, output: str, path: str) -> int:
    """Gives ADDRESS up, and takes it no more until `hwagent vip take` or a reload."""
    answer = control(path, "vip-release", address=address)
    return _told(output, answer, f"{answer['address']} is given up")


@command.command("take")
@output_option
@socket_option
def take(output: str, path: str) -> int:
    """Ends releases and conflicts: every address may be held here again."""
    answer = control(path, "vip-take")
    return _told(output, answer, "every address may be held here again")


def _told(output: str, answer: object, text: str) -> int:
    if output == "json":
        print_json(answer)
    else:
        click.echo(text)
    return 0
