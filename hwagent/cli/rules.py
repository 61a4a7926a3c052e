"""``hwagent rules check|test``."""

from pathlib import Path

import click

from hwagent.config import shipped

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
    problems = check_files(paths, known_vocabulary(), known_attributes(), known_actions())
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
    results = run_tests(paths, known_vocabulary(), known_attributes(), known_actions())
    failed = [r for r in results if r.problems]
    if output == "json":
        print_json({"tests": [{"name": r.name, "problems": r.problems} for r in results]})
    else:
        for result in failed:
            click.echo(f"FAILED {result.name}\n" + "\n".join(result.problems))
        click.echo(f"{len(results)} tests, {len(failed)} failed")
    return 2 if failed else 0
