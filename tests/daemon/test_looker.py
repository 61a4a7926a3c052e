"""When the looker looks, and what it says where it cannot."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from hwagent.collect.base import Collector
from hwagent.config import Config
from hwagent.daemon.looker import Looker
from hwagent.helper.pool import ProbeFailed
from hwagent.model import Sample
from tests.loop import in_loop, until


class Ports(Collector):
    """A collector of named targets."""

    name: ClassVar = "ports"
    kinds: ClassVar = {}

    def targets(self, root: Any) -> list[str]:
        """Named ones, which a pool is asked for."""
        raise NotImplementedError


class Starved:
    """A pool that has no worker the first time."""

    def __init__(self) -> None:
        self.asked = 0

    async def targets(self, collector: str) -> list[str]:
        self.asked += 1
        if self.asked == 1:
            raise ProbeFailed("no worker within 20 s")
        return ["p1"]

    async def collect(self, collector: str, target: str, deadline: float) -> list[Sample]:
        return []


class Seen:
    """What was found, by component."""

    def __init__(self) -> None:
        self.samples: dict[str, Sample] = {}

    def __call__(self, job: tuple[str, str], samples: list[Sample]) -> None:
        self.samples.update({sample.id: sample for sample in samples})


async def looking(pool: Any, seen: Seen, watch: Callable[[Looker], Awaitable[None]]) -> None:
    clock = asyncio.get_running_loop().time
    nothing: Any = lambda *_: None  # noqa: E731
    looker = Looker([Ports()], {False: pool, True: pool}, clock, seen, nothing, nothing)
    looker.configure(Config())
    task = asyncio.create_task(looker.run())
    try:
        await watch(looker)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@in_loop
async def test_targets_that_could_not_be_listed_at_first_are_told_of_until_they_are() -> None:
    seen = Seen()

    async def watch(looker: Looker) -> None:
        await until(lambda: "probe:ports" in seen.samples, "the first try")
        assert seen.samples["probe:ports"].unreadable == "no worker within 20 s"
        looker.hurry("ports")
        await until(lambda: not seen.samples["probe:ports"].unreadable, "the second")
        assert seen.samples["probe:ports"].metrics["failed"] == 0

    await looking(Starved(), seen, watch)
