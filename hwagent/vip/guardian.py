"""Takes the addresses of a holder away that cannot do so itself any more.

The kernel keeps an address whatever becomes of the process that set it. The guardian, in a process
of its own, keeps a connection to the holder. When that ends, the addresses go at once. A holder
that is stopped or starved keeps its connection, so it is asked every quarter of a second too, and
loses the addresses when it has not answered for ``patience`` seconds.

Up to then, and for good if the guardian is frozen or killed too, only the gate in the kernel keeps
the host from answering for an address whose holder is frozen. The guardian loads it and hands it to
the holder, and shuts it first when the holder is dead; then it takes the addresses away, and then
it sends the holder's last will, so that its groups need not wait for its leases to end.
"""

import argparse
import asyncio
import math
import os
import socket
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TypeVar

import msgspec

from hwagent.net.rtnetlink import Events, Link, Netlink

from .claim import claim, claim_guard, owner
from .effects import Place
from .porter import Porter
from .protocol import GATE_PROBLEM_MAX, LINE_MAX, Gate, Parcel, Ping, Reply, Status, Will, clock
from .realtime import Parent, hurry
from .virtual import VirtualLinks
from .ward import ip

#: Seconds between questions.
INTERVAL = 0.25
#: Seconds between looks for a holder where there is none.
PAUSE = 0.25
#: Seconds between looks for new interfaces, if the kernel told of none.
LOOK = 10.0
#: Reads of events in one look.
_READS = 64
#: Seconds to wait for the rest of a holder whose connection has just ended, again and again.
_DYING = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02)
_decoder: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)
T = TypeVar("T")


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


class Watch:
    """Whether links may have come since the last look, by the kernel's events: a dump of all links
    costs more than all the rest, and there are hardly ever new ones."""

    def __init__(self) -> None:
        self._events: Events | None = None
        self._looked = -math.inf

    def moved(self, now: float) -> bool:
        """True if the kernel told of a link or may have, and every LOOK seconds."""
        if self._heard() or now - self._looked >= LOOK:
            self._looked = now
            return True
        return False

    def _heard(self) -> bool:
        try:
            self._events = self._events or Events()
            for _ in range(_READS):
                told = self._events.read()
                if told is None or any(isinstance(item, Link) for item in told):
                    return True
                if not told:
                    return False
        except OSError:
            self._events = None
        return True


