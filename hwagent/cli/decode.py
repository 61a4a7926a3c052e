"""``hwagent decode``: judges one captured file."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from hwagent.collect.registry import DECODERS, decoder
from hwagent.config import Config, ConfigError
from hwagent.model import Sample

from .output import exit_status, fail, output_option, print_json
from .show import print_look

#: Nothing that these programs print is larger; a file that does not end is not read to its end.
SIZE_MAX = 64 * 2**20
#: Kinds that makers' tables are about.
_OF_SWITCHES = ("snmprec", "snmpwalk")


@click.command("decode")
@click.argument("kind", type=click.Choice(sorted(DECODERS)))
@click.argument("file", type=click.Path())
@click.option(
    "--makers", multiple=True, metavar="DIR",
    help="Of a switch: read it with makers' tables of yours too, as `makers` in the configuration.",
)  # fmt: skip
@output_option
def command(kind: str, file: str, makers: tuple[str, ...], output: str) -> int:
    """Reads one captured FILE (- for standard input) as KIND and judges it.

    A file that cannot be read, or is not of that kind, gives a component that is unknown, with the
    reason, and exit status 3.
    """
    from hwagent.daemon.loading import rule_set
    from hwagent.daemon.oneshot import Look, decode
    from hwagent.model import worst

    try:
        rules = rule_set(Config())
        read = _reader(kind, makers)
    except ConfigError as e:
        fail(str(e))
    data, problem = _read(file)
    found = decode(kind, data, rules, read)
    if problem:
        found = Look([msgspec.structs.replace(c, reason=problem) for c in found.components], [])
    if output == "json":
        print_json(msgspec.to_builtins(found))
    else:
        print_look(found)
    return exit_status(worst(c.health for c in found.components))


def _reader(kind: str, makers: tuple[str, ...]) -> Callable[[bytes], list[Sample]]:
    """What understands a file of this kind. Raises ConfigError for a maker's file that is wrong."""
    if not makers:
        return decoder(kind)
    if kind not in _OF_SWITCHES:
        fail(f"--makers is for {' and '.join(_OF_SWITCHES)}")
    from hwagent.snmp.makers import load_makers

    read: Any = decoder(kind)  # those of switches take makers too
    return partial(read, makers=load_makers(map(Path, makers)))


def _read(file: str) -> tuple[bytes, str]:
    """Content of the file, and why there is none: nothing decodes to what is unknown."""
    try:
        with click.open_file(file, "rb") as stream:
            return bytes(stream.read(SIZE_MAX)), ""
    except OSError as e:
        return b"", f"{file} cannot be read: {e.strerror}"
