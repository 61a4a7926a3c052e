"""``hwagent forget``: a component that was taken out for good."""

import click

from .client import control
from .complete import alerting
from .output import output_option, print_json, socket_option


@click.command("forget")
@click.argument("component", shell_complete=alerting)
@output_option
@socket_option
def command(component: str, output: str, path: str) -> int:
    """Forgets a COMPONENT that has vanished, and its alerts."""
    answer = control(path, "forget", component=component)
    if output == "json":
        print_json(answer)
    else:
        click.echo(f"forgotten: {component}")
    return 0
