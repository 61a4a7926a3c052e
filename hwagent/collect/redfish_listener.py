"""The port of pushed events. Thin: what comes is judged in ``redfish_reception``."""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import h11

from hwagent.config.bmcs import Events

from .redfish_reception import BODY_MAX, Judged, Reception
from .redfish_talk import plain_address

#: Connections at once, of all and of one address, and how long one may take, in seconds.
CONNECTIONS_MAX, OF_ONE_MAX, TIME_MAX = 64, 4, 10.0
_HEAD_MAX = 16384
#: Who hears: name of the BMC, and what the event is about.
Hears = Callable[[str, tuple[str, ...]], None]


class Listener:
    """Hears what BMCs push; each connection brings one request."""

    def __init__(self, reception: Reception, hears: Hears, dropped: Callable[[], None]) -> None:
        self._reception = reception
        self._hears = hears
        self._dropped = dropped
        self._open: Counter[str] = Counter()
        self._tls: ssl.SSLContext | None = None

    async def start(self, events: Events) -> asyncio.Server:
        """Opens the port. Raises OSError, also for a certificate that cannot be used."""
        if events.cert_file:
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._tls.load_cert_chain(events.cert_file, events.key_file)
        assert events.place is not None
        return await asyncio.start_server(self._client, *events.place, limit=_HEAD_MAX)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = writer.get_extra_info("peername")
        source = plain_address(name[0]) if name else ""
        why = self._reception.admit(time.monotonic(), source)
        full = self._open.total() >= CONNECTIONS_MAX or self._open[source] >= OF_ONE_MAX
        if why or full:
            if not why:
                self._reception.drop("too many")
            self._dropped()
            writer.transport.abort()
            return
        self._open[source] += 1
        try:
            await self._serve(source, reader, writer)
        finally:
            self._open[source] -= 1
            writer.close()

    async def _serve(
        self, source: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_MAX)
        try:
            async with asyncio.timeout(TIME_MAX):
                if self._tls is not None:
                    await writer.start_tls(self._tls)
                judged = await self._judged(source, http, reader, writer)
                self._tell(judged)
                writer.write(_answer(http, judged.status))
                await writer.drain()
        except h11.ProtocolError:
            self._tell(Judged(why=self._reception.drop("damaged")))
            writer.write(_answer(http, 400))
        except OSError:  # a time that ran out among them
            self._tell(Judged(why=self._reception.drop("hung up")))

    def _tell(self, judged: Judged) -> None:
        if judged.why:
            self._dropped()
        else:
            self._hears(judged.name, judged.origins)

    async def _judged(
        self,
        source: str,
        http: h11.Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> Judged:
        request = await _next(http, reader)
        if not isinstance(request, h11.Request):
            raise h11.RemoteProtocolError("no request")
        if http.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
            writer.write(http.send(go_on) or b"")
        body = bytearray()
        while isinstance(event := await _next(http, reader), h11.Data):
            body += event.data
            if len(body) > BODY_MAX:
                return Judged(why=self._reception.drop("too large"), status=413)
        method, target = request.method.decode(), request.target.decode("latin-1")
        return self._reception.judge(source, method, target, bytes(body))


async def _next(http: h11.Connection, reader: asyncio.StreamReader) -> Any:
    while (event := http.next_event()) is h11.NEED_DATA:
        http.receive_data(await reader.read(65536))
    return event


def _answer(http: h11.Connection, status: int) -> bytes:
    """An answer without a body; empty where none can be given any more."""
    headers = [("Connection", "close")]
    headers += [] if status == 204 else [("Content-Length", "0")]
    reason = HTTPStatus(status).phrase.encode()
    try:
        head = http.send(h11.Response(status_code=status, headers=headers, reason=reason)) or b""
        return head + (http.send(h11.EndOfMessage()) or b"")
    except h11.LocalProtocolError:
        return b""
