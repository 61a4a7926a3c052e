"""``hwagent ack``: known, no more messages until it changes."""

import click

from .client import control
from .complete import alerting, rule_names
from .output import output_option, print_json, socket_option


@click.command("ack")
@click.argument("component", shell_complete=alerting)
@click.argument("rule", required=False, default="", shell_complete=rule_names)
@click.option("--comment", default="", help="Why, or who.")
@output_option
@socket_option
def command(component: str, rule: str, comment: str, output: str, path: str) -> int:
    """Acknowledges the alerts of COMPONENT (or one RULE on it): no messages until they change."""
    answer = control(path, "ack", component=component, rule=rule, comment=comment)
    if output == "json":
        print_json(answer)
    else:
        for alert in answer["acknowledged"]:
            click.echo(f"acknowledged: {alert['rule']} on {alert['component']}")
    return 0
