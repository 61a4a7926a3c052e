"""Errors of rule files: all of them at once, each with its place."""

from collections.abc import Sequence

from hwagent.config import ConfigError, Place

from .syntax import ExpressionError


class RuleErrors(ConfigError):
    """Everything that is wrong in a set of rule files; ``problems`` are the single errors."""

    def __init__(self, problems: Sequence[ConfigError]) -> None:
        first = problems[0]
        super().__init__(first.place, first.what, first.path, first.hint)
        self.problems = list(problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def locate(lines: Sequence[str], start: Place, text: str, at: int) -> Place:
    """The place of an offset of a YAML string in its file.

    ``start`` is where the string begins; quotes, block marks and line folds are stepped over by
    walking both texts, white space apart.
    """
    row, column = start.line - 1, start.column - 1
    if row < len(lines) and lines[row][column : column + 1] in ("|", ">"):
        row, column = row + 1, 0
    visible = [c for c in text[: at + 1] if not c.isspace()]
    place = start
    for wanted in visible:
        found = _find(lines, row, column, wanted)
        if found is None:
            return place
        row, column = found
        place = start._replace(line=row + 1, column=column + 1)
        column += 1
    return place


def _find(lines: Sequence[str], row: int, column: int, wanted: str) -> tuple[int, int] | None:
    while row < len(lines):
        column = lines[row].find(wanted, column)
        if column >= 0:
            return row, column
        row, column = row + 1, 0
    return None


def at_place(
    error: ExpressionError, lines: Sequence[str], start: Place, text: str, path: str
) -> ConfigError:
    """An error in an expression or annotation as an error of its file."""
    return ConfigError(locate(lines, start, text, error.at), error.what, path, error.hint)
