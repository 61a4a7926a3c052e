"""``hwagent rules check|test|names``."""

from collections import Counter
from pathlib import Path

import click
import msgspec

from hwagent.config import ConfigError, nearest, shipped
from hwagent.model import Metric

from .complete import vocabulary_kinds
from .output import fail, output_option, print_json, print_table


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


@command.command("names")
@click.argument("kind", required=False, default="", shell_complete=vocabulary_kinds)
@output_option
def names(kind: str, output: str) -> int:
    """What rules may name: the metrics and attributes of a KIND, or all kinds and actions."""
    from hwagent.daemon.loading import known_actions, known_attributes, known_vocabulary

    words, attributes = known_vocabulary(), known_attributes()
    if kind and kind not in words:
        fail(f"no such kind {kind!r}; {nearest(kind, words) or 'see `hwagent rules names`'}")
    metrics = [(k, m) for k in ([kind] if kind else sorted(words)) for m in words[k].values()]
    if output == "json":
        print_json(
            {
                "metrics": [{"kind": k, **msgspec.to_builtins(m)} for k, m in metrics],
                "attributes": {k: sorted(attributes.get(k, ())) for k in dict(metrics)},
                "actions": sorted(known_actions()),
            }
        )
    elif kind:
        print_table(("metric", "type", "unit", "meaning"), [_row(m) for _, m in metrics])
        click.echo(f"\nattributes: {', '.join(sorted(attributes.get(kind, ()))) or 'none'}")
    else:
        counts = Counter(k for k, _ in metrics)
        print_table(("kind", "metrics"), sorted(counts.items()))
        click.echo(f"\nactions: {', '.join(sorted(known_actions()))}")
    return 0


def _row(metric: Metric) -> tuple[str, str, str, str]:
    return metric.name, metric.type, metric.unit, metric.help
