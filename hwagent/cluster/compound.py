"""Several messages in one packet: each with its length (two bytes) before it.

A packet is as long as fits into the path's MTU and never longer: what does not fit waits for the
next one, and what can never fit is refused where it is made.
"""

from collections.abc import Iterable

#: Bytes in front of each part.
LENGTH = 2
#: A part cannot be longer than two bytes can say.
PART_MAX = 0xFFFF


class TooLarge(Exception):
    """A message that fits into no packet."""


def pack(parts: Iterable[bytes]) -> bytes:
    """The parts as one payload. Raises TooLarge."""
    found = bytearray()
    for part in parts:
        if len(part) > PART_MAX:
            raise TooLarge(f"{len(part)} bytes")
        found += len(part).to_bytes(LENGTH, "big") + part
    return bytes(found)


def unpack(payload: bytes) -> tuple[list[bytes], bool]:
    """The parts of a payload, and whether its tail was whole; whole parts before it count."""
    parts: list[bytes] = []
    at = 0
    while at + LENGTH <= len(payload):
        end = at + LENGTH + int.from_bytes(payload[at : at + LENGTH], "big")
        if end > len(payload):
            return parts, False
        parts.append(payload[at + LENGTH : end])
        at = end
    return parts, at == len(payload)
