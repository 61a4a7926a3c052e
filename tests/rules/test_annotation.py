"""Annotations: values in braces, safely."""

from typing import Any

import pytest

from hwagent.rules.annotation import template
from hwagent.rules.syntax import ExpressionError

NAMES = frozenset({"id", "celsius", "model", "slots"})


@pytest.mark.parametrize(
    ("text", "values", "shown"),
    [
        ("{id} is {celsius}", {"id": "disk:a", "celsius": 40.0}, "disk:a is 40"),
        ("{celsius:.1f} C", {"celsius": 40.26}, "40.3 C"),
        ("{celsius:.1f} C", {"celsius": "hot"}, "hot C"),
        ("{celsius:d}", {"celsius": 40.5}, "40.5"),
        ("{celsius:>6}|", {"celsius": 40}, "    40|"),
        ("{celsius:,d}", {"celsius": 1234567}, "1,234,567"),
        ("{celsius:x}", {"celsius": 255}, "ff"),
        ("{celsius:.1f} {model}", {}, "unknown unknown"),
        ("{{{id}}}", {"id": "x"}, "{x}"),
        ("{slots}", {"slots": ["a", "b"]}, "a, b"),
        ("{model}", {"model": "evil\x1b[2J\nname"}, "evil?[2J?name"),
        ("{celsius}", {"celsius": float("nan")}, "nan"),
        ("{celsius}", {"celsius": True}, "1"),
    ],
)
def test_values_are_filled_in(text: str, values: dict[str, Any], shown: str) -> None:
    assert template(text, NAMES).fill(values) == shown


def test_long_values_are_cut() -> None:
    assert len(template("{model}", NAMES).fill({"model": "x" * 100_000})) == 200
    assert len(template("{slots}", NAMES).fill({"slots": ["x" * 50] * 1000})) == 200


@pytest.mark.parametrize(
    "text",
    [
        *("{idd}", "{}", "{0}", "{id.__class__}", "{id[0]}", "{id!r}", "{id:{celsius}}"),
        *("{id:999999d}", "{id", "id}", "{celsius:.1q}"),
    ],
)
def test_all_else_is_an_error(text: str) -> None:
    with pytest.raises(ExpressionError):
        template(text, NAMES)
