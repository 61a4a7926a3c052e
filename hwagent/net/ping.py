"""Asking a host whether it is there: ICMP echo, in both families.

Sources: RFC 792 (echo), RFC 4443, 4.1 and 4.2, raw(7), linux/icmp.h and linux/icmpv6.h (filters).
"""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress

from .announce import checksum

#: Types of question and answer.
_V4, _V6 = (8, 0), (128, 129)
#: Options of raw sockets, which Python does not name: which types do not come in, a bit for each.
_SOL_RAW, _ICMP_FILTER, _ICMPV6_FILTER = 255, 1, 1
#: Answers read at a time; whoever floods us with more takes no longer.
_READS = 64
_HEADER = struct.Struct("!BBHHH")


class Ping:
    """Asks one address. Needs CAP_NET_RAW; raises OSError when made."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._six = ":" in address
        self._question, self._answer = _V6 if self._six else _V4
        self._socket = _six() if self._six else _four()
        self._mark = os.urandom(8)
        self._number = 0

    def ask(self) -> int:
        """Asks once; returns the question's number. What the kernel does not take is lost."""
        self._number = self._number % 0xFFFF + 1
        with suppress(OSError):
            self._socket.sendto(self._packet(), (self._address, 0))
        return self._number

    def answers(self) -> Iterator[int]:
        """Numbers of the questions that were answered since the last call; nothing waits."""
        for _ in range(_READS):
            try:
                packet, source = self._socket.recvfrom(256)
            except OSError:
                return
            if not self._six:  # its header comes along
                packet = packet[(packet[0] & 15) * 4 :]
            if source[0] != self._address or packet[_HEADER.size :] != self._mark:
                continue
            kind, _, _, _, number = _HEADER.unpack_from(packet)
            if kind == self._answer:
                yield number

    def close(self) -> None:
        """Asks no more."""
        self._socket.close()

    def _packet(self) -> bytes:
        """For IPv6 the kernel fills the checksum in."""
        fields = (self._question, 0, 0, os.getpid() & 0xFFFF, self._number)
        packet = _HEADER.pack(*fields) + self._mark
        if self._six:
            return packet
        return packet[:2] + checksum(packet).to_bytes(2, "big") + packet[4:]


def _four() -> socket.socket:
    s = _raw(socket.AF_INET, socket.IPPROTO_ICMP)
    s.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("=I", 0xFFFFFFFF & ~(1 << _V4[1])))
    return s


def _six() -> socket.socket:
    s = _raw(socket.AF_INET6, socket.IPPROTO_ICMPV6)
    words = [0xFFFFFFFF] * 8
    words[_V6[1] // 32] &= ~(1 << _V6[1] % 32)
    s.setsockopt(socket.IPPROTO_ICMPV6, _ICMPV6_FILTER, struct.pack("=8I", *words))
    return s


def _raw(family: socket.AddressFamily, protocol: int) -> socket.socket:
    kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    return socket.socket(family, kind, protocol)
