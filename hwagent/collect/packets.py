"""What the kernel counts of packets that went wrong on their way, though no card noticed.

Damaged ones came in with a wrong checksum: a card drops a frame that the wire damaged, so these
were damaged elsewhere, in the memory of a switch, of a card, or in the sender. Lost ones are
counted nowhere, but TCP has to send again what was lost. Source: /proc/net/snmp (RFC 1213, RFC
4022, and beside them the kernel's own InCsumErrors).
"""

from collections.abc import Mapping
from typing import NamedTuple

_COUNTER = "InCsumErrors"
#: A number, or None where the kernel named a counter and told no number.
Counts = Mapping[str, Mapping[str, int | None]]


class Tcp(NamedTuple):
    """Segments of TCP: sent, without those sent again; and sent again."""

    sent: int
    again: int


def counts(text: str) -> Counts:
    """``/proc/net/snmp``: numbers by protocol and name."""
    names: dict[str, list[str]] = {}
    found: dict[str, dict[str, int | None]] = {}
    for line in text.splitlines():
        protocol, _, rest = line.partition(":")
        words = rest.split()
        if protocol not in names:
            names[protocol] = words
        else:
            numbers = [_number(word) for word in words]
            missing = [None] * (len(names[protocol]) - len(numbers))
            found[protocol] = dict(zip(names[protocol], [*numbers, *missing], strict=False))
    return found


def damaged(found: Counts) -> int | None:
    """How many, over all protocols; None if the kernel does not say."""
    told = [numbers[_COUNTER] for numbers in found.values() if _COUNTER in numbers]
    known = [number for number in told if number is not None]
    return sum(known) if known and len(known) == len(told) else None


def tcp(found: Counts) -> Tcp | None:
    """Segments of TCP; None if the kernel does not say."""
    numbers = found.get("Tcp", {})
    sent, again = numbers.get("OutSegs"), numbers.get("RetransSegs")
    return None if sent is None or again is None else Tcp(sent, again)


def _number(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 20 else None
