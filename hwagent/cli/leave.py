"""``hwagent leave``: be no member of the fleet."""

import click

from .client import control
from .output import output_option, print_json, socket_option


@click.command("leave")
@output_option
@socket_option
def command(output: str, path: str) -> int:
    """Leaves the fleet: the others show this host as left, not as failed.

    It comes back with `hwagent join`, a reload or a restart.
    """
    answer = control(path, "leave")
    if output == "json":
        print_json(answer)
    else:
        click.echo("this agent has left the fleet")
    return 0
