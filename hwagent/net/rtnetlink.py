"""Addresses and links by raw rtnetlink: what the holder needs of it, and no library.

Messages are those of include/uapi/linux/rtnetlink.h, if_link.h and if_addr.h (rtnetlink(7)). An
address is text, ``ip/prefix``, in the form that inet_ntop(3) gives.
"""

import errno
import os
import socket
import struct
import sys
from collections.abc import Iterator
from typing import NamedTuple

from .netlink import attributes, messages

#: IFA_PROTO of our addresses (kernel 5.18 and newer keep it, ip(8) 6.3 and newer show it).
TAG = 0x77

_NEWLINK, _DELLINK, _GETLINK, _SETLINK = 16, 17, 18, 19
_NEWADDR, _DELADDR, _GETADDR = 20, 21, 22
_NEWNEIGH, _GETNEIGH = 28, 30
_IFLA_LINKINFO, _IFLA_INFO_KIND, _IFLA_INFO_DATA, _IFLA_MACVLAN_MODE = 18, 1, 2, 1
_MACVLAN_PRIVATE = 1
_NDA_DST, _NDA_LLADDR = 1, 2
_ERROR, _DONE = 2, 3
_REQUEST, _ACK, _EXCL, _CREATE, _DUMP = 0x1, 0x4, 0x200, 0x400, 0x300
_DUMP_INTR = 0x10
_GROUP_LINK, _GROUP_IPV4, _GROUP_IPV6 = 0x1, 0x10, 0x100
_IFA_ADDRESS, _IFA_LOCAL, _IFA_CACHEINFO, _IFA_FLAGS, _IFA_PROTO = 1, 2, 6, 8, 11
_IFA_F_NODAD, _IFA_F_DADFAILED = 0x02, 0x08
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_LINK, _IFLA_CARRIER, _IFLA_CARRIER_CHANGES = 1, 3, 5, 33, 35
_IFLA_LINK_NETNSID = 37
_FOREVER = 0xFFFFFFFF
_IFF_UP = 0x1
_READ = 1 << 18
_BUFFER = 1 << 20
_TRIES = 5
#: Longest wait for an answer; the kernel answers before send(2) returns, so it is never reached.
_PATIENCE = 2.0


class Link(NamedTuple):
    """A link as the kernel last told; ``gone`` if it told that it was removed.

    ``below`` is the number of the link of this network namespace that it stands on, as a VLAN does
    on its NIC; 0 if there is none.
    """

    number: int
    name: str
    kind: int
    mac: bytes
    up: bool
    carrier: bool
    carrier_changes: int
    gone: bool
    below: int = 0


class Address(NamedTuple):
    """An address on a link; ``tagged`` if a holder set it; ``gone`` if it was just removed.

    One that is ``refused`` failed duplicate address detection: the kernel does not use it.
    """

    number: int
    address: str
    tagged: bool
    gone: bool
    refused: bool = False


def canonical(text: str) -> str:
    """``ip/prefix`` in the kernel's form. Raises ValueError."""
    _, packed, prefix = _split(text)
    return _text(packed, prefix)


def _split(text: str) -> tuple[int, bytes, int]:
    ip, _, length = text.partition("/")
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    try:
        packed = socket.inet_pton(family, ip)
    except OSError:
        raise ValueError(f"{text!r} is not an IP address with prefix length") from None
    if not length.isascii() or not length.isdigit() or int(length) > len(packed) * 8:
        raise ValueError(f"{text!r} is not an IP address with prefix length")
    return family, packed, int(length)


def _text(packed: bytes, prefix: int) -> str:
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    return f"{socket.inet_ntop(family, packed)}/{prefix}"


def parse(kind: int, payload: bytes) -> Link | Address | None:
    """The link or address in a message; None if it is neither, or damaged.

    A bridge tells of its ports in link messages of its own family, without their carrier.
    """
    if kind in (_NEWLINK, _DELLINK) and len(payload) >= 16 and payload[0] == socket.AF_UNSPEC:
        return _link(payload, kind == _DELLINK)
    if kind in (_NEWADDR, _DELADDR) and len(payload) >= 8:
        return _address(payload, kind == _DELADDR)
    return None


