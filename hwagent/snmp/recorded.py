"""Recordings of snmpsim: one line per value, ``OID|tag|value``. Pure.

Source: snmpsim's documentation, "Managing simulation data" (tags are those of BER; an ``x`` behind
one says that the value is in hexadecimal, a ``:name`` that a module makes it up).
"""

from ipaddress import IPv4Address

from .oid import parse_oid
from .walk import Value, Walk

#: More in one file than the largest chassis answers.
VALUES_MAX = 1_000_000
_NUMBERS = ("2", "65", "66", "67", "70")
_OCTETS = ("4", "68")
_PROBLEMS_MAX = 20


def parse_recording(data: bytes) -> Walk:
    """The walk that a recording holds; lines that are damaged become problems of it."""
    values: dict[tuple[int, ...], Value] = {}
    problems: list[str] = []
    # bytes, as values may hold characters that text splits lines at
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip() or line.startswith(b"#"):
            continue
        try:
            oid, value = _line(line.rstrip(b"\r"))
        except ValueError as e:
            if len(problems) < _PROBLEMS_MAX:
                problems.append(f"line {number}: {e}")
            continue
        values[oid] = value
        if len(values) > VALUES_MAX:
            problems.append(f"more than {VALUES_MAX} values")
            break
    return Walk(values, problems)


def _line(line: bytes) -> tuple[tuple[int, ...], Value]:
    name, bar, rest = line.partition(b"|")
    tag, second, value = rest.partition(b"|")
    if not bar or not second:
        raise ValueError(f"not OID|tag|value: {line[:40]!r}")
    return parse_oid(name.decode("ascii", "replace")), _value(tag.decode("ascii", "replace"), value)


def _value(tag: str, value: bytes) -> Value:
    tag = tag.partition(":")[0]  # of a value that snmpsim varies, its base
    kind = tag.removesuffix("x")
    raw = _unhex(value) if tag.endswith("x") else value
    if kind in _NUMBERS:
        return _number(raw)
    if kind in _OCTETS:
        return raw
    if kind == "6":
        return parse_oid(raw.decode("ascii", "replace"))
    if kind == "64":
        return raw if len(raw) == 4 and tag != kind else _address(raw)
    if kind in ("5", "128", "129", "130"):
        return b""
    raise ValueError(f"unknown tag {tag[:10]!r}")


def _unhex(value: bytes) -> bytes:
    try:
        return bytes.fromhex(value.strip().decode("ascii").removeprefix("0x"))
    except ValueError:
        raise ValueError(f"not hexadecimal: {value[:40]!r}") from None


def _number(raw: bytes) -> int:
    text = raw.strip().decode("ascii", "replace")
    if len(text) > 21 or not text.removeprefix("-").isdecimal():
        raise ValueError(f"not a number: {text[:40]!r}")
    return int(text)


def _address(raw: bytes) -> bytes:
    """An address; people who share recordings put other words in their place."""
    try:
        return IPv4Address(raw.strip().decode("ascii")).packed
    except ValueError:
        return raw
