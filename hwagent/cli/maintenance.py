"""``hwagent maintenance on|off``: the host gives its addresses away and does nothing by itself."""

import click

from hwagent.config import duration

from .client import control
from .output import fail, output_option, print_json, socket_option


@click.command("maintenance")
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.option("--for", "span", default="", help="End by itself after so long, such as 2h.")
@click.option("--reason", default="by hand", show_default=True, help="Shown by `status`.")
@click.option("--force", is_flag=True, help="Although another host is emptied or rebuilds.")
@output_option
@socket_option
def command(switch: str, span: str, reason: str, force: bool, output: str, path: str) -> int:
    """Maintenance: virtual IPs are given up, no automatic actions, no messages."""
    try:
        seconds = float(duration(span)) if span else 0.0
    except ValueError as e:
        fail(f"--for: {e}")
    on = switch == "on"
    answer = control(path, "maintenance", on=on, seconds=seconds, reason=reason, force=force)
    if output == "json":
        print_json(answer)
    else:
        click.echo(f"maintenance: {answer['maintenance'] or 'off'}")
    return 0
