"""``hwagent status``: problems only, each with cause, since when and what is done about it."""

from collections import Counter
from typing import Any

import click

from .client import get
from .output import exit_status, output_option, print_json, since, socket_option
from .show import print_components, print_vips


@click.command("status")
@click.option("-x", "--brief", is_flag=True, help="One line if all is well.")
@click.option("-a", "--all", "everything", is_flag=True, help="Healthy components too.")
@output_option
@socket_option
def command(brief: bool, everything: bool, output: str, path: str) -> int:
    """Health of this host: what is wrong, why, since when, and what was done."""
    status = get(path, "/v1/status")
    if output == "json":
        print_json(status)
    else:
        show_status(status, brief, everything)
    return exit_status(status["health"])


def show_status(status: dict[str, Any], brief: bool = False, everything: bool = False) -> None:
    """Prints a status for people."""
    counts = Counter(c["health"] for c in status["components"])
    total = ", ".join(
        f"{counts[h]} {h}" for h in ("failed", "degraded", "unknown", "ok") if counts[h]
    )
    up = since(status["started"], status["time"])
    click.echo(
        f"{status['host']}: {click.style(status['health'], bold=True)}"
        f" ({total or 'nothing seen yet'}), mode {status['mode']}, running for {up}"
    )
    for problem in status["problems"]:
        click.echo(f"  agent: {problem}")
    if status["maintenance"]:
        click.echo(f"  maintenance: {status['maintenance']}")
    if not status["ready"]:
        click.echo("  the first round of looks is still under way")
    if brief and status["health"] == "ok":
        return
    firing = [a for a in status["alerts"] if a["state"] == "firing"]
    for alert in sorted(firing, key=lambda a: (a["severity"], a["component"])):
        _show_alert(alert, status["time"])
    sick = [c for c in status["components"] if c["health"] == "unknown"]
    shown = status["components"] if everything else sick
    if shown:
        click.echo()
        print_components(shown)
    if status["vips"]:
        click.echo()
        print_vips(status["vips"], status["time"])


def _show_alert(alert: dict[str, Any], now: float) -> None:
    click.echo()
    cause = f" (explained by {alert['inhibited_by']})" if alert["inhibited_by"] else ""
    click.echo(f"{alert['severity']}: {alert['summary'] or alert['rule']}{cause}")
    click.echo(f"  component: {alert['component']}")
    click.echo(f"  rule:      {alert['rule']}, for {since(alert['since'], now)}")
    if alert["description"]:
        click.echo(f"  cause:     {alert['description']}")
    if alert["actions"]:
        click.echo(f"  action:    {', '.join(alert['actions'])}")
