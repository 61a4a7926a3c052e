"""``hwagent config``: check it, show it, have it read again."""

from typing import Any

import click
import msgspec
import yaml

from hwagent.config import ConfigError, Duration, Size, default_file, load_config
from hwagent.config.cluster import unsealed
from hwagent.config.groups import unsafe

from .client import control
from .output import fail, output_option, print_json, socket_option


@click.group("config")
def command() -> None:
    """The configuration: check, show, reload."""


@command.command("check")
@click.argument("file", required=False, default="")
@output_option
@socket_option
def check(file: str, output: str, path: str) -> int:
    """Checks FILE and its conf.d, with the rules and the makers' tables that it names.

    For each group it says what faults will cost, and refuses an interval or a lease that this
    host's holder was seen not to keep.
    """
    from hwagent.collect.registry import COLLECTORS
    from hwagent.daemon.leaps import refuse_leaps, refuse_parameters
    from hwagent.daemon.loading import check_makers, rule_set
    from hwagent.daemon.stalls import refuse_misfits

    from . import foresight

    try:
        config = load_config(file, COLLECTORS)
        rule_set(config)
        check_makers(config)
        worst = foresight.stall(config)
        refuse_misfits(file or default_file(), config, (), worst)
        refuse_leaps(file or default_file(), config, ())
        refuse_parameters(file or default_file(), config)
    except ConfigError as e:
        if output == "json":
            print_json({"ok": False, "error": str(e)})
            return 3
        fail(str(e))
    found = foresight.foresee(config, foresight.measured(path))
    warnings = [foresight.UNKNOWN] if found and worst is None else []
    warnings += [f"unsafe: {why}"] if (why := unsealed(config)) else []
    warnings += [f"group {g.name} is unsafe: {why}" for g in config.groups if (why := unsafe(g))]
    if output == "json":
        more: dict[str, Any] = {"warnings": warnings} if warnings else {}
        more |= {"groups": foresight.as_json(found)} if found else {}
        print_json({"ok": True, "error": "", **more})
        return 0
    click.echo("configuration is good")
    if found:
        foresight.show(found)
    for warning in warnings:
        click.echo(f"warning: {warning}")
    return 0


@command.command("show")
@click.argument("file", required=False, default="")
@output_option
def show(file: str, output: str) -> int:
    """The configuration as it counts, with all defaults; it can be read again."""
    try:
        data = msgspec.to_builtins(load_config(file), enc_hook=_quantity)
    except ConfigError as e:
        fail(str(e))
    if output == "json":
        print_json(data)
    else:
        click.echo(yaml.safe_dump(data, sort_keys=False), nl=False)
    return 0


def _quantity(value: Duration | Size) -> str:
    return value.text()


@command.command("reload")
@output_option
@socket_option
def reload(output: str, path: str) -> int:
    """Has the running agent read its configuration anew; a bad one changes nothing."""
    answer = control(path, "reload")
    if output == "json":
        print_json(answer)
    else:
        click.echo("configuration reloaded")
    return 0
