"""One request and one answer over a connection, in sealed packets with their length before them.

Who listens speaks first: eight random bytes, to which the request has to be addressed. So a
recorded request is worth nothing, and whoever is not authentic is cut off after one packet.
"""

import asyncio
import secrets

from hwagent.seal.channel import MESSAGE_MAX, PART, Channel
from hwagent.seal.sealer import OVERHEAD, Sealed, Unwelcome, after

_CHALLENGE = 8
_LENGTH = 4


class Broken(Exception):
    """The other side closed, or said what it must not."""


async def ask(
    channel: Channel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[bytes, Sealed]:
    """Sends a request and returns the answer. Raises Broken, OSError."""
    challenge = int.from_bytes(await _exactly(reader, _CHALLENGE), "big")
    packets = channel.seal_stream(challenge, request)
    await _write(writer, packets)
    answer, last = await _read(channel, reader, after(packets[-1]))
    return answer, channel.sealer.how(last)


async def hear(
    channel: Channel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[bytes, bytes]:
    """Reads a request; returns it and its last packet, for ``reply``. Raises Broken, OSError."""
    challenge = secrets.token_bytes(_CHALLENGE)
    writer.write(challenge)
    await writer.drain()
    return await _read(channel, reader, int.from_bytes(challenge, "big"))


async def reply(channel: Channel, writer: asyncio.StreamWriter, last: bytes, answer: bytes) -> None:
    """Answers a request that was heard. Raises OSError."""
    await _write(writer, channel.answer_stream(last, answer))


async def _read(channel: Channel, reader: asyncio.StreamReader, to: int) -> tuple[bytes, bytes]:
    found = bytearray()
    while True:
        size = int.from_bytes(await _exactly(reader, _LENGTH), "big")
        if size > PART + OVERHEAD:
            channel.counters["oversize"] += 1
            raise Broken("a packet of a stream is too long")
        packet = await _exactly(reader, size)
        try:
            part, last = channel.open_stream(to, packet)
            found += part
            if last:
                return channel.whole_stream(packet, bytes(found)), packet
        except Unwelcome as e:
            raise Broken(str(e)) from None
        if len(found) > MESSAGE_MAX:
            raise Broken("a message is too long")
        to = after(packet)


async def _write(writer: asyncio.StreamWriter, packets: list[bytes]) -> None:
    for packet in packets:
        writer.write(len(packet).to_bytes(_LENGTH, "big") + packet)
        await writer.drain()


async def _exactly(reader: asyncio.StreamReader, size: int) -> bytes:
    try:
        return await reader.readexactly(size)
    except asyncio.IncompleteReadError:
        raise Broken("closed") from None
