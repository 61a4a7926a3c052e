"""Takes the addresses of a holder away that cannot do so itself any more.

The kernel keeps an address whatever becomes of the process that set it. The guardian, in a process
of its own, keeps a connection to the holder. When that ends, the addresses go at once. A holder
that is stopped or starved keeps its connection, so it is asked every quarter of a second too, and
loses the addresses when it has not answered for ``patience`` seconds.

What this cannot do: up to ``patience`` seconds the host answers for an address whose holder is
frozen, and a guardian that is frozen or killed with it takes nothing away. Alone on its host that
does no harm; where another host may take the address over in the meantime it would, and only a gate
in the kernel that closes by itself rules it out.
"""

import asyncio
import sys

import msgspec

from hwagent.net.rtnetlink import Netlink

from .claim import owner
from .effects import Place
from .protocol import LINE_MAX, Ping, Reply, Status, clock
from .realtime import hurry

#: Seconds between questions.
INTERVAL = 0.25
#: Seconds between looks for a holder where there is none.
PAUSE = 0.25
_decoder: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


class Pulse:
    """Whether the other side lives; our own standing still is not held against it. Pure."""

    def __init__(self, now: float, patience: float) -> None:
        self._patience = patience
        self._looked = self._heard = now

    def heard(self, now: float) -> None:
        """The other side has answered."""
        self._looked = self._heard = now

    def silent(self, now: float) -> bool:
        """True if there was no answer for too long; to be asked every INTERVAL."""
        if now - self._looked > 2 * INTERVAL:
            self._heard = now
        self._looked = now
        return now - self._heard > self._patience


class Guardian:
    """Watches the holder at a Unix socket; needs CAP_NET_ADMIN in its network namespace."""

    def __init__(self, path: str, patience: float = 1.0) -> None:
        self._path = path
        self._patience = patience
        self._held: set[Place] = set()

    async def watch(self) -> None:
        """Watches until cancelled. The process takes real-time priority, if it may."""
        hurry()
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._path, limit=LINE_MAX)
            except OSError:
                self._without()
                await asyncio.sleep(PAUSE)
                continue
            try:
                await self._session(reader, writer)
            except (OSError, ValueError, msgspec.DecodeError) as e:
                print(f"hwagent guardian: the holder's connection: {e}", file=sys.stderr)
            finally:
                writer.close()
            self._without()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Asks and listens until the connection ends."""
        pulse, number, asked, gone = Pulse(clock(), self._patience), 0, 0.0, False
        while True:
            if clock() - asked >= INTERVAL and writer.transport.get_write_buffer_size() == 0:
                number, asked = number + 1, clock()
                writer.write(msgspec.json.encode(Ping(number)) + b"\n")
            line = await _line(reader)
            if line is not None and not line.endswith(b"\n"):
                return
            if line is not None:
                pulse.heard(clock())
                gone = False
                self._note(_decoder.decode(line))
            elif pulse.silent(clock()) and not gone:
                gone = self._remove("the holder does not answer")

    def _note(self, reply: Reply) -> None:
        if isinstance(reply, Status):
            held = (vip for vip in reply.vips if vip.state == "held")
            self._held = {Place(vip.interface, vip.address) for vip in held}

    def _without(self) -> None:
        """There is no holder at our socket; one at another socket minds the addresses itself."""
        if owner() is None:
            self._remove("there is no holder")

    def _remove(self, reason: str) -> bool:
        """Takes away what is tagged and, as older kernels keep no tag, what the holder held."""
        try:
            for place in remove(self._held):
                print(f"hwagent guardian: {reason}, took {place.address} away", file=sys.stderr)
        except OSError as e:
            print(f"hwagent guardian: {reason}, cannot take addresses away: {e}", file=sys.stderr)
            return False
        self._held = set()
        return True


async def _line(reader: asyncio.StreamReader) -> bytes | None:
    """The next line; empty at the end, None if there was none in time."""
    try:
        async with asyncio.timeout(INTERVAL):
            return await reader.readline()
    except TimeoutError:
        return None


def remove(held: set[Place]) -> list[Place]:
    """Takes tagged addresses of this network namespace away, and those given. Raises OSError."""
    netlink = Netlink()
    try:
        names = {link.number: link.name for link in netlink.links()}
        found = []
        for item in netlink.addresses():
            place = Place(names.get(item.number, ""), item.address)
            if item.tagged or place in held:
                netlink.delete_address(*place)
                found.append(place)
        return found
    finally:
        netlink.close()
