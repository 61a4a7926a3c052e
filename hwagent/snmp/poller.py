"""One switch, polled in rounds: what is due, and at once what a trap says is worth a look."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from hwagent.config.switches import Switch
from hwagent.model import Sample

from .absent import Absent
from .fallen import Fallen, as_trap
from .gathering import Gathering
from .locating import ask
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
#: Seconds between two questions where the cards are that nobody tells of: cables move seldom.
LOCATE_EVERY = 600.0
#: What is said while that goes on.
LONG = "it answers slowly: what it is made of has not been read yet"
#: Who hears of what was found.
Tell = Callable[[FromPoller], None]


class Poller:
    """One switch. ``tell`` is called after each round. Times are those of the event loop."""

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
        self._absent, self._fallen = Absent(), Fallen()
        #: Addresses of cards whose port is to be found, and when they were looked for.
        self._stations: list[str] = []
        self._located = -math.inf

    def play(self, role: Role) -> None:
        """Takes what this host does about the switch from now on."""
        if role != self._role:
            self._role, self._plan, self._last = role, self._fresh(), {}
            self._absent, self._fallen = Absent(), Fallen()
            self._located = -math.inf
            self._traps.clear()
            self._woken.set()

    def hurry(self, trap: Trap | None = None, down: Sequence[str] = ()) -> None:
        """Something happened at the switch: what a trap means, and ports that others call down, are
        read at once, the states then."""
        if self._role == "poll":
            if down:
                self._fallen.said(down)
                trap = as_trap(down, self._last)
            elif trap is not None:
                self._fallen.trapped(trap, self._last)
            self._traps = [*self._traps, trap][:TRAPS_MAX]
            self._woken.set()

    def locate(self, stations: list[str]) -> None:
        """Looks from now on behind which port these addresses are."""
        if stations != self._stations:
            self._stations, self._located = stations, -math.inf

    async def run(self) -> None:
        """Polls until cancelled."""
        while True:
            began, role = _now(), self._role
            if role == "poll":
                await self.round()
            elif role == "check":
                await self._check()
            await self._rest(began, role)

    async def round(self) -> None:
        """One round: what is due. A part of what it is made of would make the rest look gone."""
        await self._try(self._read)

    async def _rest(self, began: float, role: Role) -> None:
        """Waits for the next round; looks into traps meanwhile, and comes back sooner for them."""
        interval = float(self.switch.interval)
        least = _now() + interval / LEAST
        due = max(began + interval, least)
        while self._role == role and (role == "rest" or _now() < due):
            await self._wait(None if role == "rest" else due - _now())
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

    async def _look(self, began: float, meant: list[Oid]) -> list[str] | None:
        if self._plan.restarted(began, await self.session.get(alive())):
            return None  # the round that follows reads all of it
        if meant:
            self._plan.refresh(meant, await self.session.get(meant))
        return []

    async def _try(self, read: Callable[[float], Awaitable[list[str] | None]]) -> None:
        """Reads something and tells of it; of None, nothing."""
        began = _now()
        try:
            async with asyncio.timeout(ROUND_MAX * float(self.switch.interval)):
                problems = await read(began)
        except TimeoutError:
            self._tell(Polled(self.switch.name, True, why="it answers too slowly to be read"))
        except Unanswered as e:
            self._tell(Polled(self.switch.name, False, why=str(e)))
        else:
            if problems is not None:
                self._told(problems, began)

    async def _read(self, began: float) -> list[str]:
        """States, and what it is made of where that is due; returns what is wrong."""
        self._plan.restarted(began, await self.session.get(alive()))
        if self._plan.complete:
            columns = self._plan.due()
            there = set(await self.session.present(self._plan.doubtful(columns)))
            found = await self.session.columns(self._plan.doubtless(columns, there))
            if found.problems:
                return found.problems
            self._plan.read(columns, found.values)
        if problems := await self._gather(began):
            return problems
        if not self._plan.complete:
            self._located = -math.inf
            return [LONG]
        await self._locate(began)
        return []

    async def _locate(self, began: float) -> None:
        """Looks for cards behind its ports. A switch that is slow to tell, or does not, is well."""
        if began - self._located < LOCATE_EVERY:
            return
        self._located = began
        if not self._stations:
            self._plan.learned({})
            return
        with suppress(Unanswered, TimeoutError):
            async with asyncio.timeout(float(self.switch.interval)):
                old = self.switch.version == "1"
                self._plan.learned(await ask(self.session, self._stations, old))

    async def _gather(self, began: float) -> list[str]:
        """What it is made of, where that is due: as much of it as this round has time for."""
        late = began + float(self.switch.interval)
        while gathering := self._plan.gathering(began):
            if gathering.complete:
                self._plan.gathered(_now(), await self.session.get(alive()))
                continue
            if _now() > late:
                return []
            if problems := await self._portion(gathering):
                return problems
        return []

    async def _portion(self, gathering: Gathering) -> list[str]:
        if asked := gathering.doubtful():
            gathering.present(asked, await self.session.present(asked))
            return []
        columns = gathering.unread()
        found = await self.session.columns(columns)
        if not found.problems:
            gathering.walked(columns, found.values)
        return found.problems

    def _told(self, problems: list[str], began: float) -> None:
        if problems:
            self._tell(Polled(self.switch.name, True, why="; ".join(problems)))
            return
        found = samples(self._plan.walk(), self._makers, self.switch.name)
        found[0].metrics["answer_seconds"] = round(_now() - began, 3)
        found[0].attributes.update(
            address=self.switch.address, interval=float(self.switch.interval)
        )
        found += self._absent.kept(began, self._plan.uptime, found)
        self._fallen.mark(self._plan.uptime, found)
        changed = [s for s in found if s != self._last.get(s.id)]
        same = [s.id for s in found if s == self._last.get(s.id)]
        self._last = {s.id: s for s in found}
        self._tell(Polled(self.switch.name, True, changed, same=same))

    def _fresh(self) -> Plan:
        return Plan(self._makers, old=self.switch.version == "1")


def _now() -> float:
    return asyncio.get_running_loop().time()
