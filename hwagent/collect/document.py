"""Reading decoded JSON without trusting it: every value is checked once, here."""

import json
import math
from typing import Any

from .gather import NUMBER_MAX, Gather
from .root import SIZE_MAX, Root

#: A list of ours that is longer than this (self-tests, attributes, devices) is damage.
ITEMS_MAX = 1024
#: Texts are cut here: names and messages are shorter.
TEXT_MAX = 200


def load(data: bytes) -> Any:
    """Parses JSON text. Raises ValueError for what is not JSON, too large or nested too deeply."""
    if len(data) > SIZE_MAX:
        raise ValueError(f"larger than {SIZE_MAX} bytes")
    if not data.strip():
        raise ValueError("empty")
    try:
        return json.loads(data.decode("utf-8-sig", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError as e:
        raise ValueError(f"not valid JSON: {e}") from None


def dig(node: Any, *path: str | int) -> Any:
    """The value at a path of keys and indexes; None where the path leads nowhere."""
    for step in path:
        if isinstance(step, str) and isinstance(node, dict):
            node = node.get(step)
        elif isinstance(step, int) and isinstance(node, list) and step < len(node):
            node = node[step]
        else:
            return None
    return node


def text(node: Any, *path: str | int) -> str:
    """A text, stripped and cut; empty if there is none."""
    value = dig(node, *path)
    return value.strip()[:TEXT_MAX] if isinstance(value, str) else ""


def number(node: Any, *path: str | int) -> int | float | None:
    """A finite number, also one written as a text of digits; None for anything else."""
    value = dig(node, *path)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 50:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if -NUMBER_MAX <= value <= NUMBER_MAX and math.isfinite(value) else None


def whole(node: Any, *path: str | int) -> int | None:
    """A whole number; None for anything else."""
    value = number(node, *path)
    return value if isinstance(value, int) else None


def objects(node: Any, *path: str | int) -> list[dict[str, Any]]:
    """The objects in a list, at most ITEMS_MAX; empty if there is no list."""
    value = dig(node, *path)
    return [v for v in value[:ITEMS_MAX] if isinstance(v, dict)] if isinstance(value, list) else []


#: A document has no files behind it.
_NOWHERE = Root()


class Report(Gather):
    """Builds the Sample of one component from values of a document instead of files."""

    def __init__(self, id: str, kind: str) -> None:
        super().__init__(id, kind, _NOWHERE)

    def take(
        self,
        metric: str,
        value: Any,
        scale: float = 1,
        least: float = 0,
        most: float = NUMBER_MAX,
    ) -> None:
        """Puts a number into a metric, times ``scale``; None means that there is no such thing,
        while a value that is no number or outside ``least`` to ``most`` is a problem."""
        if value is None:
            return
        found = number(value)
        if found is None or not least <= found <= most:
            self.problem(metric, f"absurd value: {str(value)[:40]}")
        else:
            self.set(metric, found * scale)

    def note(self, name: str, value: Any) -> None:
        """Puts a descriptive value into an attribute unless it is empty."""
        if value is not None and value != "" and value != [] and value != {}:
            self.attributes[name] = value
