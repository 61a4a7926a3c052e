"""``hwagent do``: an action by a person; the guards hold for people too."""

import click

from .client import control
from .complete import actions, component_ids
from .output import fail, output_option, print_json, socket_option

#: Refused by a guard is no error in use: the exit status of degraded.
_EXIT = {"started": 0, "rehearsed": 0, "refused": 1}


@click.command("do")
@click.argument("action", shell_complete=actions)
@click.argument("component", shell_complete=component_ids)
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
@output_option
@socket_option
def command(action: str, component: str, arguments: tuple[str, ...], output: str, path: str) -> int:
    """Does ACTION to COMPONENT, such as `do disk_locate disk:wwn-0x5000c500a1b2c3d4 on=true`."""
    values: dict[str, object] = {}
    for pair in arguments:
        name, equals, value = pair.partition("=")
        if not equals:
            fail(f"expected NAME=VALUE: {pair!r}")
        values[name] = _typed(value)
    answer = control(path, "action", name=action, component=component, arguments=values)
    if output == "json":
        print_json(answer)
    else:
        click.echo(f"{action} on {component}: {answer['result']} {answer['detail']}".rstrip())
    return _EXIT[answer["result"]]


def _typed(text: str) -> object:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.lstrip("-").isdecimal() else text
