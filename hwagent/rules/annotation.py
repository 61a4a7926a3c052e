"""Annotations: ``{id} has {missing} missing disks`` with the values of a component filled in."""

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any, NamedTuple

from hwagent.config import nearest

from .syntax import ExpressionError

#: Widths are bounded: a format must not make a long text of a short one.
_FORMAT = re.compile(r"[<>^]?\+?[0-9]{0,2},?(?:\.[0-9]{1,2})?[dfeg%xs]?")
_TEXT_MAX = 200


class Template(NamedTuple):
    """A text with names in braces; ``reads`` are the names."""

    parts: tuple[tuple[str, str, str], ...]
    reads: frozenset[str]

    def fill(self, values: Mapping[str, Any]) -> str:
        """The text with the values; what is missing is ``unknown``."""
        return "".join(
            text + (_show(values.get(name), form) if name else "")
            for text, name, form in self.parts
        )


def template(text: str, names: frozenset[str]) -> Template:
    """Reads a text with names in braces, each with an optional format: ``{celsius:.1f}``.

    Raises ExpressionError for unknown names, attribute access and conversions.
    """
    try:
        found = list(Formatter().parse(text))
    except ValueError as e:
        raise ExpressionError(0, f"braces do not match: {e}", "write {{ for a brace") from None
    parts = []
    for before, name, form, conversion in found:
        if name is not None:
            _check(text, name, form or "", conversion or "", names)
        parts.append((before, name or "", form or ""))
    return Template(tuple(parts), frozenset(name for _, name, _ in parts if name))


def _check(text: str, name: str, form: str, conversion: str, names: frozenset[str]) -> None:
    at = max(text.find("{" + name), 0)
    if name not in names:
        hint = nearest(name, names) if name else "write {{ for a brace"
        raise ExpressionError(at, f"unknown name {name!r} in braces", hint)
    if conversion or not _FORMAT.fullmatch(form):
        wrong = f"!{conversion}" if conversion else f":{form}"
        raise ExpressionError(at, f"format {wrong!r} is not allowed", "such as {celsius:.1f}")


def _show(value: Any, form: str) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, int | float):
        try:
            return format(value, form or ("g" if isinstance(value, float) else "d"))
        except (ValueError, OverflowError):
            return str(value)[:_TEXT_MAX]
    if isinstance(value, list | tuple | set | frozenset):
        text = ", ".join(str(v) for v in value)
    else:
        text = str(value)
    return "".join(c if c.isprintable() else "?" for c in text[:_TEXT_MAX])
