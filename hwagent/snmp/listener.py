"""The port of traps. Thin: what comes is judged in ``traps.py``."""

import asyncio
import hashlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .pdu import Trap
from .traps import Reception, plain_source
from .usm import Clock

#: Who hears of a trap: name of the switch, and what it says.
Hears = Callable[[str, Trap], None]
#: An engine's name: a number at IANA (that of examples, RFC 5612), and octets of our own (RFC 3411,
#: SnmpEngineID).
_ENTERPRISE, _OWN_OCTETS = (0x80000000 | 32473).to_bytes(4), b"\x05"
#: Starts are counted in seconds since 2020, so that the numbers last until 2088.
_FIRST = 1577836800


class Listener(asyncio.DatagramProtocol):
    """Hears traps and acknowledges informs."""

    def __init__(self, reception: Reception, hears: Hears, dropped: Callable[[], None]) -> None:
        self._reception = reception
        self._hears = hears
        self._dropped = dropped
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """The port is open."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Something came, from whomever."""
        judged = self._reception.receive(time.monotonic(), data, plain_source(addr[0]))
        if judged.reply:
            self._transport.sendto(judged.reply, addr)
        if judged.trap is not None:
            self._hears(judged.name, judged.trap)
        if judged.why:
            self._dropped()


async def listen(place: tuple[str, int], listener: Listener) -> None:
    """Opens the port. Raises OSError."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: listener, place)


def own_clock() -> Clock:
    """Our own engine: its name is the same after each start, its count of starts the time, which
    grows from start to start without a file."""
    try:
        seed = Path("/etc/machine-id").read_bytes()
    except OSError:
        seed = socket.gethostname().encode() or os.urandom(8)
    own = hashlib.sha256(b"hwagent snmp" + seed.strip()).digest()[:8]
    return Clock(_ENTERPRISE + _OWN_OCTETS + own, int(time.time()) - _FIRST, 0, time.monotonic())
