"""Finds tests by name in the files of the suite, without importing them."""

import ast
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent.parent


@cache
def tests_in(file: str) -> frozenset[str]:
    """Names of the tests in a file, by its path under ``tests``; none if there is no such file."""
    path = TESTS / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(
        node.name for node in tree.body if isinstance(node, kinds) and node.name.startswith("test_")
    )


def missing(*names: str) -> list[str]:
    """Those of ``file::test`` that are not there."""
    parted = (name.partition("::") for name in names)
    return [f"{file}::{test}" for file, _, test in parted if test not in tests_in(file)]


def numbered(directory: str, number: int) -> list[str]:
    """Tests of a directory that are named after an item of a checklist."""
    marks = (f"test_{number:02}_", f"test_checklist_{number:02}_")
    files = sorted(path.relative_to(TESTS).as_posix() for path in (TESTS / directory).glob("*.py"))
    return [f"{file}::{t}" for file in files for t in tests_in(file) if t.startswith(marks)]
