"""Alerts of the fleet as trees: a cause, and beneath it what follows from it."""

from collections.abc import Iterator, Sequence
from typing import Any

import click

from .output import paint, since

Cause = dict[str, Any]
_MIDDLE, _LAST = ("├─ ", "│  "), ("└─ ", "   ")


def print_causes(causes: Sequence[Cause], now: float) -> None:
    """Each cause with what follows beneath it; what a person has to mend is what stands left."""
    if not causes:
        click.echo("no alerts")
    for cause in causes:
        for indent, words in _lines(cause, "", "", now):
            click.echo(indent + words)


def alerts(causes: Sequence[Cause], cause: str = "") -> Iterator[dict[str, Any]]:
    """All alerts, each with the component that it follows from."""
    for one in causes:
        yield from ({**a, "follows_from": cause} for a in one["alerts"])
        yield from alerts(one["follows"], one["component"])


def _lines(cause: Cause, left: str, below: str, now: float) -> Iterator[tuple[str, str]]:
    words = [*_said(cause, now)]
    yield left, f"{cause['component']}  {words[0]}"
    follows = cause["follows"]
    bar = "│  " if follows else "   "
    yield from ((below + bar, line) for line in words[1:])
    for number, one in enumerate(follows):
        turn, further = _LAST if number == len(follows) - 1 else _MIDDLE
        yield from _lines(one, below + turn, below + further, now)


def _said(cause: Cause, now: float) -> Iterator[str]:
    if cause["judged"]:
        yield f"{paint('failed')}: {cause['judged']}"
    for alert in cause["alerts"]:
        head = f"{paint(alert['severity'])} {alert['rule']} for {since(alert['since'], now)}"
        yield f"{head}: {alert['summary']} (told by {alert['host']})"
