"""BER as SNMP uses it (X.690; RFC 3417, 8): definite lengths, one byte of tag. Pure.

Own code, because a poll is mostly this: pysnmp spends some hundred times as long on an answer. The
tests hold it against pysnmp's, with what agents send and with what nobody should.
"""

from functools import lru_cache

from .oid import PART_MAX, PARTS_MAX, Oid

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
#: Longest number: 64 bits without a sign, and the zero in front that keeps it positive.
_NUMBER_MAX = 9
#: Bytes of a length: more than a datagram needs.
_LENGTH_MAX = 4


class Damaged(ValueError):
    """What came in is no such message."""


def packed(tag: int, *parts: bytes) -> bytes:
    """A value of a tag; its parts stand one behind the other."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + content


def packed_number(value: int, tag: int = INTEGER) -> bytes:
    """An integer, in as few bytes as it needs."""
    return packed(tag, value.to_bytes(value.bit_length() // 8 + 1, signed=True))


@lru_cache(maxsize=4096)
def packed_oid(oid: Oid) -> bytes:
    """An OID of two numbers or more; the first two share a byte."""
    return packed(OID, b"".join(_base128(part) for part in (oid[0] * 40 + oid[1], *oid[2:])))


def _base128(number: int) -> bytes:
    """Seven bits a byte, the highest first; all but the last have bit 8 set."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))


def head(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag of the value at a place, where its content starts and ends. Raises Damaged, IndexError
    where the data ends."""
    tag, size, start = data[at], data[at + 1], at + 2
    if size > 0x7F:
        count = size & 0x7F
        if not 0 < count <= _LENGTH_MAX:
            raise Damaged(f"a length of {count} bytes")
        size = int.from_bytes(data[start : start + count])
        start += count
    if start + size > end:
        raise Damaged("it ends early")
    return tag, start, start + size


def inside(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Start and end of the content of a value that must have a tag. Raises as ``head``."""
    found, start, stop = head(data, at, end)
    if found != tag:
        raise Damaged(f"tag {found:#x} instead of {tag:#x}")
    return start, stop


def number(data: bytes, at: int, end: int) -> tuple[int, int]:
    """An integer, and the place behind it. Raises as ``head``."""
    start, stop = inside(data, at, end, INTEGER)
    return number_of(data[start:stop], True), stop


def octets(data: bytes, at: int, end: int) -> tuple[bytes, int]:
    """Octets, and the place behind them. Raises as ``head``."""
    start, stop = inside(data, at, end, OCTETS)
    return data[start:stop], stop


def number_of(content: bytes, signed: bool) -> int:
    """The integer that a content stands for. Raises Damaged."""
    if not 0 < len(content) <= _NUMBER_MAX:
        raise Damaged(f"a number of {len(content)} bytes")
    return int.from_bytes(content, signed=signed)


@lru_cache(maxsize=16384)
def oid_of(content: bytes) -> Oid:
    """The OID that a content stands for; remembered, as each round brings the same ones. Raises
    Damaged."""
    parts: list[int] = []
    part = 0
    for byte in content:
        part = part << 7 | byte & 0x7F
        if byte < 0x80:
            parts.append(part)
            part = 0
        elif part > PART_MAX:
            raise Damaged("a number of an OID is too large")
    if not parts or content[-1] > 0x7F or len(parts) >= PARTS_MAX:
        raise Damaged("no OID")
    if max(parts[1:], default=0) > PART_MAX:
        raise Damaged("a number of an OID is too large")
    first = min(parts[0] // 40, 2)
    return (first, parts[0] - first * 40, *parts[1:])
