"""``hwagent rtt``: how far two members are from each other."""

import click

from .client import get
from .output import output_option, print_json, socket_option


@click.command("rtt")
@click.argument("member")
@click.argument("other", default="")
@output_option
@socket_option
def command(member: str, other: str, output: str, path: str) -> int:
    """Round-trip time to MEMBER, or between MEMBER and OTHER.

    From this host it is measured; between two others it is estimated by network coordinates.
    """
    ends = (member, other) if other else ("", member)
    answer = get(path, "/v1/rtt", **{"from": ends[0], "to": ends[1]})
    if output == "json":
        print_json(answer)
    else:
        time = f"{answer['seconds'] * 1000:.2f} ms"
        click.echo(f"{answer['from']} to {answer['to']}: {time} ({answer['how']})")
    return 0
