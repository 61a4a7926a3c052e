"""Whether this host could run what runs with a virtual IP: asked before there is need.

Two things are looked at again and again: that the helper would run each hook and finds each unit,
and the check of the user's own, such as whether the replica is in sync. Neither matters to the host
that holds the address.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec

from hwagent.collect.debounce import RiseFall, encode
from hwagent.config import Service
from hwagent.config.vip_services import Ready
from hwagent.helper import Pool, ProbeBusy, ProbeFailed, ProbeStuck

#: Seconds between two looks at hooks and units, and after one that found something wrong.
EVERY, SOONER = 300.0, 10.0
#: Added to a check's own time limit before its worker is given up.
SLACK = 5.0
UNKNOWN = "not checked yet"


class Said(NamedTuple):
    """What a check said: the raw result, and why it failed."""

    up: bool
    detail: str


class Readiness:
    """Keeps asking about one address until its task is cancelled.

    ``able`` says what is wrong with hooks and units, or nothing; ``changed`` is called when
    ``problem``, why the address should not be taken over, is another one.
    """

    def __init__(
        self,
        ready: Ready | None,
        pool: Pool,
        able: Callable[[], Awaitable[str]] | None,
        changed: Callable[[], None],
    ) -> None:
        self._ready = ready
        self._pool = pool
        self._able = able
        self._changed = changed
        self._unable = UNKNOWN if able else ""
        self._unwell = UNKNOWN if ready else ""

    @property
    def problem(self) -> str:
        """Why this host should not take the address over; empty if it could."""
        return self._unable or self._unwell

    async def run(self) -> None:
        """Asks until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            if self._able is not None:
                tasks.create_task(self._look(self._able))
            if self._ready is not None:
                tasks.create_task(self._check(self._ready))

    async def _look(self, able: Callable[[], Awaitable[str]]) -> None:
        while True:
            before, self._unable = self.problem, await able()
            self._tell(before)
            await asyncio.sleep(SOONER if self._unable else EVERY)

    async def _check(self, ready: Ready) -> None:
        service = Service(name="ready", **msgspec.structs.asdict(ready))
        steady = RiseFall(ready.rise, ready.fall)
        while True:
            said = await self._ask(service)
            before = self.problem
            if steady.observe(said.up):
                self._unwell = ""
            elif steady.up is False:
                self._unwell = f"not ready: {said.detail}" if said.detail else self._unwell
            self._tell(before)
            await asyncio.sleep(float(ready.interval))

    async def _ask(self, service: Service) -> Said:
        deadline = float(service.timeout) + SLACK
        try:
            [sample] = await self._pool.collect("service", encode(service), deadline)
        except (ProbeStuck, ProbeBusy, ProbeFailed) as e:
            return Said(False, str(e))
        return Said(bool(sample.metrics["raw_up"]), str(sample.attributes["detail"]))

    def _tell(self, before: str) -> None:
        if self.problem != before:
            self._changed()
