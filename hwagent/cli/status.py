"""``hwagent status``: problems only, each with cause, since when and what is done about it."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from hwagent.config import duration

from .client import NoAgent, get, request
from .fleet import fleet_status, get_fleet, print_fleet
from .output import exit_status, fail, output_option, paint, print_json, since, socket_option
from .show import SEVERITIES, follows, print_components, print_holder, print_vips


@click.command("status")
@click.option("-x", "--brief", is_flag=True, help="One line if all is well.")
@click.option("-a", "--all", "everything", is_flag=True, help="Healthy components too.")
@click.option("--fleet", is_flag=True, help="Every member of the fleet, and how old that is.")
@click.option("--wait", "span", default="", help="Wait so long for a first round, such as 30s.")
@output_option
@socket_option
def command(
    brief: bool, everything: bool, fleet: bool, span: str, output: str, path: str
) -> int:  # fmt: skip
    """Health of this host: what is wrong, why, since when, and what was done about it.

    The exit status is that of the host's health; with --fleet that of the worst member's.
    """
    if span:
        _wait(path, span)
    if fleet:
        return _fleet(path, output)
    status = get(path, "/v1/status")
    if output == "json":
        print_json(status)
    elif brief and status["health"] == "ok" and not status["problems"] and status["ready"]:
        click.echo(f"{status['host']}: all {len(status['components'])} components are ok")
    else:
        show_status(status, everything, get(path, "/v1/actions")["actions"])
    return exit_status(status["health"])


def _fleet(path: str, output: str) -> int:
    members = get_fleet(path)
    if output == "json":
        print_json({"members": members})
    else:
        print_fleet(members)
    return fleet_status(members)


def _wait(path: str, span: str) -> None:
    """Until the agent has looked at everything once, or so long."""
    try:
        end = time.monotonic() + duration(span)
    except ValueError as e:
        fail(f"--wait: {e}")
    while not _ready(path) and time.monotonic() < end:
        time.sleep(0.1)


def _ready(path: str) -> bool:
    try:
        code, body = request(path, "GET", "/v1/status")
    except NoAgent:
        return False
    return code == 200 and bool(msgspec.json.decode(body)["ready"])


def show_status(
    status: dict[str, Any], everything: bool = False, outcomes: Sequence[dict[str, Any]] = ()
) -> None:
    """Prints a status for people; ``outcomes`` are the actions that were done lately."""
    _show_host(status)
    firing = [a for a in status["alerts"] if a["state"] == "firing"]
    quiet = {(q["rule"], q["component"]): q["why"] for q in status["quiet"]}
    for alert in sorted(firing, key=rank):
        click.echo()
        _show_alert(alert, status["time"], outcomes, quiet.get((alert["rule"], alert["component"])))
    sick = [c for c in status["components"] if c["health"] == "unknown"]
    shown = status["components"] if everything else sick
    if shown:
        click.echo()
        print_components(shown)
    if status["vips"]:
        click.echo()
        print_vips(status["vips"], status["time"])
        print_holder(status)


def totals(components: Sequence[dict[str, Any]]) -> str:
    """How many components are how: ``1 failed, 40 ok``."""
    counts = Counter(c["health"] for c in components)
    order = ("failed", "degraded", "unknown", "ok")
    return ", ".join(f"{counts[h]} {h}" for h in order if counts[h]) or "nothing seen yet"


def _show_host(status: dict[str, Any]) -> None:
    click.echo(
        f"{status['host']}: {paint(status['health'], bold=True)} ({totals(status['components'])}), "
        f"mode {status['mode']}, running for {since(status['started'], status['time'])}"
    )
    for problem in status["problems"]:
        click.echo(f"  agent: {problem}")
    if status["maintenance"]:
        click.echo(f"  maintenance: {status['maintenance']}")
    if not status["ready"]:
        click.echo("  the first round of looks is still under way")


def rank(alert: dict[str, Any]) -> tuple[bool, int, str]:
    """What is explained by another alert comes last."""
    severity = SEVERITIES.index(alert["severity"])
    explained = bool(alert["inhibited_by"] or alert.get("follows_from"))
    return explained, severity, alert["component"]


def _show_alert(
    alert: dict[str, Any], now: float, outcomes: Sequence[dict[str, Any]], quiet: str | None
) -> None:
    click.echo(f"{paint(alert['severity'])}: {alert['summary'] or alert['rule']}")
    click.echo(f"  component: {alert['component']}")
    told = f", {quiet}" if quiet else ""
    click.echo(f"  rule:      {alert['rule']}, for {since(alert['since'], now)}{told}")
    if alert["inhibited_by"]:
        click.echo(f"  because:   {alert['inhibited_by']}, which explains it")
    if words := follows(alert):
        click.echo(f"  because:   {words}")
    if alert["description"]:
        click.echo(f"  cause:     {alert['description']}")
    for text in _done(alert, now, outcomes):
        click.echo(f"  action:    {text}")


def _done(alert: dict[str, Any], now: float, outcomes: Sequence[dict[str, Any]]) -> list[str]:
    """What was done because of an alert, each action's last outcome; else what may be done."""
    cause = f"{alert['rule']} on {alert['component']}"
    last = {
        (o["action"]["name"], o["action"]["component"]): o
        for o in outcomes
        if o["action"]["cause"] == cause and o["ended"] >= alert["since"]
    }
    told = [
        f"{name} on {component}: {paint(o['result'])} {since(o['ended'], now)} ago {o['detail']}"
        for (name, component), o in last.items()
    ]
    return [t.rstrip() for t in told] or ([", ".join(alert["actions"])] if alert["actions"] else [])
