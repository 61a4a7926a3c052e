"""The agent's word to the holder, said again and again: which addresses, and whether it is fit."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from hwagent.config import Config, host_name
from hwagent.vip.client import HolderClient
from hwagent.vip.protocol import Secrets, Status, clock

from .delegate import Delegate
from .fitness import Verdict
from .ranking import Ranking

#: Seconds between tries to reach the holder; without addresses there need not be one.
RETRY, RETRY_IDLE = 0.5, 30.0
#: Seconds in which the first verdict must come: the longest deadline of a look, and some.
INHERIT = 120.0


class Holding:
    """Keeps the holder told; the holder gives addresses up when it is not told for ``ttl``."""

    def __init__(
        self,
        path: str,
        publish: Callable[[str, str, Any], None],
        delegate: Delegate | None = None,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = HolderClient(path, told)
        self._publish = publish
        self._delegate = delegate
        self._config = Config()
        self._verdict: Verdict | None = None
        self._wake = asyncio.Event()
        self._inherit_until = clock() + INHERIT
        self.connected = False
        #: Why the holder does not go by the configuration, or not in all; empty if it does.
        self.problem = ""

    def status(self) -> Status | None:
        """What the holder last told; None while it does not answer."""
        return self._client.status() if self.connected else None

    def configure(self, config: Config) -> None:
        """Takes the addresses and the time to live from the configuration."""
        self._config = config
        self._wake.set()

    def tell(self, verdict: Verdict) -> None:
        """Passes a new verdict on at once."""
        self._verdict = verdict
        self._wake.set()

    def hurry(self) -> None:
        """Has the holder told at once how this host stands."""
        self._wake.set()

    async def run(self) -> None:
        """Talks to the holder until cancelled; comes back after a holder that died."""
        while True:
            with suppress(OSError, EOFError):
                await self._client.connect()
                self.connected = True
                await self._talk()
            self.connected = False
            await self._pause()

    async def _talk(self) -> None:
        """Until the holder is gone. Raises OSError, EOFError.

        No TaskGroup: where a holder ends in the moment in which this is cancelled, that of Python
        3.11 tells of the holder alone, and the agent's end waited for this for ever.
        """
        halves = [asyncio.create_task(half) for half in (self._repeat(), self._listen())]
        try:
            ended, _ = await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
            for half in ended:
                await half
        finally:
            for half in halves:
                half.cancel()
            await asyncio.gather(*halves, return_exceptions=True)

    async def _pause(self) -> None:
        """Until the holder is tried again; a configuration that has addresses now ends it."""
        if self._config.vips or self._config.groups:
            await asyncio.sleep(RETRY)
            return
        self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(RETRY_IDLE):
                await self._wake.wait()

    async def _repeat(self) -> None:
        told: tuple[Config, Secrets] | None = None
        while True:
            self._wake.clear()
            config = self._config
            secrets = self._delegate.secrets() if self._delegate else Secrets()
            if told != (config, secrets):
                told = (config, secrets)
                await self._say(config, secrets)
            ttl = float(config.fitness.ttl)
            if (verdict := self._verdict or self._inherited()) is not None:
                unready = self._delegate.unready() if self._delegate else ()
                ranking = self._ranking(config, verdict.fit)
                await self._client.fitness(verdict, ttl, ranking, unready)
            try:
                async with asyncio.timeout(ttl / 5):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _inherited(self) -> Verdict | None:
        """Before the first verdict: that of the agent before us, if addresses are held by it still.

        A disk that hangs holds up the first round until its deadline, longer than a word counts.
        """
        status = self._client.status()
        held = status is not None and any(vip.state == "held" for vip in status.vips)
        return Verdict(True, "") if held and clock() < self._inherit_until else None

    def _ranking(self, config: Config, fit: bool) -> Ranking:
        """Before the first verdict nothing is left to others: who starts knows of none yet."""
        if self._delegate is None or not config.groups:
            return Ranking({}, ())
        status = self._client.status()
        vips = status.vips if status is not None else ()
        holders = {v.address.partition("/")[0]: v.holder for v in vips}
        found = self._delegate.ranking(holders, fit)
        return found if self._verdict is not None else found._replace(leave=())

    async def move(self, address: str, successor: str) -> None:
        """Has an address handed to another host, if that accepts. Raises OSError, ValueError."""
        await self._client.move(address, successor)

    async def plan(self) -> None:
        """Says the plan anew: ends releases and conflicts. Raises OSError."""
        secrets = self._delegate.secrets() if self._delegate else Secrets()
        await self._say(self._config, secrets)

    async def _say(self, config: Config, secrets: Secrets) -> None:
        """Tells the plan; a refusal of an earlier one counts no more."""
        self.problem = ""
        await self._client.plan(config, host_name(config), secrets)

    async def ready(self, address: str, epoch: int, problem: str) -> None:
        """Says that an address's services run, or why not. Raises OSError, ValueError."""
        until = clock() + float(self._config.fitness.ttl)
        await self._client.ready(address, epoch, until, problem)

    async def release(self, address: str) -> None:
        """Has an address given up until ``configure``. Raises OSError, ValueError."""
        await self._client.release(address)

    async def _listen(self) -> None:
        async for event in self._client.events():
            if event.type == "refused" and not event.address:
                self.problem = f"the holder refuses a part of the configuration: {event.reason}"
            data = msgspec.to_builtins(event)
            self._publish("vip", f"vip:{data.get('address', '')}", data)
        raise EOFError

    def vips(self) -> list[dict[str, Any]]:
        """The addresses as the holder last told, or as not known."""
        status = self._client.status() if self.connected else None
        if status is None:
            return [
                {"address": v.address, "interface": "", "state": "unknown", "since": 0.0,
                 "reason": "the holder does not answer", "group": v.group, "epoch": 0,
                 "holder": ""}
                for v in self._config.vips
            ]  # fmt: skip
        return [msgspec.to_builtins(v) for v in status.vips]

    async def close(self) -> None:
        """Leaves the holder alone; it goes on with the last word until that runs out."""
        await self._client.close()
