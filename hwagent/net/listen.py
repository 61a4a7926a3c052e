"""Hearing who says that an address is his: ARP, and neighbour advertisements.

Packet sockets with a filter in the kernel that lets nothing through but what tells of the addresses
in question; nothing else wakes anybody or is copied. Sources: RFC 826 (the sender's addresses),
RFC 5227, 2.4 (a conflict is any ARP packet with our address as the sender's and another's MAC),
RFC 4861, 4.4 (neighbour advertisements), filter.txt in the kernel's documentation (classic BPF).
"""

import ctypes
import errno
import os
import socket
import struct
from collections.abc import Collection, Iterator
from typing import NamedTuple

_ARP, _IPV6 = 0x0806, 0x86DD
_SO_ATTACH_FILTER = 26
_LOAD_WORD, _LOAD_BYTE, _EQUAL, _RETURN = 0x20, 0x30, 0x15, 0x06
#: Bytes of a packet that are kept.
_SNAP = 128
#: Most addresses of a filter, of 4096 instructions; with more it lets all of its kind through.
_MOST = 2000
#: Packets read from one socket in one turn; the rest waits for the next.
_READS = 64
#: Where the sender stands in ARP, and the target in a neighbour advertisement.
_SENDER, _TARGET = slice(28, 32), slice(62, 78)

#: Operation of an ARP reply.
_REPLY = b"\0\2"

Instruction = tuple[int, int, int, int]


class Heard(NamedTuple):
    """A machine with this MAC address said on an interface that an IP address is its own.

    It is an ``answer`` if it may be one: advertisements that answer whoever did not say who he is
    go to all nodes (RFC 4861, 7.2.4), as those go that answer nobody.
    """

    interface: str
    address: str
    mac: bytes
    answer: bool = True


def program(family: int, addresses: Collection[bytes]) -> list[Instruction]:
    """The filter of a family for packed addresses; of IPv6 it compares the last four bytes."""
    six = family == socket.AF_INET6
    found: list[Instruction] = []
    if six:  # ICMPv6 is 58, a neighbour advertisement 136
        for offset, wanted in ((20, 58), (54, 136)):
            found += [(_LOAD_BYTE, 0, 0, offset), (_EQUAL, 1, 0, wanted), (_RETURN, 0, 0, 0)]
    if len(addresses) <= _MOST:
        found.append((_LOAD_WORD, 0, 0, 74 if six else 28))
        for (word,) in sorted({struct.unpack("!I", address[-4:]) for address in addresses}):
            found += [(_EQUAL, 0, 1, word), (_RETURN, 0, 0, _SNAP)]
    return [*found, (_RETURN, 0, 0, 0 if len(addresses) <= _MOST else _SNAP)]


class Ear:
    """Listens on one interface for some addresses. Raises OSError if it cannot (CAP_NET_RAW)."""

    def __init__(self, interface: str, addresses: Collection[str]) -> None:
        self._interface = interface
        self._sockets: list[tuple[socket.socket, int]] = []
        for family, protocol in ((socket.AF_INET, _ARP), (socket.AF_INET6, _IPV6)):
            wanted = {_packed(a) for a in addresses if (":" in a) == (family == socket.AF_INET6)}
            if wanted:
                self._sockets.append((_listening(interface, protocol, family, wanted), family))

    def heard(self) -> Iterator[Heard]:
        """What has come. Raises OSError if the interface is gone or off: a new one is needed."""
        for s, family in self._sockets:
            for _ in range(_READS):
                try:
                    packet = s.recv(_SNAP)
                except BlockingIOError:
                    break
                where = _SENDER if family == socket.AF_INET else _TARGET
                address = packet[where]
                if len(address) == where.stop - where.start:
                    known = socket.inet_ntop(family, address)
                    answer = family == socket.AF_INET6 or packet[20:22] == _REPLY
                    yield Heard(self._interface, known, packet[6:12], answer)

    def close(self) -> None:
        """Closes the sockets."""
        for s, _ in self._sockets:
            s.close()


def _packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def _listening(
    interface: str, protocol: int, family: int, addresses: Collection[bytes]
) -> socket.socket:
    """A socket that has its filter before the first packet comes."""
    kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    s = socket.socket(socket.AF_PACKET, kind, 0)
    try:
        code = b"".join(struct.pack("=HBBI", *one) for one in program(family, addresses))
        buffer = ctypes.create_string_buffer(code, len(code))
        filter = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
        s.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter)
        s.bind((interface, protocol))
    except OSError as e:
        s.close()
        raise OSError(e.errno, os.strerror(e.errno or errno.EIO), interface) from None
    return s
