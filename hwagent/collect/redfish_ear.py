"""One BMC, heard: its stream of events is held, or it is asked to push; what it tells is followed.

An event leads to a look, never to a verdict. First what the event names is read, if that is soon
had; then the agent looks at all of it, as a poll does. Whatever goes wrong here, polls go on.
"""

import asyncio
import json
import math
import random
import secrets
import time
from collections.abc import Callable, Iterable

from hwagent.config.bmcs import Bmc
from hwagent.model import Sample

from . import redfish, redfish_event
from .bmc import placed
from .ipmi_ask import renamed
from .redfish_event import Offer, offer
from .redfish_messages import FromEars, Hearing, Look, Way
from .redfish_reception import PREFIX, Friend
from .redfish_subscription import Ours, Refused, alive, subscribe, take_back, unsubscribe
from .redfish_talk import Talk, plain_address
from .redfish_turns import Backoff, Turns
from .redfish_walk import ROOT, link
from .sse import EventStream, Message

#: Seconds between attempts to hear a BMC, and how long one must last to count as well.
PAUSE, PAUSE_MAX, HEALTHY = 1.0, 300.0, 60.0
#: Seconds before a BMC that offers no events is asked again: its firmware may be a newer one.
AGAIN = 3600.0
#: A stream that has been silent for so long, seconds, is opened anew: the BMC may have lost it.
SILENT = 3600.0
#: Seconds for what an event names; after that, or if it cannot be had, only the round is made.
GLANCE = 2.0
#: Seconds for taking a subscription back at the end.
LAST = 2.0
#: Seconds before a word about what came: a flood is no reason to write as much.
SOON = 0.5
_ORIGINS_MAX = 16
#: The URL that a BMC with this address on our side of the connection would reach us at.
Reached = Callable[[str], str]


