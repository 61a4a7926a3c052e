"""How messages of netlink are taken apart (RFC 3549; include/uapi/linux/netlink.h)."""

import struct
from collections.abc import Iterator


def messages(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Type, flags, sequence number and payload of each message; stops at a damaged one."""
    at = 0
    while at + 16 <= len(data):
        length, kind, flags, sequence = struct.unpack_from("=IHHI", data, at)
        if length < 16 or at + length > len(data):
            return
        yield kind, flags, sequence, data[at + 16 : at + length]
        at += (length + 3) & ~3


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and payload of each attribute; stops at a damaged one."""
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4 or at + length > len(data):
            return
        yield kind & 0x3FFF, data[at + 4 : at + length]  # without NLA_F_NESTED, NET_BYTEORDER
        at += (length + 3) & ~3
