"""``hwagent components``: all of them, or everything about one."""

from typing import Any

import click

from .client import component_resource, get
from .output import exit_status, output_option, print_json, print_table, socket_option, value_text
from .show import print_components


@click.command("components")
@click.argument("id", required=False)
@click.option("--kind", default="", help="Only this kind, such as disk or nic.")
@click.option("--health", default="", help="Only those that are ok, degraded, failed or unknown.")
@output_option
@socket_option
def command(id: str | None, kind: str, health: str, output: str, path: str) -> int:
    """Components of this host, or everything that is known of one (by ID)."""
    if id:
        one = get(path, component_resource(id))
        if output == "json":
            print_json(one)
        else:
            _show_one(one)
        return exit_status(one["health"])
    found = get(path, "/v1/components", kind=kind, health=health)
    if output == "json":
        print_json(found)
    else:
        print_components(found["components"])
    return 0


def _show_one(component: dict[str, Any]) -> None:
    click.echo(f"{component['id']}: {component['health']}")
    if component["reason"]:
        click.echo(f"  {component['reason']}")
    attributes = component["attributes"]
    print_table(("attribute", "value"), [(k, value_text(v)) for k, v in attributes.items()])
    click.echo()
    metrics = component["metrics"]
    print_table(("metric", "value"), [(k, value_text(v)) for k, v in sorted(metrics.items())])
