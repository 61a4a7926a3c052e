"""``python -m hwagent.rules test|check [FILES]``: rule files tried out while they are written."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from hwagent.collect import registry
from hwagent.collect.base import Collector
from hwagent.config import ConfigError, shipped

from .check import check
from .load import Names
from .testing import run_tests


def main(arguments: list[str]) -> int:
    """Exit status 0 if all is well, 1 if something is wrong, 2 for a wrong command line."""
    if not arguments or arguments[0] not in ("test", "check"):
        print("usage: python -m hwagent.rules test|check [FILE...]", file=sys.stderr)
        return 2
    command, *files = arguments
    try:
        return (_test if command == "test" else _check)([Path(f) for f in files])
    except ConfigError as e:
        print(e, file=sys.stderr)
        return 1


def _test(files: list[Path]) -> int:
    results = run_tests(files or sorted((shipped() / "rules.d/tests").glob("*.yaml")), *_names())
    for result in results:
        print(result)
    failed = sum(1 for result in results if result.failures)
    print(f"{len(results) - failed} passed, {failed} failed")
    return int(failed > 0)


def _check(files: list[Path]) -> int:
    problems = check(files or [shipped() / "rules.d"], *_names(), complete=not files)
    for problem in problems:
        print(problem)
    return int(bool(problems))


def _names() -> Names:
    """What rules may name: of every collector that can be imported, and of the agent itself."""
    found = list(_collectors())
    probe, rivals = (import_module(f"hwagent.daemon.{name}") for name in ("probe", "rivals"))
    vocabulary = dict(registry.vocabulary(found))
    vocabulary["probe"] = {metric.name: metric for metric in probe.PROBE_METRICS}
    vocabulary["vip"] = {metric.name: metric for metric in rivals.VIP_METRICS}
    attributes = {**registry.attribute_names(found), "probe": frozenset(probe.PROBE_ATTRIBUTES)}
    attributes["vip"] = frozenset(rivals.VIP_ATTRIBUTES)
    try:
        actions = import_module("hwagent.respond").action_names()
    except (ImportError, AttributeError):
        actions = None
    return Names(vocabulary, attributes, actions)


def _collectors() -> Iterator[Collector]:
    for name in registry.COLLECTORS:
        try:
            yield import_module(f"hwagent.collect.{name}").COLLECTOR()
        except (ImportError, AttributeError, SyntaxError) as e:
            print(f"collector {name} left out: {e}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
