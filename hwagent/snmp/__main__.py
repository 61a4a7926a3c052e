"""``python -m hwagent.snmp``: polls switches for the agent that started it.

It reads messages from standard input, first which switches (no secrets: names of files), then what
to do about each; and writes what it finds to standard output. Each message has its length before
it. It ends when its input does.
"""

import asyncio
import sys
from pathlib import Path

from hwagent.config import ConfigError
from hwagent.helper.protocol import LENGTH, MESSAGE_MAX

from .makers import Makers, load_makers, shipped_makers
from .messages import Dropped, FromPoller, Hurry, Locate, Orders, Roles, ToPoller, sent, to_poller
from .pollers import Pollers


async def _serve() -> None:
    stream = await _input()
    wanted = await _message(stream)
    if not isinstance(wanted, Orders):
        raise EOFError("no orders")
    makers = _makers(wanted.makers)
    pollers = Pollers(wanted.switches, makers, _tell)
    polling = asyncio.create_task(pollers.run(wanted.traps))
    following = asyncio.create_task(_follow(stream, pollers))
    await asyncio.wait((polling, following), return_when=asyncio.FIRST_COMPLETED)
    if polling.done():
        polling.result()
        await following  # nothing can be polled; the agent has been told why
    polling.cancel()


def _makers(directories: list[str]) -> Makers:
    """The tables of all makers; of the shipped ones only, if a file of the user's is wrong."""
    try:
        return load_makers(map(Path, directories))
    except ConfigError as e:
        _tell(Dropped(problem=f"makers of yours are not known: {e}"))
        return shipped_makers()


async def _follow(stream: asyncio.StreamReader, pollers: Pollers) -> None:
    """Obeys the agent until it ends."""
    while True:
        try:
            message = await _message(stream)
        except EOFError:
            return
        if isinstance(message, Roles):
            pollers.play(message.roles)
        elif isinstance(message, Hurry):
            pollers.hurry(message.name, message.down)
        elif isinstance(message, Locate):
            pollers.locate(message.addresses)


async def _message(stream: asyncio.StreamReader) -> ToPoller:
    """The agent's next message. Raises EOFError, msgspec.DecodeError."""
    size = int.from_bytes(await stream.readexactly(LENGTH))
    if size > MESSAGE_MAX:
        raise EOFError("too long a message")
    data = await stream.readexactly(size)
    return to_poller.decode(data)


async def _input() -> asyncio.StreamReader:
    stream = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), sys.stdin)
    return stream


def _tell(message: FromPoller) -> None:
    sys.stdout.buffer.write(sent(message))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(_serve())
