"""``python -m hwagent.snmp``: polls switches for the agent that started it.

It reads one message from standard input, the switches (no secrets: names of files), and writes one
message per poll to standard output, each with its length before it. It ends when its input does.
"""

import asyncio
import os
import sys
from pathlib import Path

import msgspec

from hwagent.helper.protocol import LENGTH, MESSAGE_MAX, encode, framed
from hwagent.model import Sample

from .makers import load_makers
from .messages import Orders, Polled
from .poller import poll


def orders(fd: int) -> Orders:
    """The agent's message. Raises EOFError or msgspec.DecodeError."""
    size = int.from_bytes(_exactly(fd, LENGTH), "big")
    if size > MESSAGE_MAX:
        raise EOFError("no orders")
    return msgspec.msgpack.decode(_exactly(fd, size), type=Orders, dec_hook=_duration)


def _exactly(fd: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = os.read(fd, size - len(data))
        if not part:
            raise EOFError("no orders")
        data += part
    return data


def _duration(type: type, value: object) -> object:
    """Durations travel as plain numbers of seconds."""
    return type(value)


async def _serve(wanted: Orders) -> None:
    out = sys.stdout.buffer

    def tell(name: str, answered: bool, samples: list[Sample], why: str) -> None:
        out.write(framed(encode(Polled(name, answered, samples, why))))
        out.flush()

    makers = load_makers(Path(directory) for directory in wanted.makers)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), ended.set)
    polling = asyncio.create_task(poll(wanted.switches, makers, tell))
    ending = asyncio.create_task(ended.wait())
    await asyncio.wait((polling, ending), return_when=asyncio.FIRST_COMPLETED)
    if polling.done():
        polling.result()
        await ending  # nothing can be polled; the agent has been told why
    polling.cancel()


if __name__ == "__main__":
    asyncio.run(_serve(orders(sys.stdin.fileno())))
