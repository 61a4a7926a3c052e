"""The agent's side of the holder's socket (asyncio)."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from ipaddress import ip_interface

import msgspec

from hwagent.config import Config

from .planning import plan_of
from .protocol import (
    LINE_MAX,
    REASON_MAX,
    Event,
    Fitness,
    Move,
    Ready,
    Release,
    Reply,
    Request,
    Secrets,
    Status,
    clock,
)

#: Events that are kept for a reader that is behind.
_BACKLOG = 1000
_decoder: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)

HolderStatus = Status


class HolderClient:
    """Talks to the holder at a Unix socket. Addresses are as the configuration writes them.

    ``connect`` may be called again at any time and starts afresh. The holder works on without us
    until the last word of fitness runs out. ``told`` is called whenever it says how it is.
    """

    def __init__(self, path: str, told: Callable[[], None] = lambda: None) -> None:
        self._path = path
        self._told = told
        self._names: dict[str, str] = {}
        self._status: Status | None = None
        self._events: deque[Event] = deque(maxlen=_BACKLOG)
        self._news = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Connects. Raises OSError."""
        await self.close()
        reader, self._writer = await asyncio.open_unix_connection(self._path, limit=LINE_MAX)
        self._news = asyncio.Event()
        self._reading = asyncio.create_task(self._read(reader, self._news))

    async def plan(self, config: Config, host: str, secrets: Secrets) -> None:
        """Says which addresses may be held where. Raises OSError, ValueError on a bad address."""
        self._names = {str(ip_interface(vip.address)): vip.address for vip in config.vips}
        await self._send(plan_of(config, host, secrets))

    async def fitness(
        self,
        verdict: tuple[bool, str],
        ttl: float,
        standing: tuple[dict[str, int], tuple[str, ...]] = ({}, ()),
        unready: tuple[str, ...] = (),
    ) -> None:
        """Says whether the host is fit, and why not; it counts for ``ttl`` seconds from now.

        ``standing`` are its ranks, and the addresses to be left to others; those ``unready`` are
        not taken over. Raises OSError.
        """
        fit, reason = verdict
        await self._send(Fitness(fit, reason[:REASON_MAX], ttl, clock(), *standing, unready))

    async def move(self, address: str, successor: str) -> None:
        """Has the holder offer an address to a member of its group, who gets it by accepting.

        Raises OSError, ValueError.
        """
        await self._send(Move(str(ip_interface(address)), successor))

    async def release(self, address: str) -> None:
        """Has the holder give an address up until the next plan. Raises OSError, ValueError."""
        await self._send(Release(str(ip_interface(address))))

    async def ready(self, address: str, epoch: int, until: float, problem: str) -> None:
        """Says that an address's services run, or why not. Raises OSError, ValueError."""
        await self._send(Ready(str(ip_interface(address)), epoch, until, problem[:REASON_MAX]))

    def status(self) -> HolderStatus | None:
        """What the holder last told; None while it has told nothing on this connection."""
        return self._status

    async def events(self) -> AsyncIterator[Event]:
        """Events as they come; ends with the connection."""
        while self._reading is not None:
            while self._events:
                yield self._events.popleft()
            if self._reading.done():
                return
            self._news.clear()
            await self._news.wait()

    async def close(self) -> None:
        """Ends the connection; no error if there is none."""
        reading, self._reading = self._reading, None
        writer, self._writer = self._writer, None
        self._status = None
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _send(self, request: Request) -> None:
        if self._writer is None:
            raise ConnectionError("not connected to the holder")
        self._writer.write(msgspec.json.encode(request) + b"\n")
        await self._writer.drain()

    async def _read(self, reader: asyncio.StreamReader, news: asyncio.Event) -> None:
        try:
            while (line := await reader.readline()).endswith(b"\n"):
                self._take(_decoder.decode(line))
                news.set()
        except (OSError, ValueError, msgspec.DecodeError):
            return  # as if the connection had ended: nothing that comes after it makes sense
        finally:
            self._status = None
            news.set()

    def _take(self, reply: Reply) -> None:
        if isinstance(reply, Event):
            name = self._names.get(reply.address, reply.address)
            self._events.append(msgspec.structs.replace(reply, address=name))
        elif isinstance(reply, Status):
            vips = (
                msgspec.structs.replace(v, address=self._names.get(v.address, v.address))
                for v in reply.vips
            )
            self._status = msgspec.structs.replace(reply, vips=tuple(vips))
            self._told()
