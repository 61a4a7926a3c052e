"""``hwagent alerts``: what fires and what is pending."""

import time
from collections.abc import Iterable
from typing import Any

import click

from .client import get
from .fleet import get_fleet, print_fleet_alerts
from .output import output_option, print_json, socket_option
from .show import print_alerts


@click.command("alerts")
@click.option("--pending/--no-pending", default=True, help="Also alerts whose time is not up.")
@click.option("--fleet", is_flag=True, help="Of every member of the fleet, and how old that is.")
@output_option
@socket_option
def command(pending: bool, fleet: bool, output: str, path: str) -> int:
    """Alerts: firing and pending; of the fleet, those that fire."""
    if fleet:
        return _fleet(path, output)
    alerts = get(path, "/v1/alerts")["alerts"]
    if not pending:
        alerts = [a for a in alerts if a["state"] == "firing"]
    if output == "json":
        print_json({"alerts": alerts})
    else:
        print_alerts(alerts, time.time())
    return _exit(a for a in alerts if a["state"] == "firing")


def _fleet(path: str, output: str) -> int:
    members = get_fleet(path)
    if output == "json":
        alerts = [{"member": m["name"], "age": m["age"], **a} for m in members for a in m["alerts"]]
        print_json({"alerts": alerts})
    else:
        print_fleet_alerts(members, time.time())
    return _exit(a for m in members for a in m["alerts"])


def _exit(firing: Iterable[dict[str, Any]]) -> int:
    severities = {a["severity"] for a in firing if not a["inhibited_by"]}
    return 2 if "critical" in severities else 1 if "warning" in severities else 0
