"""Has one cause told once in the fleet: hears what is wrong there, says what this host tells of.

A host that has alerts, or that would be the one to tell of what nobody has an alert of, works out
the causes when something has changed, at most twice a second.
"""

import asyncio
import time
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from hwagent.cluster.messages import Value
from hwagent.config import Notify
from hwagent.respond.notify import Picture, receivers
from hwagent.topology.telling import Teller, may_follow

from .audits import Wrong
from .picture import Own, Part

if TYPE_CHECKING:
    from .agent import Agent

#: Seconds between two looks at least, and how many times as long as what a look took; at most so
#: long while an alert waits, which must see what comes meanwhile.
EVERY, REST, REST_MAX = 0.5, 20.0, 2.5
#: Seconds after which it is looked at again though nothing was heard.
CALM = 30.0
#: The form of what is gossiped.
FORM = "1"
_KEY = "tell"


class Explaining:
    """One agent's part in it."""

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent
        self._news, self._hurry = asyncio.Event(), asyncio.Event()
        self._audience = ""
        self._part = Part(agent.host)
        self._said: dict[str, Value] = {}

    def configure(self, notify: Notify) -> None:
        """Takes whom this host tells."""
        self._audience = audience(notify)
        self._news.set()

    def heard(self) -> None:
        """Something has changed, here or in the fleet."""
        self._news.set()

    def hurry(self) -> None:
        """An alert of this host has changed."""
        self._hurry.set()
        self._news.set()

    def values(self) -> dict[str, Value]:
        """Keys of this host's gossiped status: whom it tells, whether it can, and of what."""
        able = "no" if self._agent.core.schedule.failing() else "yes"
        told = {f"{_KEY}:{component}": FORM for component in sorted(self._part.tells)}
        self._said = {_KEY: f"{FORM} {self._audience} {able}", **told}
        return self._said

    async def run(self) -> None:
        """Looks whenever something has changed, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(CALM):
                    await self._news.wait()
            self._news.clear()
            began = time.process_time()
            await self._look()
            await self._rest(REST * (time.process_time() - began))

    async def _rest(self, seconds: float) -> None:
        """In a fleet of thousands a look takes a while; an alert of this host ends the pause."""
        self._hurry.clear()
        waiting = self._agent.core.schedule.hold.next_due() is not None
        await asyncio.sleep(EVERY)
        with suppress(TimeoutError):
            async with asyncio.timeout((min(seconds, REST_MAX) if waiting else seconds) - EVERY):
                await self._hurry.wait()

    async def _look(self) -> None:
        agent = self._agent
        tellers = self._tellers()
        if agent.gossip.alone or self._cut_off():
            picture = Picture()
        elif not self._concerned(tellers):
            picture = self._part.look((), tellers, {})
        else:
            wrong = await agent.audits.wrong()
            picture = self._part.look(wrong.causes, tellers, self._own(wrong))
        agent.apply(agent.core.explain(agent.clock.now(), picture))
        before = self._said
        if self.values() != before:
            agent.gossip.changed()

    def _own(self, wrong: Wrong) -> dict[tuple[str, str], Own]:
        me = self._agent.host
        return {
            (f.rule, f.component): Own(
                key, may_follow(wrong.graph, f.component, me, f.severity == "critical")
            )
            for key, f in wrong.own.items()
        }

    def _concerned(self, tellers: list[Teller]) -> bool:
        """Whether there may be something to tell here: most hosts of a fleet have no alerts."""
        core, me = self._agent.core, self._agent.host
        able = [t.name for t in tellers if t.able] or [me]
        return bool(core.schedule.any_firing() or self._part.busy or me == min(able))

    def _cut_off(self) -> bool:
        others = self._agent.gossip.others()
        alive = sum(living for _, living, _ in others)
        return 2 * (len(others) - alive) > len(others) + 1

    def _tellers(self) -> list[Teller]:
        """This host, and the others that live and tell the same people."""
        me = Teller(self._agent.host, self._part.tells, not self._agent.core.schedule.failing())
        found = [me]
        for name, alive, values in self._agent.gossip.others():
            said = str(values.get(_KEY, "")).split(" ")
            if alive and said[:2] == [FORM, self._audience]:
                tells = frozenset(k[len(_KEY) + 1 :] for k in values if k.startswith(f"{_KEY}:"))
                found.append(Teller(name, tells, said[2:] == ["yes"]))
        return found


def audience(notify: Notify) -> str:
    """Whom a configuration tells, in short: who tells others cannot stand in for a host."""
    whom = (receivers(notify), notify.severity, float(notify.resend))
    return blake2b(msgspec.json.encode(whom), digest_size=8).hexdigest()
