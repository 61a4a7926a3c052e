"""A member that runs: the core, its sockets and its timer in one event loop."""

import asyncio
import logging
import random
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from hwagent.config.cluster import split_host_port
from hwagent.seal.channel import Channel
from hwagent.seal.sealer import OVERHEAD, POLICIES, Sealed, Sealer

from .codec import encode
from .core import Core
from .effects import Effect, Event, Exchange, SendPacket
from .messages import NEWEST, OLDEST, Alive, Endpoint, Value
from .settings import Settings
from .stream import Broken, ask, hear, reply
from .swim import Swim
from .transport import Transport

log = logging.getLogger("hwagent.cluster")
#: Seconds between two lookings-up of the seeds' names.
RESOLVE_EVERY = 60.0
#: Seconds until the next turn after one that failed.
AFTER_FAULT = 1.0
#: Exchanges under way at the same time.
EXCHANGES_MAX = 64


class Node:
    """One member. ``on_event`` is called for each event, in the loop."""

    def __init__(self, settings: Settings, on_event: Callable[[Event], None] = lambda _: None):
        settings.check()
        self.settings = settings
        self.events = on_event
        self.transport = Transport(self._received, self._serve, settings.profile.tcp_timeout)
        self._core: Core | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._exchanges = 0
        self._loop: asyncio.AbstractEventLoop

    # Life

    async def start(self) -> None:
        """Listens and calls the seeds. Raises OSError where it cannot listen."""
        self._loop = asyncio.get_running_loop()
        endpoints = await self.transport.open(list(self.settings.binds))
        self._core = self._make(endpoints)
        self._arm()
        self._start(self._resolve())

    async def leave(self) -> None:
        """Says goodbye and waits until that was told."""
        self._act(self.core.leave(self.now()))
        await asyncio.sleep(self.settings.profile.leave_propagate_delay)

    async def close(self) -> None:
        """Ends at once, as a crash would."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.transport.close()
        self._core = None

    @property
    def core(self) -> Core:
        """The core of a node that was started."""
        assert self._core is not None
        return self._core

    def now(self) -> float:
        """The loop's clock: monotonic, never set."""
        return self._loop.time()

    # What people and the agent want

    async def join(self, seeds: Iterable[str]) -> int:
        """Calls hosts that may be members; returns how many addresses were called.

        Raises ValueError for what is no address, OSError for a name that is not known.
        """
        found = [e for seed in seeds for e in await self._look_up(seed)]
        self._act(self.core.join(self.now(), found))
        return len(found)

    def publish(self, values: Mapping[str, Value]) -> None:
        """This member's status. Raises TooLarge, and changes nothing."""
        self._act(self.core.publish(self.now(), values))

    def tell(self, name: str, subject: str, data: bytes) -> None:
        """A letter to one member: it may get lost."""
        self._act(self.core.tell(self.now(), name, subject, data))

    def change_keys(self, change: Callable[[], None]) -> None:
        """A change to the keyring, told to every member. Raises KeyProblem."""
        self._act(self.core.change_keys(change))

    def counters(self) -> Counter[str]:
        """What was sent, received and dropped, by reason."""
        return self.core.counters() + self.transport.counters

    # Inside

    def _make(self, endpoints: tuple[Endpoint, ...]) -> Core:
        settings = self.settings
        policy = POLICIES[settings.encryption if settings.keyring else "none"]
        sealer = Sealer(settings.keyring, settings.label, policy, (OLDEST, NEWEST))
        channel = Channel(self.now(), sealer, lambda: secrets.randbits(64))
        me = Alive(
            settings.name,
            settings.incarnation + 1,
            endpoints,
            channel.session,
            settings.labels,
            (OLDEST, NEWEST),
        )
        rng = random.Random(secrets.randbits(64))
        room = settings.profile.udp_buffer_size - OVERHEAD
        links = tuple(e.link for e in endpoints)
        return Core(channel, Swim(self.now(), me, settings.profile, rng, room, links))

    def _received(self, source: Endpoint, packet: bytes) -> None:
        if self._core is not None:
            self._act(self._core.receive(self.now(), source, packet))

    def _tick(self) -> None:
        try:
            self._act(self.core.tick(self.now()))
        except Exception:  # a member that goes on with a fault is worth more than a silent one
            log.exception("a turn of gossip failed")
            self._timer = self._loop.call_later(AFTER_FAULT, self._tick)

    def _act(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case SendPacket(_, to, payload):
                    self.transport.send(to, payload)
                case Exchange():
                    self._start(self._exchange(effect))
                case Event():
                    self._tell(effect)
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self.core.due(), self._tick)

    def _tell(self, event: Event) -> None:
        if event.type not in ("status", "letter"):
            log.info("%s %s %s", event.type, event.member, event.data)
        self.events(event)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Streams

    async def _exchange(self, asked: Exchange) -> None:
        answer, how = None, Sealed.NOT
        self._exchanges += 1
        try:
            if self._exchanges <= EXCHANGES_MAX:
                async with asyncio.timeout(asked.timeout):
                    answer, how = await self._ask(asked)
        except (OSError, TimeoutError, Broken):
            pass
        finally:
            self._exchanges -= 1
        self._act(self.core.answered(self.now(), asked, answer, how))

    async def _ask(self, asked: Exchange) -> tuple[bytes, Sealed]:
        reader, writer = await self.transport.connect(asked.to)
        try:
            return await ask(self.core.channel, reader, writer, encode(asked.request))
        finally:
            writer.close()

    async def _serve(
        self, source: Endpoint, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        channel = self.core.channel
        try:
            request, last = await hear(channel, reader, writer)
        except Broken:
            return
        how = channel.sealer.how(last)
        answer, effects = self.core.serve(self.now(), source, request, how)
        self._act(effects)
        await reply(channel, writer, last, answer)

    # Seeds

    async def _resolve(self) -> None:
        """Looks the seeds up now and then: names move, and the first time may fail."""
        while True:
            found = [self._endpoint(host, port) for host, port in self.settings.known]
            for seed in self.settings.seeds:
                try:
                    found += await self._look_up(seed)
                except OSError as e:
                    log.warning("seed %s", e)
            rejoin = self.core.swim.rejoin
            mine = {(e.host, e.port) for e in self.core.swim.members.me.endpoints}
            first = not rejoin.seeds
            rejoin.seeds = tuple(e for e in found if (e.host, e.port) not in mine)
            if first:
                rejoin.hurry(self.now())
                self._arm()
            await asyncio.sleep(RESOLVE_EVERY)

    async def _look_up(self, seed: str) -> list[Endpoint]:
        host, port = split_host_port(seed)
        try:
            found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as e:
            raise OSError(f"{seed}: {e.strerror}") from None
        return [self._endpoint(*address[:2]) for *_, address in found]

    def _endpoint(self, host: str, port: int) -> Endpoint:
        """On the first of this host's networks that speaks the same kind of address."""
        same = (b.link for b in self.settings.binds if (":" in b.host) == (":" in host))
        return Endpoint(next(same, self.settings.binds[0].link), host, port)
