"""Telling the neighbours where an address is now: gratuitous ARP and unsolicited NA.

Frames are built whole, Ethernet header first, and leave by one packet socket. Sources: RFC 826 and
RFC 5944, 4.6 (gratuitous ARP as request and as reply), RFC 4861, 4.4 and 7.2.6 (neighbour
advertisement), RFC 4443, 2.3 (checksum).
"""

import socket
import struct

_BROADCAST = b"\xff" * 6
_ALL_NODES_MAC = bytes.fromhex("333300000001")
_ALL_NODES = socket.inet_pton(socket.AF_INET6, "ff02::1")
_ARP, _IPV6 = 0x0806, 0x86DD
_ICMPV6, _SOLICITATION, _ADVERTISEMENT, _TARGET_LINK_ADDRESS = 58, 135, 136, 2
_ROUTER, _OVERRIDE = 0x80, 0x20
_HOP_LIMIT = 255
#: ARPHRD_ETHER: the link type that these frames are for (bonds, bridges and VLANs have it too).
ETHERNET = 1


def frames(address: str, mac: bytes, router: bool = False) -> list[bytes]:
    """Frames that announce ``ip/prefix`` at ``mac``; two of ARP, since hosts differ in which one
    they believe, or one advertisement. ``router`` must be true on a host that forwards IPv6, or
    neighbours drop it as their router. Raises ValueError, OSError on a bad address."""
    if len(mac) != 6:
        raise ValueError("not an Ethernet address")
    ip = address.partition("/")[0]
    if ":" in ip:
        return [_advertisement(socket.inet_pton(socket.AF_INET6, ip), mac, router)]
    packed = socket.inet_pton(socket.AF_INET, ip)
    return [_arp(1, packed, mac, bytes(6)), _arp(2, packed, mac, mac)]


def question(address: str, mac: bytes) -> bytes:
    """A frame that asks who has an IP address; neighbours learn nothing of who asks. It is an ARP
    probe (RFC 5227, 2.1.1), or a neighbour solicitation from the unspecified address (RFC 4861,
    4.3). Raises OSError on a bad address."""
    if ":" not in address:
        frame = _arp(1, bytes(4), mac, bytes(6))
        return frame[:-4] + socket.inet_pton(socket.AF_INET, address)
    target = socket.inet_pton(socket.AF_INET6, address)
    group = socket.inet_pton(socket.AF_INET6, "ff02::1:ff00:0")[:13] + target[13:]
    packet = _neighbour_packet(bytes(16), group, _SOLICITATION, bytes(4) + target)
    return b"\x33\x33" + group[12:] + mac + struct.pack("!H", _IPV6) + packet


def _arp(operation: int, ip: bytes, mac: bytes, target: bytes) -> bytes:
    header = _BROADCAST + mac + struct.pack("!H", _ARP)
    return header + struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + mac + ip + target + ip


def _advertisement(ip: bytes, mac: bytes, router: bool) -> bytes:
    flags = _OVERRIDE | (_ROUTER if router else 0)
    rest = struct.pack("!B3x", flags) + ip + struct.pack("!BB", _TARGET_LINK_ADDRESS, 1) + mac
    packet = _neighbour_packet(ip, _ALL_NODES, _ADVERTISEMENT, rest)
    return _ALL_NODES_MAC + mac + struct.pack("!H", _IPV6) + packet


def _neighbour_packet(source: bytes, target: bytes, kind: int, rest: bytes) -> bytes:
    """An IPv6 packet of neighbour discovery."""
    head = struct.pack("!BB", kind, 0)
    length = len(head) + 2 + len(rest)
    pseudo = source + target + struct.pack("!I3xB", length, _ICMPV6)
    icmp = head + struct.pack("!H", checksum(pseudo + head + b"\0\0" + rest)) + rest
    return struct.pack("!IHBB", 6 << 28, length, _ICMPV6, _HOP_LIMIT) + source + target + icmp


def checksum(data: bytes) -> int:
    """The Internet's checksum of an even number of bytes (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Announcer:
    """Sends announcements. Needs CAP_NET_RAW; raises OSError when made and when sending."""

    def __init__(self) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_PACKET, kind, 0)  # protocol 0 receives nothing

    def send(self, interface: str, address: str, mac: bytes) -> None:
        """Announces ``ip/prefix`` at ``mac`` once on an interface."""
        router = ":" in address and _forwards(interface)
        for frame in frames(address, mac, router):
            self._socket.sendto(frame, (interface, 0))

    def ask(self, interface: str, address: str, mac: bytes) -> None:
        """Asks once on an interface who has an IP address."""
        self._socket.sendto(question(address, mac), (interface, 0))

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()


def _forwards(interface: str) -> bool:
    try:
        with open(f"/proc/sys/net/ipv6/conf/{interface}/forwarding", "rb", buffering=0) as file:
            return file.read(4).strip() not in (b"", b"0")
    except OSError:
        return False
