"""``hwagent top``: the health of everything, live."""

import sys
from typing import Any, NamedTuple

import click
import msgspec

from .client import NoAgent, request
from .keys import Keys
from .output import EXIT_ERROR, exit_status, output_option, print_json_line, socket_option
from .screen import screen
from .status import show_status

#: Keys that end it; Ctrl-D as well as q.
QUIT = ("q", "Q", "\x04")


@click.command("top")
@click.option("--interval", default=1.0, show_default=True, help="Seconds between two looks.")
@click.option("-n", "--count", default=0, help="End after so many; 0 goes on until Ctrl-C.")
@output_option
@socket_option
def command(interval: float, count: int, output: str, path: str) -> int:
    """Health of everything that can fail on this host, live; q or Ctrl-C ends.

    In a pipe the status is told again whenever it changes; as JSON, each look on one line.
    """
    return follow(path, interval, count, output)


def follow(path: str, interval: float = 1.0, count: int = 0, output: str = "table") -> int:
    """Shows the status again and again: a screen on a terminal, else changes as text.

    Ends after ``count`` looks with the exit status of the last one.
    """
    show = _Json() if output == "json" else _Screen() if sys.stdout.isatty() else _Text()
    turns = 0
    try:
        with Keys() as keys, show:
            while True:
                look = _look(path)
                show.update(look)
                turns += 1
                if turns == count:
                    return (
                        EXIT_ERROR if isinstance(look, str) else exit_status(look.status["health"])
                    )
                if keys.pressed(interval) in QUIT:
                    return 0
    except KeyboardInterrupt:
        return 0


class _Look(NamedTuple):
    status: dict[str, Any]
    outcomes: list[dict[str, Any]]


def _look(path: str) -> _Look | str:
    """The status and the last actions, or why they are not known."""
    try:
        _, status = request(path, "GET", "/v1/status")
        _, actions = request(path, "GET", "/v1/actions")
    except NoAgent as e:
        return str(e)
    return _Look(msgspec.json.decode(status), msgspec.json.decode(actions)["actions"])


class _Text:
    """For pipes and logs: the status again whenever health, alerts or addresses change."""

    def __init__(self) -> None:
        self._shown: Any = None

    def __enter__(self) -> "_Text":
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def update(self, look: _Look | str) -> None:
        """Prints what changed."""
        if isinstance(look, str):
            key: Any = look
        else:
            status = look.status
            firing = [(a["rule"], a["component"]) for a in status["alerts"]]
            vips = [(v["address"], v["state"], v["interface"]) for v in status["vips"]]
            key = (status["health"], status["ready"], len(status["components"]), firing, vips)
        if key == self._shown:
            return
        self._shown = key
        if isinstance(look, str):
            click.echo(look)
        else:
            show_status(look.status, True, look.outcomes)
            click.echo()
        sys.stdout.flush()


class _Json(_Text):
    def update(self, look: _Look | str) -> None:
        """Prints the whole status."""
        print_json_line({"error": look} if isinstance(look, str) else look.status)


class _Screen(_Text):
    def __init__(self) -> None:
        from rich.live import Live

        self._live = Live(screen=True, auto_refresh=False)

    def __enter__(self) -> "_Screen":
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.__exit__(None, None, None)

    def update(self, look: _Look | str) -> None:
        """Draws the screen anew."""
        status, outcomes = (look, []) if isinstance(look, str) else look
        self._live.update(screen(status, outcomes, self._live.console.height), refresh=True)
