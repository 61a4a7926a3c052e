"""Quantities as people write them: ``30s``, ``1h30m``, ``64MiB``."""

import re
from collections.abc import Mapping
from typing import Any

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
#: Units that are shown; 14d is plainer than 2w.
_PLAIN = ("ms", "s", "m", "h", "d")
_BYTES = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_BYTES |= {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_PART = re.compile(r"(\d+(?:\.\d+)?)([A-Za-z]+)")


class Duration(float):
    """Seconds; written ``500ms``, ``30s``, ``5m``, ``1h30m``, ``7d`` or a plain 0."""

    def text(self) -> str:
        """As people write it, in the largest unit that it is a whole number of."""
        return _text(self, {u: s for u, s in _SECONDS.items() if u in _PLAIN}, "s")


class Size(int):
    """Bytes; written ``64MiB``, ``1GB`` or a plain number of bytes."""

    def text(self) -> str:
        """As people write it, in the largest unit that it is a whole number of."""
        return _text(self, {u: b for u, b in _BYTES.items() if "i" in u or u == "B"}, "B")


UNIT_TYPES: tuple[type, ...] = (Duration, Size)


def duration(text: str) -> Duration:
    """Reads a duration. Raises ValueError that names the wrong unit and the right ones."""
    return Duration(_sum(text, _SECONDS, "duration"))


def size(text: str) -> Size:
    """Reads a size in bytes. Raises ValueError that names the wrong unit and the right ones."""
    return Size(_sum(text, _BYTES, "size"))


def parse_unit(type: type, value: Any) -> Duration | Size:
    """Decodes a value of a file as one of UNIT_TYPES. Raises ValueError."""
    if isinstance(value, str):
        return duration(value) if type is Duration else size(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        if type is Size:
            return Size(value)
        if value == 0:
            return Duration(0)
        raise ValueError(f"{value} has no unit: expected a duration such as {value}s or {value}m")
    raise ValueError(f"expected a {type.__name__.lower()} such as {_EXAMPLE[type]}")


_EXAMPLE = {Duration: "'30s'", Size: "'64MiB'"}


def _text(value: float, units: Mapping[str, float], base: str) -> str:
    for unit, size in sorted(units.items(), key=lambda u: -u[1]):
        if value and not round(value / size, 9) % 1:
            return f"{round(value / size)}{unit}"
    return f"{value:g}{base}"


def _sum(text: str, units: dict[str, float] | dict[str, int], what: str) -> float:
    total, end = 0.0, 0
    for match in _PART.finditer(text):
        if match.start() != end or match[2] not in units:
            break
        total += float(match[1]) * units[match[2]]
        end = match.end()
    if end != len(text) or not text:
        raise ValueError(f"{text!r} is not a {what}: units are {', '.join(units)}")
    return total
