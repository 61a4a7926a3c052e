"""``hwagent components``: all of them, or everything about one."""

from typing import Any

import click

from hwagent.model import Health, worst

from .client import component_resource, get
from .complete import component_ids, kinds
from .output import (
    exit_status,
    output_option,
    paint,
    print_json,
    print_table,
    socket_option,
    value_text,
)
from .show import print_components


@click.command("components")
@click.argument("id", required=False, shell_complete=component_ids)
@click.option("--kind", default="", shell_complete=kinds, help="Only this kind: disk, nic, ...")
@click.option("--health", type=click.Choice([*Health]), help="Only those that are so.")
@output_option
@socket_option
def command(id: str | None, kind: str, health: str | None, output: str, path: str) -> int:
    """Components of this host, or everything that is known of one (by ID).

    The exit status is that of the worst of what is shown.
    """
    if id:
        one = get(path, component_resource(id))
        if output == "json":
            print_json(one)
        else:
            _show_one(one)
        return exit_status(one["health"])
    found = get(path, "/v1/components", kind=kind, health=health or "")
    if output == "json":
        print_json(found)
    else:
        print_components(found["components"], "no such components" if kind or health else "")
    return exit_status(worst(Health(c["health"]) for c in found["components"]))


def _show_one(component: dict[str, Any]) -> None:
    click.echo(f"{component['id']}: {paint(component['health'])}")
    if component["reason"]:
        click.echo(f"  {component['reason']}")
    attributes = component["attributes"]
    print_table(("attribute", "value"), [(k, value_text(v)) for k, v in attributes.items()])
    click.echo()
    metrics = component["metrics"]
    print_table(("metric", "value"), [(k, value_text(v)) for k, v in sorted(metrics.items())])
