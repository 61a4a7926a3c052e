"""HTTP/1.1 over a stream: h11 speaks the protocol, this moves the bytes."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import h11
import msgspec

#: A request body larger than this is refused: control requests are small.
BODY_MAX = 1 << 20
#: A client that is silent for so long in the middle of a request is cut off.
IDLE = 30.0
#: struct ucred and gid_t of the kernel; Python takes no answer of more than 1024 bytes.
_CREDENTIALS, _GROUP, _GROUPS_MAX = struct.Struct("=iII"), struct.Struct("=I"), 1024
_SO_PEERGROUPS = 59


class Request(msgspec.Struct, frozen=True):
    """One request; ``uid`` and ``groups`` are those of the process at the other end of the socket,
    None and empty if unknown."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    uid: int | None
    groups: frozenset[int] = frozenset()


class Response(msgspec.Struct, frozen=True):
    """One answer; ``stream`` sends chunks until it ends or the client leaves."""

    status: int = 200
    body: bytes = b""
    type: str = "application/json"
    stream: AsyncIterator[bytes] | None = None


Handler = Callable[[Request], Awaitable[Response]]


def json_response(value: Any, status: int = 200) -> Response:
    """A value as JSON."""
    return Response(status, msgspec.json.encode(value))


def problem(status: int, why: str) -> Response:
    """An error as JSON: ``{"error": why}``."""
    return json_response({"error": why}, status)


class Connection:
    """One client: requests in a row until it leaves."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._handler = handler
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=65536)
        self._uid, self._groups = _peer(writer)

    async def serve(self) -> None:
        """Answers until the client closes, misbehaves or is idle for too long."""
        try:
            while await self._one():
                self._http.start_next_cycle()
        except (h11.ProtocolError, ConnectionError, TimeoutError):
            await self._complain()
        finally:
            self._writer.close()

    async def _one(self) -> bool:
        event = await self._next()
        if not isinstance(event, h11.Request):
            return False
        request = await self._read_body(event)
        response = (
            problem(413, "request too large") if request is None else await self._answer(request)
        )
        await self._send(response)
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _answer(self, request: Request) -> Response:
        return await self._handler(request)

    async def _next(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            async with asyncio.timeout(IDLE):
                self._http.receive_data(await self._reader.read(65536))
        return event

    async def _read_body(self, head: h11.Request) -> Request | None:
        body = bytearray()
        while isinstance(event := await self._next(), h11.Data):
            body += event.data
            if len(body) > BODY_MAX:
                return None
        url = urlsplit(head.target.decode("ascii", "replace"))
        return Request(
            method=head.method.decode(),
            path=unquote(url.path),
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers={k.decode(): v.decode("latin-1") for k, v in head.headers},
            body=bytes(body),
            uid=self._uid,
            groups=self._groups,
        )

    async def _send(self, response: Response) -> None:
        headers = [("content-type", response.type), ("cache-control", "no-store")]
        if response.stream is None:
            headers.append(("content-length", str(len(response.body))))
        reason = HTTPStatus(response.status).phrase.encode()
        self._put(h11.Response(status_code=response.status, headers=headers, reason=reason))
        if response.body:
            self._put(h11.Data(data=response.body))
        if response.stream is not None:
            await self._send_stream(response.stream)
        self._put(h11.EndOfMessage())
        await self._writer.drain()

    async def _send_stream(self, stream: AsyncIterator[bytes]) -> None:
        async for chunk in stream:
            self._put(h11.Data(data=chunk))
            await self._writer.drain()

    def _put(self, event: Any) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)

    async def _complain(self) -> None:
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            try:
                await self._send(problem(400, "not a valid HTTP request"))
            except (h11.ProtocolError, ConnectionError):
                return


def _peer(writer: asyncio.StreamWriter) -> tuple[int | None, frozenset[int]]:
    """User and groups of the client of a Unix socket (SO_PEERCRED, SO_PEERGROUPS; unix(7)).

    Of a client with more than 256 groups only the first one counts.
    """
    sock = writer.get_extra_info("socket")
    try:
        data = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    except (OSError, AttributeError):
        return None, frozenset()
    _, uid, gid = _CREDENTIALS.unpack(data)
    try:
        others = sock.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _GROUPS_MAX)
    except OSError:
        others = b""
    return uid, frozenset({gid, *(number for (number,) in _GROUP.iter_unpack(others))})
