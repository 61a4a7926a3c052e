"""``hwagent top``: the health of everything, live."""

import sys
import time
from typing import Any

import click
import msgspec

from .client import NoAgent, request
from .output import output_option, print_json, socket_option
from .screen import screen
from .status import show_status


@click.command("top")
@click.option("--interval", default=1.0, show_default=True, help="Seconds between two looks.")
@click.option("-n", "--count", default=0, help="End after so many; 0 goes on until Ctrl-C.")
@output_option
@socket_option
def command(interval: float, count: int, output: str, path: str) -> int:
    """Health of everything that can fail on this host, live; Ctrl-C ends."""
    return follow(path, interval, count, output)


def follow(path: str, interval: float = 1.0, count: int = 0, output: str = "table") -> int:
    """Shows the status again and again: a screen on a terminal, else changes as text."""
    show = _Json() if output == "json" else _Screen() if sys.stdout.isatty() else _Text()
    turns = 0
    try:
        with show:
            while True:
                show.update(_status(path))
                turns += 1
                if turns == count:
                    return 0
                time.sleep(interval)
    except KeyboardInterrupt:
        return 0


def _status(path: str) -> dict[str, Any] | str:
    try:
        _, body = request(path, "GET", "/v1/status")
    except NoAgent as e:
        return str(e)
    status: dict[str, Any] = msgspec.json.decode(body)
    return status


class _Text:
    """For pipes and logs: the status again whenever health, alerts or addresses change."""

    def __init__(self) -> None:
        self._shown: Any = None

    def __enter__(self) -> "_Text":
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def update(self, status: dict[str, Any] | str) -> None:
        """Prints what changed."""
        if isinstance(status, str):
            key: Any = status
        else:
            firing = [(a["rule"], a["component"]) for a in status["alerts"]]
            vips = [(v["address"], v["state"], v["interface"]) for v in status["vips"]]
            key = (status["health"], status["ready"], len(status["components"]), firing, vips)
        if key == self._shown:
            return
        self._shown = key
        if isinstance(status, str):
            click.echo(status)
        else:
            show_status(status, everything=True)
            click.echo()
        sys.stdout.flush()


class _Json(_Text):
    def update(self, status: dict[str, Any] | str) -> None:
        """Prints the whole status."""
        print_json({"error": status} if isinstance(status, str) else status)


class _Screen(_Text):
    def __init__(self) -> None:
        from rich.live import Live

        self._live = Live(screen=True, auto_refresh=False)

    def __enter__(self) -> "_Screen":
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.__exit__(None, None, None)

    def update(self, status: dict[str, Any] | str) -> None:
        """Draws the screen anew."""
        self._live.update(screen(status, self._live.console.height), refresh=True)
