"""``hwagent vip``: virtual IPs, who holds them, and moving them by hand."""

from datetime import datetime
from typing import Any

import click

from hwagent.config import duration

from .client import control, get
from .output import fail, output_option, print_json, print_table, socket_option
from .show import print_holder, standing

_COLUMNS = ("address", "state", "interface", "group", "holder", "pinned", "epoch", "reason")


@click.group("vip")
def command() -> None:
    """Virtual IPs: who holds them, and moving them by hand."""


@command.command("list")
@output_option
@socket_option
def list_(output: str, path: str) -> int:
    """Every address of this host's configuration: where it is held, or why not here."""
    status = get(path, "/v1/status")
    vips = status["vips"]
    if output == "json":
        print_json({"vips": vips, "holder": status["holder"]})
        return 0
    rows = [tuple(_cell(v, column) for column in _COLUMNS) for v in vips]
    print_table(_COLUMNS, rows, "no virtual IPs are configured")
    if vips:
        print_holder(status)
    return 0


@command.command("move")
@click.argument("address")
@click.argument("host")
@output_option
@socket_option
def move(address: str, host: str, output: str, path: str) -> int:
    """Hands ADDRESS to HOST of its group, whichever host holds it now.

    It is offered to HOST and, if that accepts, released to it by name: a round trip, and an
    announcement. If not, it stays where it is. What runs with it is stopped where it was, then
    started on HOST.
    """
    answer = control(path, "vip-move", address=address, to=host)
    return _told(output, answer, f"{answer['address']} went to {answer['to']}")


@command.command("pin")
@click.argument("address")
@click.argument("host")
@click.option("--for", "span", default="", help="Unpin by itself after so long, such as 2h.")
@output_option
@socket_option
def pin(address: str, host: str, span: str, output: str, path: str) -> int:
    """Wants ADDRESS on HOST of its group for as long as HOST may hold it.

    All hosts keep to it, over restarts too. While HOST is unfit, another one holds ADDRESS.
    """
    try:
        seconds = float(duration(span)) if span else 0.0
    except ValueError as e:
        fail(f"--for: {e}")
    answer = control(path, "vip-pin", address=address, to=host, seconds=seconds)
    end = f" until {_time(answer['until'])}" if answer["until"] else ""
    return _told(output, answer, f"{answer['address']} is pinned to {answer['to']}{end}")


@command.command("unpin")
@click.argument("address")
@output_option
@socket_option
def unpin(address: str, output: str, path: str) -> int:
    """Takes the pin of ADDRESS back: it goes where placement wants it."""
    answer = control(path, "vip-unpin", address=address)
    return _told(output, answer, f"{answer['address']} is not pinned to {answer['from']} any more")


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


def _cell(vip: dict[str, Any], column: str) -> str:
    if column == "state":
        return standing(vip)
    if column == "pinned" and vip.get("pinned_until"):
        return f"{vip['pinned']} until {_time(vip['pinned_until'])}"
    return str(vip.get(column, "") or "")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


def _told(output: str, answer: object, text: str) -> int:
    if output == "json":
        print_json(answer)
    else:
        click.echo(text)
    return 0
