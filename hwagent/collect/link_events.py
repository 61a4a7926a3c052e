"""Link and address events of the kernel, by a plain rtnetlink socket.

Messages are those of include/uapi/linux/rtnetlink.h and if_link.h. Only what concerns health is
compared: RTM_NEWLINK also comes for a changed MTU or statistics.
"""

import errno
import socket
import struct
import sys
from typing import NamedTuple

from hwagent.net.netlink import attributes, messages

from .trigger import LINK_COLLECTORS, Trigger, interface_gone

_NEWLINK, _DELLINK, _NEWADDR, _DELADDR = 16, 17, 20, 21
_GROUPS = 0x1 | 0x10 | 0x100  # RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR
_IFNAME, _MASTER, _OPERSTATE, _CARRIER, _CARRIER_CHANGES = 3, 10, 16, 33, 35
_BUFFER = 1 << 20
_READ = 1 << 16
_READS_MAX = 64


class LinkState(NamedTuple):
    """What of a link concerns health; the counter tells of a flap that both ended up."""

    number: int
    flags: int
    name: str
    master: int
    operstate: int
    carrier: int
    carrier_changes: int


class LinkEvents:
    """Reads events of the network namespace that it was made in. Raises OSError when made."""

    def __init__(self) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
        )
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.bind((0, _GROUPS))
        self._socket.setblocking(False)
        self._links: dict[int, LinkState] = {}

    def fileno(self) -> int:
        """File descriptor to poll."""
        return self._socket.fileno()

    def read(self) -> list[Trigger]:
        """Triggers of all events that have come. Raises OSError if the socket is broken."""
        found: list[Trigger] = []
        for _ in range(_READS_MAX):
            try:
                data = self._socket.recv(_READ)
            except BlockingIOError:
                break
            except OSError as e:
                if e.errno != errno.ENOBUFS:
                    raise
                self._links.clear()
                found += _triggers("network events were lost")
                continue
            for kind, _, _, payload in messages(data):
                found += self._take(kind, payload)
        return found

    def _take(self, kind: int, payload: bytes) -> list[Trigger]:
        if kind in (_NEWADDR, _DELADDR):
            return [Trigger("nic", "", "an address changed")]
        if kind not in (_NEWLINK, _DELLINK) or (link := parse_link(payload)) is None:
            return []
        if kind == _DELLINK:
            self._links.pop(link.number, None)
            return [*_triggers(f"{link.name} is gone"), *interface_gone(link.name)]
        if self._links.get(link.number) == link:
            return []
        self._links[link.number] = link
        return _triggers(f"{link.name} changed")


def _triggers(reason: str) -> list[Trigger]:
    return [Trigger(collector, "", reason) for collector in LINK_COLLECTORS]


def parse_link(payload: bytes) -> LinkState | None:
    """A link out of an RTM_NEWLINK or RTM_DELLINK message; None if it is damaged, or about a
    bridge's port (AF_BRIDGE), which tells only a part."""
    if len(payload) < 16 or payload[0] != socket.AF_UNSPEC:
        return None
    index, flags = struct.unpack_from("=iI", payload, 4)
    found = dict(attributes(payload[16:]))
    return LinkState(
        number=index,
        flags=flags,
        name=found.get(_IFNAME, b"").split(b"\0", 1)[0].decode("ascii", "replace"),
        master=_number(found.get(_MASTER)),
        operstate=_number(found.get(_OPERSTATE)),
        carrier=_number(found.get(_CARRIER)),
        carrier_changes=_number(found.get(_CARRIER_CHANGES)),
    )


def _number(raw: bytes | None) -> int:
    return int.from_bytes((raw or b"")[:4], sys.byteorder)
