"""Packets that came in damaged though the card had passed them: their checksum is wrong.

A card drops a frame that the wire damaged. What gets past it was damaged elsewhere: in the memory
of a switch, of a card, or in the sender. Source: /proc/net/snmp (RFC 1213, and beside it the
kernel's own InCsumErrors).
"""

_COUNTER = "InCsumErrors"


def damaged(text: str) -> int | None:
    """How many, over all protocols of ``/proc/net/snmp``; None if it does not say."""
    counts = []
    names: dict[str, list[str]] = {}
    for line in text.splitlines():
        protocol, _, rest = line.partition(":")
        words = rest.split()
        if protocol not in names:
            names[protocol] = words
        elif _COUNTER in names[protocol]:
            at = names[protocol].index(_COUNTER)
            number = words[at] if at < len(words) else ""
            if not (number.isascii() and number.isdecimal() and len(number) < 20):
                return None
            counts.append(int(number))
    return sum(counts) if counts else None
