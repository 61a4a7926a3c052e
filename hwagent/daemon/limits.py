"""The agent's part in the limits of its fleet: permits, the storm brake, differing setups."""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from hwagent.api.backend import Refused
from hwagent.config import Config
from hwagent.lease import Now
from hwagent.respond import Done, Fleet, Step
from hwagent.respond.fleet import REBUILD
from hwagent.respond.fleet_guards import NO_PERMIT

from . import storm
from .comparing import differences, finding, setups
from .fleetwide import allowed, rules_of
from .permits import Letter, Permits, Rules
from .storm import Brake

if TYPE_CHECKING:
    from .agent import Agent

#: Seconds for which a person waits for a permit: less than the command line waits for an answer.
PATIENCE = 6.0
#: Seconds between two looks at the fleet.
LOOK = 1.0
#: The subject of letters about permits.
SUBJECT = "limits"


class Limits:
    """Asks for the permits that the planner misses, and tells the core what the fleet allows."""

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent
        self._rules: Rules | None = None
        self._permits: Permits | None = None
        self._brake = Brake()
        self._setup: dict[str, str] = {}
        self._differing: set[str] = set()
        self._wake = asyncio.Event()
        self.setup: dict[str, str] = {}

    def configure(self, config: Config) -> None:
        """Takes the voters and limits from the configuration; other ones mean to begin anew."""
        rules = rules_of(config)
        if rules != self._rules:
            self._rules, self._permits = rules, None
        self.setup = setups(config, rules.voters if rules else ())
        self._wake.set()

    def hurry(self) -> None:
        """Something is wanted of the fleet now."""
        self._wake.set()

    async def run(self) -> None:
        """Keeps the permits, and looks at the fleet, until cancelled."""
        while True:
            self._wake.clear()
            await self._pause(self._turn())

    def receive(self, member: str, subject: str, data: bytes) -> None:
        """A letter of another member."""
        if subject == SUBJECT and (permits := self._permits) is not None:
            self._post(permits.receive(clocks(), member, data))
            self._wake.set()

    async def granted(self, *kinds: str) -> bool:
        """Waits a while for the permits that are needed; false if some were not given.

        Permits for what was done before, lost by a restart, keep no host from being emptied.
        """
        self.hurry()
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            needed = self._agent.core.permits(self._agent.clock.now())
            held = self._agent.core.fleet.held
            if all(held.get(kind, 0) >= needed[kind] for kind in kinds or needed):
                return True
            await asyncio.sleep(PATIENCE / 50)
        return False

    async def drain(self, force: bool) -> None:
        """Before this host is emptied: one drain or rebuild at a time in the fleet. Raises Refused.

        A host that holds nothing others could take, and one without a fleet, just go on.
        """
        core = self._agent.core
        if force or core.draining or not core.fleet.permits or not self._holds():
            return
        most, busy = self._agent.config.limits.fleet.rebuilds, core.fleet.busy
        core.draining = len(busy) < most
        if not core.draining or not await self.granted(REBUILD):
            core.draining = False
            at = ", ".join(f"{name} {what}" for name, what in sorted(busy.items()))
            why = at if len(busy) >= most else core.fleet.why.get(REBUILD, "")
            raise Refused(409, f"one drain or rebuild at a time in the fleet: {why}; --force")
        self._agent.gossip.changed()

    def _holds(self) -> bool:
        return any(vip["group"] and vip["state"] == "held" for vip in self._agent.vips())

    def status(self) -> dict[str, Any]:
        """For people: what the fleet allows, and who holds what."""
        permits, fleet, now = self._permits, self._agent.core.fleet, clocks()
        kinds = permits.rules.kinds if permits else {}
        return {
            "needed": fleet.permits,
            "voters": list(permits.rules.voters) if permits else [],
            "permits": [
                {
                    "kind": kind,
                    "of": count,
                    "held": fleet.held.get(kind, 0),
                    "holders": permits.holders(now, kind) if permits else [],
                    "why": fleet.why.get(kind, ""),
                }
                for kind, count in kinds.items()
            ],
            "busy": dict(fleet.busy),
            "done": fleet.done + self._agent.core.planner.disruptive(self._agent.clock.now()),
            "storm": fleet.storm,
            "differences": sorted(self._differing),
        }

    # Inside

    async def _pause(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _turn(self) -> float | None:
        """One look; returns the seconds until the next one, None: when something happens."""
        agent, config = self._agent, self._agent.config
        if not config.cluster.networks:
            self._permits = None
            agent.apply(agent.core.allow(agent.clock.now(), Fleet()))
            return None
        agent.core.draining = agent.core.draining and self._holds()
        now = clocks()
        if self._rules is not None and self._permits is None:
            nonce = int.from_bytes(os.urandom(7), "big") | 1
            self._permits = Permits(now, agent.host, nonce, self._rules, Random(nonce))
        fleet = agent.gossip.fleet()
        self._keep(now)
        wall = agent.clock.now()
        text = self._storm(wall, fleet)
        self._compare(fleet)
        member = agent.gossip.node is not None
        found = allowed(now, config, agent.host, fleet, self._permits, member, text)
        agent.apply(agent.core.allow(wall, found))
        due = self._permits.due() - now.boot if self._permits else LOOK
        return min(LOOK, max(0.02, due))

    def _keep(self, now: Now) -> None:
        """Asks for what is needed; what is not needed any more is given back."""
        if (permits := self._permits) is not None:
            needed = self._agent.core.permits(self._agent.clock.now())
            self._post(permits.want(now, needed))
            self._post(permits.tick(now))

    def _post(self, letters: list[Letter]) -> None:
        if (node := self._agent.gossip.node) is not None:
            for letter in letters:
                node.tell(letter.to, SUBJECT, letter.data)

    def _storm(self, now: float, fleet: Sequence[Mapping[str, Any]]) -> str:
        agent = self._agent
        order = agent.core.decrees.get(storm.RELEASE)
        rules = agent.config.limits.fleet.storm
        before = self._brake.weather if self._brake.since is not None else None
        text = self._brake.look(now, rules, fleet, order.given if order else 0.0)
        after = self._brake.weather if self._brake.since is not None else None
        if before != after:
            agent.apply(agent.core.found(now, storm.JOB, [self._brake.finding()]))
            agent.holding.hurry()
        return text

    def _compare(self, fleet: Sequence[Mapping[str, Any]]) -> None:
        """Each member that is set up otherwise is a finding, until it is not any more."""
        agent = self._agent
        for row in fleet:
            if row["self"] or row["status"] not in ("alive", "suspect"):
                continue
            name = row["name"]
            differs = differences(agent.config, self.setup, row)
            if differs or name in self._differing:
                sample = finding(agent.host, name, differs)
                agent.apply(agent.core.found(agent.clock.now(), ("peer", name), [sample]))
            (self._differing.add if differs else self._differing.discard)(name)


def waits(step: Step) -> bool:
    """Whether an action was refused only because the fleet has given no permit (yet)."""
    return isinstance(step, Done) and NO_PERMIT in step.outcome.detail


def clocks() -> Now:
    """The clocks of this host, now."""
    return Now(
        time.clock_gettime(time.CLOCK_MONOTONIC_RAW),
        time.clock_gettime(time.CLOCK_BOOTTIME),
        time.time(),
    )
