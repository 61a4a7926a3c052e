"""What agent, nursery and workers say to each other.

Control: one MessagePack message per packet of a SOCK_SEQPACKET socket, agent and nursery. Jobs: on
a stream of its own between agent and worker, four bytes of length (big-endian), then MessagePack.
"""

import socket
from typing import Any

import msgspec

#: No reply of a worker is larger: a host with a thousand disks needs a twentieth of it.
MESSAGE_MAX = 32 << 20
PACKET_MAX = 65536
LENGTH = 4


class Fork(msgspec.Struct, frozen=True, tag=True):
    """Agent: make a worker."""


class Kill(msgspec.Struct, frozen=True, tag=True):
    """Agent: kill this worker and all that it started."""

    pid: int


class Born(msgspec.Struct, frozen=True, tag=True):
    """Nursery: here is a worker; its socket comes with the packet."""

    pid: int


class NotBorn(msgspec.Struct, frozen=True, tag=True):
    """Nursery: there can be no worker, and why."""

    reason: str


class Gone(msgspec.Struct, frozen=True, tag=True):
    """Nursery: a worker and all that it started have ended."""

    pid: int


class Job(msgspec.Struct, frozen=True):
    """One job of the table in ``jobs``."""

    name: str
    arguments: dict[str, Any]


class Reply(msgspec.Struct, frozen=True):
    """A job's value, or its error; ``seconds`` is what it cost in processor time."""

    value: msgspec.Raw
    error: str = ""
    seconds: float = 0.0


Request = Fork | Kill
Report = Born | NotBorn | Gone
_request = msgspec.msgpack.Decoder(Request)
_report = msgspec.msgpack.Decoder(Report)
encode = msgspec.msgpack.encode


def decode_request(packet: bytes) -> Request:
    """A packet of the agent. Raises msgspec.DecodeError."""
    request: Request = _request.decode(packet)
    return request


def decode_report(packet: bytes) -> Report:
    """A packet of the nursery. Raises msgspec.DecodeError."""
    report: Report = _report.decode(packet)
    return report


def framed(data: bytes) -> bytes:
    """A message with its length before it."""
    return len(data).to_bytes(LENGTH, "big") + data


def receive(stream: socket.socket) -> bytes | None:
    """The next message of a blocking stream; None at its end or when it is damaged."""
    head = _exactly(stream, LENGTH)
    size = int.from_bytes(head, "big")
    if len(head) < LENGTH or size > MESSAGE_MAX:
        return None
    data = _exactly(stream, size)
    return data if len(data) == size else None


def _exactly(stream: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size and (chunk := stream.recv(min(size - len(data), 1 << 20))):
        data += chunk
    return bytes(data)
