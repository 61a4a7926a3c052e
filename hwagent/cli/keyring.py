"""``hwagent keys``: the keys that gossip is sealed with, changed in the whole fleet at once."""

from typing import Any

import click

from .client import control
from .output import output_option, print_json, socket_option

#: In order: each member opens with all keys, the first one seals.
STEPS = "add the new key, use it, remove the old one"


@click.command("keys")
@click.argument("do", type=click.Choice(["list", "add", "use", "remove"]))
@click.argument("key", default="")
@click.option("--force", is_flag=True, help="Although members have not been told yet.")
@output_option
@socket_option
def command(do: str, key: str, force: bool, output: str, path: str) -> int:
    """Lists the keys of gossip, or adds, uses or removes KEY on every member.

    KEY is 16, 24 or 32 bytes in base64, or the fingerprint of a key that is there. To change the
    key: add the new one, use it, remove the old one; whoever was down meanwhile learns the new one
    as long as the old one is not removed. The exit status is 1 if a member does not have the keys.
    """
    if do != "list" and not key:
        raise click.UsageError(f"which key? {STEPS}")
    answer = control(path, "keys", do=do, key=key, force=force)
    if output == "json":
        print_json(answer)
    else:
        _show(answer)
    return int(bool(answer["missing"]))


def _show(answer: dict[str, Any]) -> None:
    if not answer["keys"]:
        click.echo("gossip is not sealed: there is no key")
    for index, fingerprint in enumerate(answer["keys"]):
        click.echo(f"{fingerprint} {'seals and opens' if index == 0 else 'opens'}")
    if answer["missing"]:
        click.echo(f"not told yet: {', '.join(answer['missing'])}")
