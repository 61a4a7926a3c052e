"""``python -m hwagent.collect.redfish_events``: hears BMCs for the agent that started it.

It reads from standard input which BMCs (no secrets: names of files), again whenever these are
others, and writes what they tell to standard output. It ends when its input does, or by SIGTERM;
then BMCs are told to push no more.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from hwagent.config.bmcs import Events

from .later import Postponed, later
from .redfish_ear import Ear, Reached
from .redfish_listener import Listener
from .redfish_messages import MESSAGE_MAX, Dropped, FromEars, Orders, orders, sent
from .redfish_reception import Reception
from .redfish_talk import bracketed

Tell = Callable[[FromEars], None]


class Ears:
    """All BMCs: tasks of their own, so that one that is dead or slow delays no other."""

    def __init__(self, wanted: Orders, tell: Tell) -> None:
        self._events = wanted.events
        self._tell = tell
        self._reception = Reception()
        self._dropped = Postponed(self._tell_dropped)
        self._wanted = wanted
        self._changed = asyncio.Event()
        self._ears: dict[str, Ear] = {}
        self._hearing: dict[str, asyncio.Task[None]] = {}

    def order(self, wanted: Orders) -> None:
        """Hears these BMCs from now on; those that were heard before go on as they are."""
        self._wanted = wanted
        self._changed.set()

    async def run(self) -> None:
        """Hears until cancelled."""
        server = await self._listen() if self._events.bind else None
        reached = self._url if server else None
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    self._changed.clear()
                    self._follow_orders(tasks, reached)
                    await self._changed.wait()
        finally:
            if server is not None:
                server.close()

    def _follow_orders(self, tasks: asyncio.TaskGroup, reached: Reached | None) -> None:
        wanted = {bmc.name: bmc for bmc in self._wanted.bmcs}
        for name in [n for n, ear in self._ears.items() if wanted.get(n) != ear.bmc]:
            self._reception.forget(name)
            del self._ears[name]
            self._hearing.pop(name).cancel()
        for number, name in enumerate(wanted.keys() - self._ears.keys()):
            ear = self._ears[name] = Ear(wanted[name], self._wanted.host, reached, self._tell)
            self._reception.expect(ear.friend)
            self._hearing[name] = tasks.create_task(later(number, ear.run))

    async def _listen(self) -> asyncio.Server | None:
        listener = Listener(self._reception, self._heard, self._dropped.due)
        try:
            return await listener.start(self._events)
        except OSError as e:
            why = e.strerror or str(e)
            self._tell(Dropped(problem=f"events are not heard at {self._events.bind}: {why}"))
            return None

    def _heard(self, name: str, origins: tuple[str, ...]) -> None:
        self._ears[name].event(origins)

    def _url(self, own: str) -> str:
        return reached_at(self._events, own)

    def _tell_dropped(self) -> None:
        self._tell(Dropped(dict(self._reception.dropped)))


def reached_at(events: Events, own: str) -> str:
    """The URL that BMCs push to: the configured one, or where we listen; on all addresses, the one
    that the BMC is spoken to from."""
    if events.url:
        return events.url.rstrip("/")
    assert events.place is not None
    address, port = events.place
    address = own if address in ("0.0.0.0", "::") else address
    return f"{'https' if events.cert_file else 'http'}://{bracketed(address)}:{port}"


async def _serve() -> None:
    stream = asyncio.StreamReader(limit=MESSAGE_MAX)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), sys.stdin)
    line = await stream.readline()
    if not line:
        return  # the agent has ended already
    ears = Ears(orders.decode(line), _tell)
    hearing = asyncio.create_task(ears.run())
    loop.add_signal_handler(signal.SIGTERM, hearing.cancel)
    ending = asyncio.create_task(_obey(stream, ears))
    await asyncio.wait((hearing, ending), return_when=asyncio.FIRST_COMPLETED)
    hearing.cancel()
    await asyncio.wait((hearing,))
    if not hearing.cancelled():
        hearing.result()


async def _obey(stream: asyncio.StreamReader, ears: Ears) -> None:
    """Passes orders on until they end."""
    while line := await stream.readline():
        ears.order(orders.decode(line))


def _tell(message: FromEars) -> None:
    with suppress(BrokenPipeError):  # the agent has ended, so our input ends too
        sys.stdout.buffer.write(sent(message))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(_serve())
