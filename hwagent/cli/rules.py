"""``hwagent rules check|test``."""

from pathlib import Path

import click

from hwagent.config import ConfigError, shipped

from .output import fail, output_option, print_json


@click.group("rules")
def command() -> None:
    """Rule files: check them, run their unit tests."""


@command.command("check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@output_option
def check(files: tuple[Path, ...], output: str) -> int:
    """Checks rule FILES or directories; without any, the shipped ones."""
    from hwagent.daemon.loading import known_actions, known_attributes, known_vocabulary
    from hwagent.rules.check import check as check_files

    paths = list(files) or [shipped() / "rules.d"]
    names = (known_vocabulary(), known_attributes(), known_actions())
    problems = check_files(paths, *names, complete=not files)
    if output == "json":
        print_json({"ok": not problems, "problems": [str(p) for p in problems]})
    elif problems:
        fail("\n".join(str(p) for p in problems))
    else:
        click.echo("rules are good")
    return 3 if problems else 0


@command.command("test")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@output_option
def test(files: tuple[Path, ...], output: str) -> int:
    """Runs unit tests of rules in promtool's shape; without FILES, the shipped ones."""
    from hwagent.daemon.loading import known_actions, known_attributes, known_vocabulary
    from hwagent.rules.testing import run_tests

    paths = list(files) or sorted((shipped() / "rules.d" / "tests").glob("*.yaml"))
    try:
        results = run_tests(paths, known_vocabulary(), known_attributes(), known_actions())
    except ConfigError as e:
        fail(str(e))
    failed = [r for r in results if r.failures]
    if output == "json":
        print_json({"tests": [{"name": r.name, "failures": r.failures} for r in results]})
    else:
        for result in failed:
            click.echo(str(result))
        click.echo(f"{len(results)} tests, {len(failed)} failed")
    return 2 if failed else 0
