"""``hwagent history``: what the journal holds."""

import click

from hwagent.config import duration

from .client import get
from .complete import component_ids
from .events import line
from .output import fail, output_option, print_json, socket_option

#: Types of records in the journal.
TYPES = ("reading", "alert", "intent", "outcome", "note")


@click.command("history")
@click.argument("component", required=False, default="", shell_complete=component_ids)
@click.option("--since", "span", default="24h", show_default=True, help="How far back, such as 7d.")
@click.option("--type", "types", multiple=True, type=click.Choice(TYPES), help="Only these.")
@click.option("-n", "--limit", default=200, show_default=True, help="At most so many, the last.")
@output_option
@socket_option
def command(
    component: str, span: str, types: tuple[str, ...], limit: int, output: str, path: str
) -> int:
    """Readings that changed, alerts, actions and their outcomes, of all components or of one."""
    try:
        seconds = duration(span)
    except ValueError as e:
        fail(f"--since: {e}")
    query = {"component": component, "types": ",".join(types), "limit": str(limit)}
    found = get(path, "/v1/history", span=str(float(seconds)), **query)
    if output == "json":
        print_json(found)
        return 0
    for record in found["records"]:
        click.echo(line(record["time"], record["type"], record["component"], record["data"]))
    if not found["records"]:
        click.echo("nothing recorded")
    return 0
