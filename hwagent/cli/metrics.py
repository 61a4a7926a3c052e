"""``hwagent metrics``: the OpenMetrics text, as for node_exporter's textfile collector."""

import click

from .client import NoAgent, request
from .output import fail, output_option, print_json, socket_option


@click.command("metrics")
@output_option
@socket_option
def command(output: str, path: str) -> int:
    """All metrics in OpenMetrics text; as JSON a list of lines."""
    try:
        _, body = request(path, "GET", "/metrics")
    except NoAgent as e:
        fail(str(e))
    if output == "json":
        print_json({"lines": body.decode().splitlines()})
    else:
        click.echo(body.decode(), nl=False)
    return 0
