"""``hwagent members``: who is in the fleet, and who is not any more."""

import click

from .client import get
from .fleet import print_members
from .output import output_option, print_json, socket_option


@click.command("members")
@click.option("--status", "only", type=click.Choice(["alive", "suspect", "failed", "left"]),
              help="Only those.")  # fmt: skip
@output_option
@socket_option
def command(only: str | None, output: str, path: str) -> int:
    """Members of the fleet as this agent knows them; * is this one.

    The exit status is 1 if one of them has failed.
    """
    members = get(path, "/v1/members")["members"]
    failed = any(m["status"] == "failed" for m in members)
    members = [m for m in members if only in (None, m["status"])]
    if output == "json":
        print_json({"members": members})
    else:
        print_members(members)
    return int(failed)
