"""``hwagent capture``: a redacted tarball of what the agent reads of this host."""

import secrets
from pathlib import Path

import click

from .output import fail, output_option, print_json


@click.command("capture")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--root", default="/", help="Tree to capture instead of this host.", metavar="DIR")
@click.option("--no-redact", is_flag=True, help="Keep serial numbers, addresses and host names.")
@output_option
def command(file: Path, root: str, no_redact: bool, output: str) -> int:
    """Saves what every collector reads to FILE (.tar.gz), for `hwagent replay` and bug reports.

    Serial numbers, world wide names, MAC addresses and the host name are replaced.
    """
    from hwagent.collect.capture import write_capture
    from hwagent.collect.recording import RecordingRoot
    from hwagent.collect.registry import collectors

    from .capturing import read_everything

    tree = RecordingRoot(root)
    problems = read_everything(tree, collectors())
    try:
        count = write_capture(tree, file, None if no_redact else secrets.token_bytes(16))
    except OSError as e:
        fail(f"{file}: {e.strerror}")
    if output == "json":
        print_json({"file": str(file), "files": count, "problems": problems})
    else:
        click.echo(f"{file}: {count} files")
        for problem in problems:
            click.echo(f"  not captured: {problem}")
    return 0
