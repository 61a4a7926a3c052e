"""Object identifiers: tuples inside, dotted numbers outside."""

from functools import lru_cache

Oid = tuple[int, ...]
#: Longest and largest that SMIv2 allows (RFC 2578, 3.5): 128 numbers of 32 bits.
PARTS_MAX, PART_MAX = 128, 2**32 - 1


@lru_cache(maxsize=4096)
def parse_oid(text: str) -> Oid:
    """``.1.3.6.1`` or ``1.3.6.1``. Raises ValueError for anything else."""
    parts = text.strip().removeprefix(".").split(".")
    if len(parts) > PARTS_MAX or not all(p.isascii() and p.isdecimal() for p in parts):
        raise ValueError(f"not an OID: {text[:60]!r}")
    oid = tuple(int(p) for p in parts if len(p) <= 10)
    if len(oid) != len(parts) or max(oid) > PART_MAX:
        raise ValueError(f"not an OID: {text[:60]!r}")
    return oid


def show_oid(oid: Oid) -> str:
    """``1.3.6.1``, without a dot in front."""
    return ".".join(map(str, oid))


def after(prefix: Oid) -> Oid:
    """The first OID behind everything that begins with a prefix."""
    return (*prefix[:-1], prefix[-1] + 1)
