"""What all commands share: output as table or JSON, colours, errors, the socket."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, TypeVar

import click
import msgspec

from hwagent.model import Health

EXIT_ERROR = 3
#: A pipe has no width: a program that reads a table finds each row on one line.
_NO_WRAP = 100_000
F = TypeVar("F", bound=Callable[..., Any])

COLOURS = {
    "ok": "green",
    "degraded": "yellow",
    "failed": "red",
    "unknown": "magenta",
    "info": "cyan",
    "warning": "yellow",
    "critical": "red",
    "held": "green",
    "released": "yellow",
    "firing": "red",
    "pending": "yellow",
    "resolved": "green",
    "done": "green",
    "alive": "green",
    "suspect": "yellow",
    "left": "cyan",
    "refused": "yellow",
    "rehearsed": "cyan",
}

output_option = click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table",
    help="A table for people, or JSON.",
)  # fmt: skip
socket_option = click.option(
    "--socket", "path", envvar="HWAGENT_SOCKET", default="", help="Query socket of the agent."
)


def fail(message: str, status: int = EXIT_ERROR) -> NoReturn:
    """Ends the program with a message that says what is wrong and what to do next."""
    click.echo(f"hwagent: {message}", err=True)
    sys.exit(status)


def print_json(value: Any) -> None:
    """JSON, indented."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_json_line(value: Any) -> None:
    """JSON on one line, at once: one of a stream."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def paint(word: str, bold: bool = False) -> str:
    """A word of health, severity or state in its colour; plain where it is not for a terminal."""
    return click.style(word, fg=COLOURS.get(word), bold=bold)


def exit_status(health: str) -> int:
    """Exit status of a health."""
    return Health(health).exit_status


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], empty: str = "") -> None:
    """A plain table: as wide as its content, colours only on a terminal."""
    click.echo(render_table(columns, rows) or empty, nl=True)


def render_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The table as text; empty if there are no rows."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column.upper(), overflow="fold")
    count = 0
    for row in rows:
        table.add_row(*(Text(str(cell), style=COLOURS.get(str(cell), "")) for cell in row))
        count += 1
    if not count:
        return ""
    terminal = sys.stdout.isatty()
    width = None if terminal else _NO_WRAP
    console = Console(width=width, color_system="auto" if terminal else None)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n"))


def since(then: float, now: float) -> str:
    """A span of time in its two largest units: ``3m20s``, ``2d4h``."""
    seconds = max(0, int(now - then))
    parts: list[str] = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        if (count := seconds // size) or (unit == "s" and not parts):
            parts.append(f"{count}{unit}")
            seconds -= count * size
    return "".join(parts[:2])


def value_text(value: Any) -> str:
    """A metric's value for people."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)
