"""Hearing who says that an address is his: ARP, and neighbour advertisements.

Packet sockets with a filter in the kernel that lets nothing through but what tells of the addresses
in question; nothing else wakes anybody or is copied. Sources: RFC 826 (the sender's addresses),
RFC 5227, 2.4 (a conflict is any ARP packet with our address as the sender's and another's MAC),
RFC 4861, 4.4 (neighbour advertisements), filter.txt in the kernel's documentation (classic BPF).
"""

import ctypes
import os
import socket
import struct
from collections.abc import Collection, Iterator
from typing import NamedTuple

#: Ethernet types of ARP and IPv6.
_PROTOCOLS = {socket.AF_INET: 0x0806, socket.AF_INET6: 0x86DD}
_SO_ATTACH_FILTER = 26
_LOAD_WORD, _LOAD_BYTE, _EQUAL, _RETURN = 0x20, 0x30, 0x15, 0x06
#: Bytes of a packet that are kept.
_SNAP = 128
#: Most addresses of a filter, which must fit into net.core.optmem_max (20 KiB before Linux 6.7);
#: with more it lets all of its kind through.
_MOST = 500
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
    """Listens on all interfaces, for the addresses that are wanted. Raises OSError if it may not
    (CAP_NET_RAW).

    The sockets are made at once: the kernel waits some time for each when it closes them, those of
    a process that is killed from the last one on, and what its guardian waits for comes first then.
    """

    def __init__(self) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        self._sockets = {
            family: socket.socket(socket.AF_PACKET, kind, 0) for family in _PROTOCOLS
        }  # of protocol 0, which receives nothing
        self._listening: set[socket.AddressFamily] = set()

    def listen(self, addresses: Collection[str]) -> None:
        """Takes the addresses; others are not heard of any more. Raises OSError."""
        for family, s in self._sockets.items():
            wanted = {_packed(a) for a in addresses if (":" in a) == (family == socket.AF_INET6)}
            if wanted or family in self._listening:
                _filter(s, program(family, wanted))
            if wanted and family not in self._listening:
                _bind(s, _PROTOCOLS[family])
                self._listening.add(family)

    def heard(self) -> Iterator[Heard]:
        """What has come."""
        for family in self._listening:
            where = _SENDER if family == socket.AF_INET else _TARGET
            for _ in range(_READS):
                try:
                    packet, source = self._sockets[family].recvfrom(_SNAP)
                except OSError:
                    break
                address = packet[where]
                if len(address) == where.stop - where.start:
                    known = socket.inet_ntop(family, address)
                    answer = family == socket.AF_INET6 or packet[20:22] == _REPLY
                    yield Heard(source[0], known, packet[6:12], answer)


def _packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def _filter(s: socket.socket, instructions: list[Instruction]) -> None:
    code = b"".join(struct.pack("=HBBI", *one) for one in instructions)
    buffer = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("@HP", len(instructions), ctypes.addressof(buffer))
    s.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, head)


def _bind(s: socket.socket, protocol: int) -> None:
    """Binds to a protocol on all interfaces (packet(7)), which socket.bind does not know."""
    address = struct.pack("=H2sI12x", socket.AF_PACKET, struct.pack("!H", protocol), 0)
    if ctypes.CDLL(None, use_errno=True).bind(s.fileno(), address, len(address)) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
