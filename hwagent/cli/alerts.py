"""``hwagent alerts``: what fires and what is pending; of the fleet, causes and what follows."""

import time
from collections.abc import Iterable
from typing import Any

import click

from .causes import alerts as of_causes
from .causes import print_causes
from .client import get
from .fleet import get_fleet, print_fleet_alerts
from .output import output_option, print_json, socket_option
from .show import print_alerts


@click.command("alerts")
@click.option("--pending/--no-pending", default=True, help="Also alerts whose time is not up.")
@click.option("--fleet", is_flag=True, help="Of every member of the fleet, by their causes.")
@click.option("--flat", is_flag=True, help="With --fleet: one line each, and how old that is.")
@output_option
@socket_option
def command(pending: bool, fleet: bool, flat: bool, output: str, path: str) -> int:
    """Alerts: firing and pending; of the fleet, those that fire.

    Those of the fleet stand beneath their cause: a switch that died, the cards of all hosts that
    hang on it, their bonds.
    """
    if fleet:
        return _fleet(path, output, flat)
    alerts = get(path, "/v1/alerts")["alerts"]
    if not pending:
        alerts = [a for a in alerts if a["state"] == "firing"]
    if output == "json":
        print_json({"alerts": alerts})
    else:
        print_alerts(alerts, time.time())
    return _exit(a for a in alerts if a["state"] == "firing")


def _fleet(path: str, output: str, flat: bool) -> int:
    members = get_fleet(path)
    if flat:
        if output == "json":
            print_json({"alerts": [_told(m, a) for m in members for a in m["alerts"]]})
        else:
            print_fleet_alerts(members, time.time())
        return _exit(a for m in members for a in m["alerts"])
    causes = get(path, "/v1/causes")["causes"]
    every = list(of_causes(causes))
    if output == "json":
        by = {m["name"]: m for m in members}
        print_json({"causes": causes, "alerts": [_told(by[a["host"]], a) for a in every]})
    else:
        print_causes(causes, time.time())
    return 2 if any(c["judged"] for c in causes) else _exit(every)


def _told(member: dict[str, Any], alert: dict[str, Any]) -> dict[str, Any]:
    return {"member": member["name"], "age": member["age"], **alert}


def _exit(firing: Iterable[dict[str, Any]]) -> int:
    severities = {a["severity"] for a in firing if not a.get("inhibited_by")}
    return 2 if "critical" in severities else 1 if "warning" in severities else 0