def _link(payload: bytes, gone: bool) -> Link:
    device, index, flags = struct.unpack_from("=HiI", payload, 2)
    found = dict(attributes(payload[16:]))
    return Link(
        number=index,
        name=found.get(_IFLA_IFNAME, b"").split(b"\0", 1)[0].decode("utf-8", "surrogateescape"),
        kind=device,
        mac=found.get(_IFLA_ADDRESS, b""),
        up=bool(flags & _IFF_UP),
        carrier=any(found.get(_IFLA_CARRIER, b"")),
        carrier_changes=_number(found.get(_IFLA_CARRIER_CHANGES, b"")),
        gone=gone,
        below=0 if _IFLA_LINK_NETNSID in found else _number(found.get(_IFLA_LINK, b"")),
    )


def _number(data: bytes) -> int:
    return int.from_bytes(data, sys.byteorder)


def _address(payload: bytes, gone: bool) -> Address | None:
    prefix, flags, index = struct.unpack_from("=xBBxI", payload)
    found = dict(attributes(payload[8:]))
    # IFA_ADDRESS is the other end on a point-to-point link; IFA_LOCAL is absent for IPv6
    packed = found.get(_IFA_LOCAL, found.get(_IFA_ADDRESS, b""))
    if len(packed) not in (4, 16):
        return None
    tagged = found.get(_IFA_PROTO) == bytes([TAG])
    return Address(index, _text(packed, prefix), tagged, gone, bool(flags & _IFA_F_DADFAILED))


