"""One connection to a BMC, for who waits for its events. Thin: h11 speaks the protocol."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any, NamedTuple

import h11

from hwagent.config.bmcs import Bmc

from . import redfish_access
from .document import load
from .root import SIZE_MAX

_HEAD_MAX = 65536
#: Some send the head of a stream only with its first words, be they "still here". Seconds.
_STREAM_HEAD = 60.0
#: A peer that has gone without a word is noticed by TCP, seconds: idle, between probes, probes.
_ALIVE = ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3))


class Answer(NamedTuple):
    """Status of an answer, its headers (names in lower case) and its body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def document(self) -> Any:
        """What it holds; None unless its status is 200 or 201. Raises ValueError."""
        return load(self.body) if self.status in (200, 201) else None


class Talk:
    """Requests one after the other. All raise OSError and ValueError; then it is to be closed."""

    def __init__(self, bmc: Bmc) -> None:
        self._bmc = bmc
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_MAX)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        #: Addresses of both ends, once there is a connection.
        self.own, self.peer = "", ""

    async def ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        """One request and the whole of its answer."""
        async with _within(float(self._bmc.timeout)):
            response = await self._request(method, path, body)
            data = await self._body()
        again = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if again:
            self._http.start_next_cycle()
        else:
            self.close()
        headers = {k.decode(): v.decode("latin-1") for k, v in response.headers}
        return Answer(response.status_code, headers, data)

    async def get(self, path: str) -> Any:
        """A document; None if the answer is anything else."""
        return (await self.ask("GET", path)).document()

    async def follow(self, path: str) -> int:
        """Asks for a stream of events; returns the status. ``more`` reads it if that is 200."""
        async with _within(max(_STREAM_HEAD, float(self._bmc.timeout))):
            response = await self._request("GET", path, accept="text/event-stream")
        if response.status_code != 200:
            self.close()  # what is left of the answer is of no use
        types = (v.decode("latin-1") for k, v in response.headers if k == b"content-type")
        type = next(types, "").partition(";")[0].strip().lower()
        if response.status_code == 200 and type != "text/event-stream":
            raise ValueError(f"{path} is no stream of events but {type or 'without a type'}"[:200])
        return int(response.status_code)

    async def more(self) -> bytes:
        """The next bytes of the stream, empty at its end; waits as long as it takes."""
        event = await self._next()
        return bytes(event.data) if isinstance(event, h11.Data) else b""

    def close(self) -> None:
        """Ends the connection, at once."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_MAX)

    async def _request(
        self, method: str, path: str, body: bytes = b"", accept: str = ""
    ) -> h11.Response:
        headers = {"Host": _host(self._bmc), **redfish_access.headers(self._bmc)}
        if accept:
            headers["Accept"] = accept
        if body:
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        if self._writer is None:
            await self._connect()
        self._put(h11.Request(method=method, target=path, headers=list(headers.items())))
        if body:
            self._put(h11.Data(data=body))
        self._put(h11.EndOfMessage())
        while not isinstance(event := await self._next(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise ValueError("it hung up without an answer")
        return event

    async def _body(self) -> bytes:
        data = bytearray()
        while isinstance(event := await self._next(), h11.Data):
            data += event.data
            if len(data) > SIZE_MAX:
                raise ValueError(f"an answer of more than {SIZE_MAX} bytes")
        return bytes(data)

    async def _connect(self) -> None:
        context = redfish_access.context(self._bmc)
        self._reader, self._writer = await asyncio.open_connection(
            self._bmc.address, redfish_access.port(self._bmc), ssl=context
        )
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _ALIVE:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
        self.own, self.peer = (
            plain_address(n[0]) for n in (sock.getsockname(), sock.getpeername())
        )

    async def _next(self) -> Any:
        assert self._reader is not None
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(65536))
        except h11.RemoteProtocolError as e:
            raise ValueError(f"it does not speak HTTP as it should: {e}"[:200]) from None
        return event

    def _put(self, event: Any) -> None:
        assert self._writer is not None
        try:
            self._writer.write(self._http.send(event) or b"")
        except h11.LocalProtocolError as e:
            raise ValueError(f"cannot be asked: {e}"[:200]) from None


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise TimeoutError(f"no answer within {seconds:g} s") from None


def plain_address(address: str) -> str:
    """An address without a zone, IPv4 as such; empty for what is none."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(found, "ipv4_mapped", None) or found)


def bracketed(address: str) -> str:
    """An address as it stands in a URL."""
    return f"[{address}]" if ":" in address else address


def _host(bmc: Bmc) -> str:
    return f"{bracketed(bmc.address)}:{redfish_access.port(bmc)}"