class Ear:
    """One BMC. ``reached`` is None where nothing can be pushed to; ``tell`` hears all there is."""

    def __init__(
        self, bmc: Bmc, host: str, reached: Reached | None, tell: Callable[[FromEars], None]
    ) -> None:
        self.bmc = bmc
        self._context = f"hwagent {host} {bmc.name}"
        self._reached = reached
        self._tell_all = tell
        self._secret = secrets.token_urlsafe(24)
        self._sources = {*map(plain_address, (bmc.address, *bmc.event_sources))} - {""}
        self._turns = Turns(float(bmc.interval))
        self._backoff = Backoff(PAUSE, PAUSE_MAX, HEALTHY)
        self._way: Way = "broken"
        self._why = "not heard yet"
        self._events = 0
        self._heard = 0.0
        self._missed = False
        self._since = 0.0
        self._origins: dict[str, None] = {}
        self._woken = asyncio.Event()
        self._telling: asyncio.TimerHandle | None = None

    @property
    def friend(self) -> Friend:
        """How events that it pushes are known."""
        return Friend(self.bmc.name, self._secret, lambda: self._sources)

    async def run(self) -> None:
        """Hears until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._stay())

    def event(self, origins: Iterable[str]) -> None:
        """The BMC has told of an event about these documents."""
        self._events += 1
        self.look(origins)
        self._tell_soon()

    def look(self, origins: Iterable[str] = ()) -> None:
        """Something may have happened."""
        for origin in origins:
            if len(self._origins) < _ORIGINS_MAX:
                self._origins[origin] = None
        self._woken.set()

    # What is told is followed

    async def _follow(self) -> None:
        while True:
            await self._woken.wait()
            await asyncio.sleep(self._turns.wait(time.monotonic()))
            self._woken.clear()
            self._turns.take(time.monotonic())
            origins, self._origins = list(self._origins), {}
            self._tell_all(Look(self.bmc.name, await self._glance(origins)))

    async def _glance(self, origins: list[str]) -> list[Sample]:
        """What the event named, as far as it is soon had."""
        documents: list[object] = []
        talk = Talk(self.bmc)
        try:
            async with asyncio.timeout(GLANCE):
                for origin in origins[: redfish_event.ORIGINS_MAX]:
                    documents.append(await talk.get(origin))
        except (OSError, ValueError):
            pass  # the round that follows will say what is wrong
        finally:
            talk.close()
        found = [d for d in documents if d]
        if not found:
            return []
        samples = redfish.decode(json.dumps(found).encode())
        return placed(self.bmc, [renamed(s, "redfish", self.bmc.name) for s in samples])

    # Being told

    async def _stay(self) -> None:
        while True:
            stream, self._since = EventStream(), math.inf
            try:
                await self._hear(stream)
            except (OSError, ValueError) as e:
                why = getattr(e, "strerror", None) or str(e) or type(e).__name__
                self._missed = True
                self._is("broken", why)
            lasted = time.monotonic() - self._since
            pause = self._backoff.pause(lasted, stream.retry or 0.0)
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))

    async def _hear(self, stream: EventStream) -> None:
        """Hears as long as it can be."""
        talk = Talk(self.bmc)
        try:
            offered = await self._offer(talk)
            if offered.stream:
                try:
                    await self._hold(talk, offered, stream)
                    return
                except Refused:
                    if not (offered.subscriptions and self._reached):
                        raise
            if offered.subscriptions and self._reached:
                await self._be_pushed(talk, offered, self._reached)
                return
            self._is(
                "none", offered.why or "it has no stream of events, and nothing is listened on"
            )
        finally:
            talk.close()
        await asyncio.sleep(AGAIN)

    async def _offer(self, talk: Talk) -> Offer:
        root = await talk.get(ROOT)
        if not isinstance(root, dict):
            raise ValueError("it does not answer as a Redfish service")
        service = redfish_event.path(link(root, "EventService"))
        if not service:
            return offer(None)
        answer = await talk.ask("GET", service)  # the root is for all to read, this is not
        if answer.status not in (200, 404):
            raise ValueError(f"{service}: HTTP {answer.status}")
        return offer(answer.document())

    async def _hold(self, talk: Talk, offered: Offer, stream: EventStream) -> None:
        """Reads the stream of events until it ends. Raises Refused if there is none."""
        status = await talk.follow(offered.stream)
        if status != 200:
            raise Refused(f"HTTP {status} to our wish to read its stream of events")
        self._heard = time.clock_gettime(time.CLOCK_BOOTTIME)
        self._hears("stream")
        while True:
            try:
                async with asyncio.timeout(SILENT):
                    chunk = await talk.more()
            except TimeoutError:
                raise TimeoutError(f"its stream said nothing for {SILENT:g} s") from None
            if not chunk:
                raise ValueError("it ended its stream of events")
            self._heard = time.clock_gettime(time.CLOCK_BOOTTIME)
            self._tell_soon()
            for message in stream.feed(chunk):
                self._take(message)

    def _take(self, message: Message) -> None:
        """An event of the stream. One that is too large or makes no sense still says that
        something happened."""
        try:
            origins = [] if message.cut else redfish_event.origins(message.data.encode())
        except ValueError:
            origins = []
        if origins is not None:
            self.event(origins)

    async def _be_pushed(self, talk: Talk, offered: Offer, reached: Reached) -> None:
        """Has events pushed, until the BMC cannot be asked any more."""
        self._sources |= {talk.peer} - {""}
        prefix = reached(talk.own) + PREFIX
        ours = Ours(prefix + self._secret, prefix, self._context)
        subscription = ""
        try:
            subscription = await subscribe(talk, offered, ours)
            self._hears("push")
            while await alive(talk, subscription):
                talk.close()
                await asyncio.sleep(float(self.bmc.interval))
        finally:
            await self._leave(offered, ours, subscription)
        raise ValueError("it has dropped our subscription")

    async def _leave(self, offered: Offer, ours: Ours, subscription: str) -> None:
        """Takes the subscription back, for what that is worth; one that we do not know the path of
        may be there all the same, if we were interrupted."""
        talk = Talk(self.bmc)
        try:
            async with asyncio.timeout(LAST):
                if subscription:
                    await unsubscribe(talk, subscription)
                else:
                    await take_back(talk, offered, ours)
        except (OSError, ValueError):
            return
        finally:
            talk.close()

    def _hears(self, way: Way) -> None:
        """It is heard from now on. What happened while it was not is seen by a look; where nothing
        was missed yet, the agent looks anyway."""
        if self._missed:
            self.look()
        self._missed, self._since = False, time.monotonic()
        self._is(way)

    # What is said of it

    def _is(self, way: Way, why: str = "") -> None:
        if (way, why) != (self._way, self._why):
            self._way, self._why = way, why
            self._tell()

    def _tell_soon(self) -> None:
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(SOON, self._tell)

    def _tell(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        self._tell_all(
            Hearing(self.bmc.name, self._way, self._why[:200], self._events, self._heard)
        )
