"""One switch, polled in rounds: what is due, and at once what a trap says is worth a look."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from hwagent.config.switches import Switch
from hwagent.model import Sample

from .makers import Makers
from .messages import Checked, FromPoller, Polled, Role
from .oid import Oid
from .pdu import Trap
from .plan import Plan, alive
from .session import Session
from .switch import samples
from .wire import Unanswered

#: A switch is waited for so many intervals within one round; slower ones are read in several.
ROUND_MAX = 10
#: Traps that wait to be looked into; what more of them say is seen by the round that follows.
TRAPS_MAX = 16
#: Parts of the interval that are between two rounds at least, whatever traps or delays say.
LEAST = 10
#: Who hears of what was found.
Tell = Callable[[FromPoller], None]


class Poller:
    """One switch. ``tell`` is called after each round."""

    def __init__(self, switch: Switch, session: Session, makers: Makers, tell: Tell) -> None:
        self.switch = switch
        self.session = session
        self._makers = makers
        self._tell = tell
        self._plan = self._fresh()
        self._role: Role = "poll"
        self._woken = asyncio.Event()
        self._traps: list[Trap | None] = []
        self._last: dict[str, Sample] = {}

    def play(self, role: Role) -> None:
        """Takes what this host does about the switch from now on."""
        if role != self._role:
            self._role, self._plan, self._last = role, self._fresh(), {}
            self._traps.clear()
            self._woken.set()

    def hurry(self, trap: Trap | None = None) -> None:
        """Something happened at the switch: what a trap means is read at once, the states then."""
        if self._role == "poll":
            self._traps = [*self._traps, trap][:TRAPS_MAX]
            self._woken.set()

    async def run(self) -> None:
        """Polls until cancelled."""
        while True:
            began, role = time.monotonic(), self._role
            if role == "poll":
                await self.round()
            elif role == "check":
                await self._check()
            await self._rest(began, role)

    async def round(self) -> None:
        """One round: what is due, all of it or nothing; a part would make the rest look gone."""
        await self._try(self._read)

    async def _rest(self, began: float, role: Role) -> None:
        """Waits for the next round; looks into traps meanwhile, and comes back sooner for them."""
        interval = float(self.switch.interval)
        least = time.monotonic() + interval / LEAST
        due = max(began + interval, least)
        while self._role == role and (role == "rest" or time.monotonic() < due):
            await self._wait(None if role == "rest" else due - time.monotonic())
            if self._traps:
                await self._glance(self._traps.pop(0))
                due = least

    async def _wait(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                if not self._traps:
                    await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()

    async def _check(self) -> None:
        try:
            await self.session.get(alive()[:1])
        except Unanswered:
            self._tell(Checked(self.switch.name, False))
        else:
            self._tell(Checked(self.switch.name, True))

    async def _glance(self, trap: Trap | None) -> None:
        """Reads what a trap means, and whether the switch has started anew: a request or two."""
        if trap is None or not self._plan.complete:
            return  # the round that follows reads all of it
        meant = self._plan.meant(trap)
        await self._try(lambda began: self._look(began, meant))

    async def _look(self, began: float, meant: list[Oid]) -> list[str]:
        self._plan.restarted(await self.session.get(alive()))
        if meant:
            self._plan.refresh(meant, await self.session.get(meant))
        return []

    async def _try(self, read: Callable[[float], Awaitable[list[str]]]) -> None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(ROUND_MAX * float(self.switch.interval)):
                problems = await read(began)
        except TimeoutError:
            self._tell(Polled(self.switch.name, True, why="it answers too slowly to be read"))
        except Unanswered as e:
            self._tell(Polled(self.switch.name, False, why=str(e)))
        else:
            self._told(problems, time.monotonic() - began)

    async def _read(self, now: float) -> list[str]:
        self._plan.restarted(await self.session.get(alive()))
        for _ in range(2):  # rows that are new call for what the switch is made of, at once
            columns = self._plan.due(now)
            there = set(await self.session.present(self._plan.doubtful(columns)))
            found = await self.session.columns(self._plan.doubtless(columns, there))
            if found.problems:
                return found.problems
            if self._plan.read(now, columns, found.values):
                break
        return []

    def _told(self, problems: list[str], seconds: float) -> None:
        if problems:
            self._tell(Polled(self.switch.name, True, why="; ".join(problems)))
            return
        found = samples(self._plan.walk(), self._makers, self.switch.name)
        found[0].metrics["answer_seconds"] = round(seconds, 3)
        found[0].attributes["address"] = self.switch.address
        changed = [s for s in found if s != self._last.get(s.id)]
        same = [s.id for s in found if s == self._last.get(s.id)]
        self._last = {s.id: s for s in found}
        self._tell(Polled(self.switch.name, True, changed, same=same))

    def _fresh(self) -> Plan:
        return Plan(self._makers, old=self.switch.version == "1")
