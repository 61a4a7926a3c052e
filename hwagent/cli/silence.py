"""``hwagent silence``: no messages about a component or a rule for a time."""

import click

from hwagent.config import duration

from .client import control
from .complete import component_ids, rule_names, silences
from .output import fail, output_option, print_json, print_table, socket_option


@click.command("silence")
@click.argument("component", required=False, default="", shell_complete=component_ids)
@click.option(
    "--rule", default="*", show_default=True, shell_complete=rule_names,
    help="Rule, with wildcards.",
)  # fmt: skip
@click.option("--for", "span", default="2h", show_default=True, help="How long.")
@click.option("--comment", default="", help="Why.")
@click.option("--list", "listing", is_flag=True, help="Show what is silenced.")
@click.option("--remove", metavar="ID", default="", shell_complete=silences, help="End one.")
@output_option
@socket_option
def command(
    component: str, rule: str, span: str, comment: str, listing: bool, remove: str,
    output: str, path: str,
) -> int:  # fmt: skip
    """Sends no messages about COMPONENT, a rule or both (wildcards allowed) for a time.

    Judging and acting go on.
    """
    if listing:
        answer = control(path, "silences")
    elif remove:
        answer = control(path, "unsilence", id=remove)
    else:
        if not component and rule == "*":
            fail("name a component or --rule; `hwagent silence '*'` silences everything")
        try:
            seconds = float(duration(span))
        except ValueError as e:
            fail(f"--for: {e}")
        answer = control(
            path, "silence", component=component or "*", rule=rule, seconds=seconds, comment=comment
        )
    if output == "json":
        print_json(answer)
    else:
        _show(answer["silences"])
    return 0


def _show(silences: list[dict[str, object]]) -> None:
    rows = [(s["id"], s["component"], s["rule"], s["until_text"], s["comment"]) for s in silences]
    print_table(("id", "component", "rule", "until", "comment"), rows, "nothing is silenced")
