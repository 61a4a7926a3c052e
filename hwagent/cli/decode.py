"""``hwagent decode``: judges one captured file."""

import click
import msgspec

from hwagent.collect.registry import DECODERS
from hwagent.config import Config, ConfigError

from .output import exit_status, fail, output_option, print_json
from .show import print_look


@click.command("decode")
@click.argument("kind", type=click.Choice(sorted(DECODERS)))
@click.argument("file", type=click.Path())
@output_option
def command(kind: str, file: str, output: str) -> int:
    """Reads one captured FILE (- for standard input) as KIND and judges it."""
    from hwagent.daemon.loading import rule_set
    from hwagent.daemon.oneshot import decode
    from hwagent.model import worst

    try:
        rules = rule_set(Config())
    except ConfigError as e:
        fail(str(e))
    found = decode(kind, _read(file), rules)
    if output == "json":
        print_json(msgspec.to_builtins(found))
    else:
        print_look(found)
    return exit_status(worst(c.health for c in found.components))


def _read(file: str) -> bytes:
    """Content of the file. A file that cannot be read decodes as nothing, which is unknown."""
    try:
        with click.open_file(file, "rb") as stream:
            return bytes(stream.read())
    except OSError as e:
        click.echo(f"hwagent: {file}: {e.strerror}", err=True)
        return b""
