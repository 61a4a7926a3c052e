"""``hwagent alerts``: what fires and what is pending."""

import time

import click

from .client import get
from .output import output_option, print_json, socket_option
from .show import print_alerts


@click.command("alerts")
@click.option("--pending/--no-pending", default=True, help="Also alerts whose time is not up.")
@output_option
@socket_option
def command(pending: bool, output: str, path: str) -> int:
    """Alerts: firing and pending."""
    alerts = get(path, "/v1/alerts")["alerts"]
    if not pending:
        alerts = [a for a in alerts if a["state"] == "firing"]
    if output == "json":
        print_json({"alerts": alerts})
    else:
        print_alerts(alerts, time.time())
    firing = {a["severity"] for a in alerts if a["state"] == "firing" and not a["inhibited_by"]}
    return 2 if "critical" in firing else 1 if "warning" in firing else 0
