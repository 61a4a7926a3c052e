"""``hwagent collect``: one round without a daemon."""

import click
import msgspec

from hwagent.config import ConfigError

from .output import fail, output_option, print_json
from .show import look_status, print_look


@click.command("collect")
@click.option("--root", default="/", help="Tree to read instead of this host.", metavar="DIR")
@click.option("-c", "--config", "config_file", default="", help="Configuration file.")
@output_option
def command(root: str, config_file: str, output: str) -> int:
    """Looks once at everything and judges it, without a daemon.

    A rule's `for` counts as served, so that one look says what would fire.
    """
    from hwagent.collect.root import Root
    from hwagent.config import load_config
    from hwagent.daemon.live import look_live
    from hwagent.daemon.loading import rule_set
    from hwagent.daemon.oneshot import look

    tree = Root(root)
    try:
        config = load_config(config_file)
        rules = rule_set(config)
    except ConfigError as e:
        fail(str(e))
    found = look_live(config, rules) if tree.live else look(tree, config, rules)
    if output == "json":
        print_json(msgspec.to_builtins(found))
    else:
        print_look(found)
    return look_status(found)
