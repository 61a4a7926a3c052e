"""Those who are connected to the holder: agents and guardians. Nothing here ever waits."""

import os
import select
import socket
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from hwagent.net.peer import peer

from .protocol import LINE_MAX, Reply, Request

_CLIENTS_MAX = 16
#: Bytes that are read from one in one turn, so that no flood holds the loop up.
_READ = 1 << 14
#: File descriptors that one may have sent and nobody has taken yet.
_FILES_MAX = 4
#: Refusals after which a client is dropped; a newer agent may well say what we do not understand.
_REFUSALS_MAX = 100
_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_encode = msgspec.json.Encoder().encode


class Refused(NamedTuple):
    """A line that is no request."""

    reason: str


class Client:
    """One connection with what it has sent of a line, and what it has not taken yet.

    ``files`` are file descriptors that came along; whoever takes one has to close it.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.files: list[int] = []
        self.incoming = bytearray()
        self.outgoing = bytearray()
        self.refusals = 0
        self.deaf = False
        self.spoke = False


class Clients:
    """The listening socket and its connections. Raises OSError when made."""

    def __init__(self, path: str, poll: select.epoll) -> None:
        self._poll = poll
        self._listener = _listen(path)
        self._clients: dict[int, Client] = {}
        poll.register(self._listener, select.EPOLLIN)

    def accept(self, number: int) -> Client | None:
        """The new connection, if that is what the file descriptor tells of."""
        if number != self._listener.fileno():
            return None
        try:
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            trusted = peer(connection).uid in (0, os.geteuid())
        except OSError:
            return None
        if not trusted or not self._room():
            connection.close()
            return None
        client = self._clients[connection.fileno()] = Client(connection)
        self._poll.register(connection, select.EPOLLIN)
        return client

    def requests(self, number: int, events: int) -> Iterator[tuple[Client, Request | Refused]]:
        """What a connection has sent, if the file descriptor is one."""
        client = self._clients.get(number)
        if client is None:
            return None
        if events & select.EPOLLOUT:
            self._flush(client)
        if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            for line in self._lines(client):
                request = self._request(client, line)
                yield client, request
                if client.refusals >= _REFUSALS_MAX:
                    return self._drop(client)
        return None

    def send(self, client: Client, reply: Reply) -> None:
        """Sends to one, later if it does not read; one that does not read for long is dropped."""
        if client.connection.fileno() >= 0 and not client.deaf:
            waits = bool(client.outgoing)
            client.outgoing += _encode(reply) + b"\n"
            if not waits or len(client.outgoing) > LINE_MAX:
                self._flush(client)

    def broadcast(self, reply: Reply) -> None:
        """Sends to all."""
        for client in list(self._clients.values()):
            self.send(client, reply)

    def _room(self) -> bool:
        """Whether there is room for one more; one who has said nothing yet must make it."""
        if len(self._clients) < _CLIENTS_MAX:
            return True
        silent = next((c for c in self._clients.values() if not c.spoke), None)
        if silent is not None:
            self._drop(silent)
        return silent is not None

    def _request(self, client: Client, line: bytes) -> Request | Refused:
        try:
            request = _decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as e:
            client.refusals += 1
            return Refused(str(e))
        client.spoke = True
        return request

    def _lines(self, client: Client) -> list[bytes]:
        try:
            data, files, _, _ = socket.recv_fds(client.connection, _READ, _FILES_MAX)
            client.files += files
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        client.incoming += data
        if len(client.files) > _FILES_MAX:
            data = b""
        if not data or len(client.incoming) > LINE_MAX:
            self._drop(client)
        if b"\n" not in data:
            return []
        *lines, rest = bytes(client.incoming).split(b"\n")
        client.incoming = bytearray(rest)
        return lines

    def _flush(self, client: Client) -> None:
        try:
            sent = client.connection.send(client.outgoing)
        except BlockingIOError:
            sent = 0
        except OSError:  # what it has said may still be in the queue: the end is read from there
            client.deaf, sent = True, len(client.outgoing)
        del client.outgoing[:sent]
        if len(client.outgoing) > LINE_MAX:
            return self._drop(client)
        wanted = select.EPOLLIN | (select.EPOLLOUT if client.outgoing else 0)
        return self._poll.modify(client.connection, wanted)

    def _drop(self, client: Client) -> None:
        if (number := client.connection.fileno()) >= 0:
            self._poll.unregister(number)
            del self._clients[number]
            client.connection.close()
            while client.files:
                os.close(client.files.pop())


def _listen(path: str) -> socket.socket:
    """The path of a holder that ended is taken over; a living one has the claim, and its path."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    if _deserted(path):
        os.unlink(path)
    # The group may connect for a guardian that is root without CAP_DAC_OVERRIDE; who may speak is
    # told by the user, see accept
    mask = os.umask(0o117)
    try:
        listener.bind(path)
    finally:
        os.umask(mask)
    listener.listen(_CLIENTS_MAX)
    return listener


def _deserted(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False