def _attribute(kind: int, payload: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def address_message(index: int, address: str) -> bytes:
    """Payload that adds or deletes an address (struct ifaddrmsg). Raises ValueError.

    IPv6 addresses come without duplicate address detection, which would keep them silent for a
    second and give them up if the last owner still answers, and deprecated (RFC 4862, 5.5.4), so
    that no connection of this host starts from an address that may move.
    """
    family, packed, prefix = _split(address)
    parts = _attribute(_IFA_LOCAL, packed) + _attribute(_IFA_ADDRESS, packed)
    parts += _attribute(_IFA_PROTO, bytes([TAG]))
    if family == socket.AF_INET6:
        parts += _attribute(_IFA_FLAGS, struct.pack("=I", _IFA_F_NODAD))
        parts += _attribute(_IFA_CACHEINFO, struct.pack("=4I", 0, _FOREVER, 0, 0))
    return struct.pack("=BBBBI", family, prefix, 0, 0, index) + parts


class Netlink:
    """Requests to the kernel. Every method raises OSError with the kernel's error number.

    The kernel works on a request before send(2) returns; it can wait there for a lock that slow
    drivers hold, which nobody in user space can avoid.
    """

    def __init__(self) -> None:
        self._socket = _open(0)
        self._socket.settimeout(_PATIENCE)
        self._sequence = 0

    def links(self) -> list[Link]:
        """All links of this network namespace."""
        found = self._dump(_GETLINK, struct.pack("=BxHiII", 0, 0, 0, 0, 0))
        return [item for item in found if isinstance(item, Link)]

    def addresses(self) -> list[Address]:
        """All addresses of this network namespace."""
        found = self._dump(_GETADDR, struct.pack("=BBBBI", 0, 0, 0, 0, 0))
        return [item for item in found if isinstance(item, Address)]

    def add_address(self, interface: str, address: str) -> None:
        """Adds a tagged address; EEXIST if it is there, whoever set it."""
        message = address_message(_index(interface), address)
        self._change(_NEWADDR, _CREATE | _EXCL, message)

    def delete_address(self, interface: str, address: str) -> None:
        """Takes an address away; it is no error if it, or its interface, is gone already."""
        try:
            self._change(_DELADDR, 0, address_message(_index(interface), address))
        except OSError as e:
            if e.errno not in (errno.EADDRNOTAVAIL, errno.ENODEV):
                raise

    def set_up(self, interface: str, up: bool) -> None:
        """Switches a link on or off."""
        index = _index(interface)
        flags = _IFF_UP if up else 0
        self._change(_SETLINK, 0, struct.pack("=BxHiII", 0, 0, index, flags, _IFF_UP))

    def add_macvlan(self, name: str, parent: str, mac: bytes) -> None:
        """Makes a link with a MAC address of its own on another one; it is off."""
        data = _attribute(_IFLA_MACVLAN_MODE, struct.pack("=I", _MACVLAN_PRIVATE))
        kind = _attribute(_IFLA_INFO_KIND, b"macvlan") + _attribute(_IFLA_INFO_DATA, data)
        parts = _attribute(_IFLA_IFNAME, name.encode() + b"\0")
        parts += _attribute(_IFLA_LINK, struct.pack("=I", _index(parent)))
        parts += _attribute(_IFLA_ADDRESS, mac) + _attribute(_IFLA_LINKINFO, kind)
        head = struct.pack("=BxHiII", 0, 0, 0, 0, 0)
        self._change(_NEWLINK, _CREATE | _EXCL, head + parts)

    def delete_link(self, interface: str) -> None:
        """Takes a link away; it is no error if it is gone already."""
        try:
            self._change(_DELLINK, 0, struct.pack("=BxHiII", 0, 0, _index(interface), 0, 0))
        except OSError as e:
            if e.errno != errno.ENODEV:
                raise

    def neighbour(self, interface: str, address: str) -> bytes:
        """The MAC address under which this host knows a neighbour; empty if it knows none."""
        family, packed, _ = _split(f"{address}/0")
        head = struct.pack("=BxxxiHBB", family, _index(interface), 0, 0, 0)
        self._send(_GETNEIGH, _ACK, head + _attribute(_NDA_DST, packed))
        try:
            for kind, _, body in self._answers():
                if kind == _NEWNEIGH:
                    return dict(attributes(body[12:])).get(_NDA_LLADDR, b"")
        except OSError as e:
            if e.errno not in (errno.ENOENT, errno.EINVAL):
                raise
        return b""

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def _send(self, kind: int, flags: int, payload: bytes) -> None:
        self._sequence += 1
        header = (16 + len(payload), kind, _REQUEST | flags, self._sequence, 0)
        self._socket.send(struct.pack("=IHHII", *header) + payload)

    def _change(self, kind: int, flags: int, payload: bytes) -> None:
        self._send(kind, flags | _ACK, payload)
        for _ in self._answers():
            pass

    def _dump(self, kind: int, payload: bytes) -> list[Link | Address]:
        for _ in range(_TRIES):
            self._send(kind, _DUMP, payload)
            whole, found = True, []
            for got, flags, body in self._answers():
                whole = whole and not flags & _DUMP_INTR
                if (item := parse(got, body)) is not None:
                    found.append(item)
            if whole:
                break
        return found

    def _answers(self) -> Iterator[tuple[int, int, bytes]]:
        while True:
            for kind, flags, sequence, payload in messages(self._socket.recv(_READ)):
                if sequence != self._sequence:
                    continue
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    _check(payload)
                    return
                yield kind, flags, payload


def _index(interface: str) -> int:
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), interface) from None


def _check(payload: bytes) -> None:
    (number,) = struct.unpack_from("=i", payload) if len(payload) >= 4 else (-errno.EBADMSG,)
    if number:
        raise OSError(-number, os.strerror(-number))


class Events:
    """Changes of addresses, and of links if wanted, in this network namespace. Raises OSError."""

    def __init__(self, links: bool = True) -> None:
        self._socket = _open(_GROUP_IPV4 | _GROUP_IPV6 | (_GROUP_LINK if links else 0))
        self._socket.setblocking(False)

    def fileno(self) -> int:
        """File descriptor to poll."""
        return self._socket.fileno()

    def read(self) -> list[Link | Address] | None:
        """Changes that have come; None if the kernel dropped some, so that all must be read anew.

        Raises OSError if the socket is broken.
        """
        try:
            data = self._socket.recv(_READ)
        except BlockingIOError:
            return []
        except OSError as e:
            if e.errno != errno.ENOBUFS:
                raise
            return None
        found = (parse(kind, payload) for kind, _, _, payload in messages(data))
        return [item for item in found if item is not None]

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()


def _open(groups: int) -> socket.socket:
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
    opened = socket.socket(socket.AF_NETLINK, kind, socket.NETLINK_ROUTE)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    opened.bind((0, groups))
    return opened
