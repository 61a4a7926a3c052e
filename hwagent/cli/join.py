"""``hwagent join``: call other agents."""

import click

from .client import control
from .output import output_option, print_json, socket_option


@click.command("join")
@click.argument("host", nargs=-1, required=True)
@output_option
@socket_option
def command(host: tuple[str, ...], output: str, path: str) -> int:
    """Calls the agents at each HOST (name or address, with :port or without) to be a fleet.

    An agent that has left comes back so.
    """
    answer = control(path, "join", seeds=list(host))
    if output == "json":
        print_json(answer)
    else:
        click.echo(f"called {answer['called']} addresses; see `hwagent members`")
    return 0
