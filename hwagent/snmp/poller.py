"""Polls switches: one task each, so that one that is dead, slow or lying delays no other."""

import asyncio
import time
from collections.abc import Callable

from hwagent.config.switches import Switch
from hwagent.model import Sample

from .access import access
from .makers import Makers
from .plan import Plan, alive
from .session import Session
from .switch import samples
from .wire import Unanswered

#: A switch is waited for so many intervals within one round; slower ones are read in several.
ROUND_MAX = 10
#: What a poll has found: name of the switch, whether it answered, components, why there are none.
Told = Callable[[str, bool, list[Sample], str], None]


class Poller:
    """One switch. ``tell`` is called after each round."""

    def __init__(self, switch: Switch, session: Session, makers: Makers, tell: Told) -> None:
        self.switch = switch
        self._session = session
        self._makers = makers
        self._tell = tell
        self._plan = Plan(makers, old=switch.version == "1")

    async def run(self) -> None:
        """Polls until cancelled."""
        interval = float(self.switch.interval)
        while True:
            began = time.monotonic()
            await self.round()
            await asyncio.sleep(max(interval / 10, interval - (time.monotonic() - began)))

    async def round(self) -> None:
        """One round: what is due, all of it or nothing; a part would make the rest look gone."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(ROUND_MAX * float(self.switch.interval)):
                problems = await self._read(began)
        except TimeoutError:
            self._tell(self.switch.name, True, [], "it answers too slowly to be read")
        except Unanswered as e:
            self._tell(self.switch.name, False, [], str(e))
        else:
            self._told(problems, time.monotonic() - began)

    async def _read(self, now: float) -> list[str]:
        self._plan.restarted(await self._session.get(alive()))
        for _ in range(2):  # rows that are new call for what the switch is made of, at once
            columns = self._plan.due(now)
            there = set(await self._session.present(self._plan.doubtful(columns)))
            found = await self._session.columns(self._plan.doubtless(columns, there))
            if found.problems:
                return found.problems
            if self._plan.read(now, columns, found.values):
                break
        return []

    def _told(self, problems: list[str], seconds: float) -> None:
        if problems:
            self._tell(self.switch.name, True, [], "; ".join(problems))
            return
        found = samples(self._plan.walk(), self._makers, self.switch.name)
        found[0].metrics["answer_seconds"] = round(seconds, 3)
        found[0].attributes["address"] = self.switch.address
        self._tell(self.switch.name, True, found, "")


async def poll(switches: list[Switch], makers: Makers, tell: Told) -> None:
    """Polls all switches until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for number, switch in enumerate(switches):
            try:
                where = access(switch)
            except ValueError as e:
                tell(switch.name, False, [], str(e))
                continue
            session = Session(where, float(switch.timeout))
            poller = Poller(switch, session, makers, tell)
            tasks.create_task(_later(number * 0.05, poller))


async def _later(seconds: float, poller: Poller) -> None:
    """Spreads the first rounds."""
    await asyncio.sleep(seconds)
    await poller.run()