class Guardian:
    """Watches the holder at a Unix socket; needs CAP_NET_ADMIN in its network namespace.

    ``users`` are those whose holder counts, besides root and ourselves. ``alive`` is called again
    and again, at least once a second while nothing hangs.
    """

    def __init__(
        self,
        path: str,
        patience: float = 1.0,
        parent: Parent | None = None,
        users: Collection[int] = (),
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._path = path
        self._patience = patience
        self._parent = parent or Parent()
        self._users = users
        self._alive = alive
        self._links = Watch()
        self._held: set[Place] = set()
        self._will: tuple[Parcel, ...] = ()
        self._porter = Porter()
        self._virtual = VirtualLinks()

    async def watch(self) -> None:
        """Watches until cancelled, or until its parent has ended and there is nothing to guard.

        The process takes real-time priority, if it may. Beside another guardian it only waits.
        """
        hurry()
        claimed = None
        while True:
            self._alive()
            claimed = claimed or claim_guard()
            if claimed is not None and await self._guard():
                continue
            if self._parent.gone():
                break
            await asyncio.sleep(PAUSE)
        if claimed is not None:
            claimed.close()

    async def _guard(self) -> bool:
        """Guards a holder until its connection ends; false if there is none."""
        try:
            reader, writer = await asyncio.open_unix_connection(self._path, limit=LINE_MAX)
        except OSError:
            self._without()
            return False
        try:
            await self._session(reader, writer)
        except (OSError, ValueError, msgspec.DecodeError) as e:
            print(f"hwagent guardian: the holder's connection: {e}", file=sys.stderr)
        finally:
            writer.close()
        for pause in _DYING:
            if self._without():
                break
            await asyncio.sleep(pause)
        return True

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Asks and listens until the connection ends."""
        pulse, number, asked, gone = Pulse(clock(), self._patience), 0, 0.0, False
        self._introduce(writer)
        while True:
            self._alive()
            if clock() - asked >= INTERVAL and writer.transport.get_write_buffer_size() == 0:
                number, asked = number + 1, clock()
                writer.write(msgspec.json.encode(Ping(number)) + b"\n")
                if self._links.moved(asked):
                    self._guard_links()
            line = await _line(reader)
            if line is not None and not line.endswith(b"\n"):
                return
            if line is not None:
                pulse.heard(clock())
                gone = False
                self._note(_decoder.decode(line), writer)
            elif pulse.silent(clock()) and not gone:
                self._shut()
                places = self._do("look for addresses", lambda: left(self._held))
                gone = places is not None and self._remove("the holder does not answer", places)

    def _introduce(self, writer: asyncio.StreamWriter) -> None:
        """Hands over the gate's file, before anything else is written."""
        message = msgspec.json.encode(self._gate()) + b"\n"
        fd = self._porter.fileno()
        if fd < 0:
            writer.write(message)
            return
        with socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())) as connection:
            socket.send_fds(connection, [message], [fd])

    def _gate(self) -> Gate:
        porter = self._porter
        return Gate(porter.slots, porter.problem[:GATE_PROBLEM_MAX], porter.kind)

    def _note(self, reply: Reply, writer: asyncio.StreamWriter) -> None:
        if isinstance(reply, Will):
            self._will = reply.parcels
        elif isinstance(reply, Status):
            held = (vip for vip in reply.vips if vip.state == "held")
            self._held = {Place(vip.interface, vip.address) for vip in held}
            if self._virtual.want(reply.links):
                self._guard_links()
            before = self._porter.problem
            addresses = {ip(vip.address) for vip in reply.vips}
            if self._do("guard addresses", lambda: self._porter.bear(addresses)):
                self._guard_links()
            elif self._porter.problem == before:
                return
            writer.write(msgspec.json.encode(self._gate()) + b"\n")

    def _shut(self) -> None:
        self._do("shut the gate", self._porter.shut)

    def _rest(self) -> None:
        """Whoever sets one of these addresses by hand now is not silenced by a gate left behind."""
        self._do("take the gate away", self._porter.rest)
        if self._virtual.want(()):
            self._do("take a link away", lambda: self._virtual.arrange(links()))

    def _guard_links(self) -> None:
        self._do("make a link", lambda: self._virtual.arrange(links()))
        self._do("guard an interface", lambda: self._porter.guard(links()))

    def _without(self) -> bool:
        """Takes away what a holder left that is no more; false if one lives, at whatever socket.

        The holder's claim, taken meanwhile, keeps a new one from adopting what is just being taken.
        A will is sent once nothing of the holder is left, though its addresses went before it did,
        as those of a frozen one do: its groups may still wait for its leases to end.
        """
        places = self._do("look for addresses", lambda: left(self._held))
        if places is None:
            return True
        if not places and not self._will:
            if owner(self._users) is None:
                self._rest()
            return True
        claimed = claim()
        if claimed is None and owner(self._users) is not None:
            return False
        self._shut()
        if self._remove("there is no holder", places):
            parcels, self._will = self._will, ()
            send(parcels)
            self._rest()
        if claimed is not None:
            claimed.close()
        return True

    def _remove(self, reason: str, places: list[Place]) -> bool:
        """Takes addresses away and says so; false if the kernel refused."""
        self._do("switch off a link", lambda: self._virtual.down({p.interface for p in places}))
        taken = self._do("take addresses away", lambda: remove(places))
        for place in taken or ():
            print(f"hwagent guardian: {reason}, took {place.address} away", file=sys.stderr)
        if taken is not None:
            self._held = set()
        return taken is not None

    def _do(self, what: str, work: Callable[[], T]) -> T | None:
        """What it found; None if the kernel refused, which is said."""
        try:
            return work()
        except OSError as e:
            print(f"hwagent guardian: cannot {what}: {e}", file=sys.stderr)
            return None


async def _line(reader: asyncio.StreamReader) -> bytes | None:
    """The next line; empty at the end, None if there was none in time."""
    try:
        async with asyncio.timeout(INTERVAL):
            return await reader.readline()
    except TimeoutError:
        return None


def left(held: set[Place]) -> list[Place]:
    """What is tagged in this network namespace and, as older kernels keep no tag, what was held.

    Raises OSError.
    """
    netlink = Netlink()
    try:
        names = {link.number: link.name for link in netlink.links()}
        found = [(Place(names.get(a.number, ""), a.address), a.tagged) for a in netlink.addresses()]
    finally:
        netlink.close()
    return [place for place, tagged in found if tagged or place in held]


def links() -> list[Link]:
    """All links of this network namespace. Raises OSError."""
    netlink = Netlink()
    try:
        return list(netlink.links())
    finally:
        netlink.close()


def send(parcels: Collection[Parcel]) -> None:
    """Sends sealed packets of a holder that is dead; what cannot be sent is left."""
    for parcel in parcels:
        family = socket.AF_INET6 if ":" in parcel.to else socket.AF_INET
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as s:
            s.setblocking(False)
            s.bind((parcel.source, 0))
            s.sendto(parcel.packet, (parcel.to, parcel.port))


def remove(places: list[Place]) -> list[Place]:
    """Takes addresses away, and returns them. Raises OSError."""
    netlink = Netlink()
    try:
        for place in places:
            netlink.delete_address(*place)
    finally:
        netlink.close()
    return places


def main() -> None:
    """``python -m hwagent.vip.guardian --holder PATH``: a guardian by itself."""
    parser = argparse.ArgumentParser(prog="hwagent-guardian")
    parser.add_argument("--holder", required=True, help="socket of the holder to be guarded")
    parser.add_argument(
        "--parent", type=int, default=0, help="end after this process, once there is no holder"
    )
    options = parser.parse_args()
    asyncio.run(Guardian(options.holder, parent=Parent(options.parent)).watch())


if __name__ == "__main__":
    main()
