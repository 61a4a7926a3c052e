"""``hwagent decode``: judges one captured file."""

import click
import msgspec

from hwagent.collect.registry import DECODERS
from hwagent.config import Config, ConfigError

from .output import exit_status, fail, output_option, print_json
from .show import print_look

#: Nothing that these programs print is larger; a file that does not end is not read to its end.
SIZE_MAX = 64 * 2**20


@click.command("decode")
@click.argument("kind", type=click.Choice(sorted(DECODERS)))
@click.argument("file", type=click.Path())
@output_option
def command(kind: str, file: str, output: str) -> int:
    """Reads one captured FILE (- for standard input) as KIND and judges it.

    A file that cannot be read, or is not of that kind, gives a component that is unknown, with the
    reason, and exit status 3.
    """
    from hwagent.daemon.loading import rule_set
    from hwagent.daemon.oneshot import Look, decode
    from hwagent.model import worst

    try:
        rules = rule_set(Config())
    except ConfigError as e:
        fail(str(e))
    data, problem = _read(file)
    found = decode(kind, data, rules)
    if problem:
        found = Look([msgspec.structs.replace(c, reason=problem) for c in found.components], [])
    if output == "json":
        print_json(msgspec.to_builtins(found))
    else:
        print_look(found)
    return exit_status(worst(c.health for c in found.components))


def _read(file: str) -> tuple[bytes, str]:
    """Content of the file, and why there is none: nothing decodes to what is unknown."""
    try:
        with click.open_file(file, "rb") as stream:
            return bytes(stream.read(SIZE_MAX)), ""
    except OSError as e:
        return b"", f"{file} cannot be read: {e.strerror}"
