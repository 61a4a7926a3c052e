"""Sockets: one UDP and one TCP socket for each network. Moves bytes and decides nothing."""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from .messages import Endpoint

#: Datagrams read in a row before anything else has its turn.
BATCH = 64
#: Bytes that the kernel keeps for us while we stand still.
RECEIVE_BUFFER = 1 << 20
#: Connections served at the same time, of all hosts and of one.
CONNECTIONS, CONNECTIONS_PER_HOST = 64, 32
_DATAGRAM = 65535

Serve = Callable[[Endpoint, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Bind(NamedTuple):
    """One network: where to listen, and what others are told (empty: the same)."""

    link: str
    host: str
    port: int
    advertise: str = ""
    advertise_port: int = 0


class _Open(NamedTuple):
    udp: socket.socket
    tcp: asyncio.Server


class Transport:
    """All sockets of one member."""

    def __init__(
        self, receive: Callable[[Endpoint, bytes], None], serve: Serve, timeout: float
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._receive = receive
        self._serve = serve
        self._timeout = timeout
        self._open: dict[str, _Open] = {}
        self._clients: dict[asyncio.Task[None], str] = {}

    async def open(self, binds: list[Bind]) -> tuple[Endpoint, ...]:
        """Listens everywhere; returns what others are told. Raises OSError, and closes again."""
        try:
            return tuple([await self._listen(bind) for bind in binds])
        except OSError:
            await self.close()
            raise

    async def close(self) -> None:
        """Closes everything and cuts off who is being served."""
        loop = asyncio.get_running_loop()
        for open in self._open.values():
            loop.remove_reader(open.udp)
            open.udp.close()
            open.tcp.close()
        self._open = {}
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    def send(self, to: Endpoint, packet: bytes) -> None:
        """One datagram; what the kernel does not take is counted and lost, as on any network."""
        open = self._open.get(to.link)
        if open is None:
            return
        try:
            open.udp.sendto(packet, (to.host, to.port))
            self.counters["packets_sent"] += 1
            self.counters["bytes_sent"] += len(packet)
        except OSError:
            self.counters["send_errors"] += 1

    async def connect(self, to: Endpoint) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to a member. Raises OSError."""
        return await asyncio.open_connection(to.host, to.port)

    # Inside

    async def _listen(self, bind: Bind) -> Endpoint:
        family = socket.AF_INET6 if ":" in bind.host else socket.AF_INET
        tcp = _bound(family, socket.SOCK_STREAM, bind.host, bind.port)
        port = tcp.getsockname()[1]
        try:
            udp = _bound(family, socket.SOCK_DGRAM, bind.host, port)
        except OSError:
            tcp.close()
            raise
        server = await asyncio.start_server(lambda r, w: self._client(bind.link, r, w), sock=tcp)
        self._open[bind.link] = _Open(udp, server)
        asyncio.get_running_loop().add_reader(udp, self._readable, bind.link, udp)
        return Endpoint(bind.link, bind.advertise or bind.host, bind.advertise_port or port)

    def _readable(self, link: str, udp: socket.socket) -> None:
        for _ in range(BATCH):
            try:
                packet, source = udp.recvfrom(_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error about something that was sent
                self.counters["receive_errors"] += 1
                continue
            self.counters["packets_received"] += 1
            self.counters["bytes_received"] += len(packet)
            self._receive(Endpoint(link, source[0], source[1]), packet)

    async def _client(
        self, link: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        host, port = (writer.get_extra_info("peername") or ("", 0))[:2]
        hosts = list(self._clients.values())
        if len(hosts) >= CONNECTIONS or hosts.count(host) >= CONNECTIONS_PER_HOST or not port:
            self.counters["connections_refused"] += 1
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        self._clients[task] = host
        try:
            async with asyncio.timeout(self._timeout):
                await self._serve(Endpoint(link, host, port), reader, writer)
        except (OSError, TimeoutError):
            self.counters["connections_broken"] += 1
        finally:
            self._clients.pop(task, None)
            with contextlib.suppress(OSError):
                writer.close()


def _bound(family: int, kind: int, host: str, port: int) -> socket.socket:
    made = socket.socket(family, kind)
    try:
        made.setblocking(False)
        if kind == socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made
