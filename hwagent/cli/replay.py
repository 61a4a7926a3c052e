"""``hwagent replay``: judges a capture."""

import tarfile
import tempfile
from pathlib import Path

import click

from hwagent.config import ConfigError

from .output import fail, output_option, print_json
from .show import look_status, print_look


@click.command("replay")
@click.argument("capture", type=click.Path(path_type=Path))
@click.option("-c", "--config", "config_file", default="", help="Configuration file.")
@output_option
def command(capture: Path, config_file: str, output: str) -> int:
    """Judges a CAPTURE as `hwagent collect` would have judged the host."""
    from hwagent.collect.capture import unpack
    from hwagent.collect.root import Root
    from hwagent.config import load_config
    from hwagent.daemon.loading import rule_set
    from hwagent.daemon.oneshot import look

    with tempfile.TemporaryDirectory(prefix="hwagent-replay-") as directory:
        try:
            unpack(capture, Path(directory))
            config = load_config(config_file)
            found = look(Root(directory), config, rule_set(config))
        except (OSError, tarfile.TarError) as e:
            fail(f"{capture}: not a capture: {e}")
        except ConfigError as e:
            fail(str(e))
    if output == "json":
        print_json(found)
    else:
        print_look(found)
    return look_status(found)
