"""Has what runs with virtual IPs started and stopped, as the holder says where they stand.

The holder waits for nobody: this is told, does its work through the helper, and answers. An agent
that is killed meanwhile costs no address that is held.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from hwagent.config import Config
from hwagent.config.vip_services import VipServices, services_of
from hwagent.helper import ProbeBusy, ProbeFailed, ProbeStuck
from hwagent.model import Mode

from .ranking import able
from .readiness import Readiness
from .retinue import Answer, Order, Retinue

if TYPE_CHECKING:
    from .agent import Agent

log = logging.getLogger("hwagent")
#: Added to the time that services may take before the helper's worker is given up: it ends what
#: overruns by itself.
SLACK = 15.0
_DONE = {"start": "started", "repeat": "started again", "stop": "stopped"}
#: What the holder tells of another host that announced or bears an address.
_CONFLICTS = ("conflict", "duplicate")
_REASON_MAX = 200


class Place:
    """One address with services; ``task`` works on it, or did.

    It ``holds`` if it is held or being prepared here; it is ``planned`` if the configuration still
    has services for it, ``listed`` if it has the address at all.
    """

    def __init__(self, address: str, services: VipServices) -> None:
        self.address = address
        self.services = services
        self.readiness: Readiness | None = None
        self.retinue = Retinue()
        self.task: asyncio.Task[None] | None = None
        self.later: asyncio.TimerHandle | None = None
        self.holds = False
        self.planned = self.listed = True
        self._asking: asyncio.Task[None] | None = None

    def ask(self, readiness: Readiness | None) -> None:
        """Asks anew whether this host could take it over, or does not ask any more."""
        if self._asking is not None:
            self._asking.cancel()
        self.readiness = readiness
        self._asking = asyncio.create_task(readiness.run()) if readiness else None

    @property
    def hindrance(self) -> str:
        """Why this host should not take it over; empty if it could, or has it."""
        if self.holds or self.readiness is None:
            return ""
        if self.retinue.condition == "dirty":
            return self.retinue.problem
        return self.readiness.problem

    @property
    def units(self) -> list[str]:
        """Its systemd units."""
        return [item for item in self.services.run if isinstance(item, str)]


class Attending:
    """All addresses with services of one agent."""

    def __init__(self, agent: "Agent", publish: Callable[[str, str, Any], None]) -> None:
        self._agent = agent
        self._publish = publish
        self._places: dict[str, Place] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def configure(self, config: Config) -> None:
        """Takes the services from the configuration; what was taken out of it is stopped."""
        mine = {group.name for group in config.groups if self._agent.host in able(group)} | {""}
        vips = [vip for vip in config.vips if vip.group in mine]
        all = {vip.address: services_of(config, vip) for vip in vips}
        wanted = {a: services for a, services in all.items() if services.run or services.ready}
        for address, services in wanted.items():
            self._take(address, services)
        for address, place in self._places.items():
            place.planned, place.listed = address in wanted, address in all
            if not place.planned:
                place.ask(None)
        self.look()

    def look(self) -> None:
        """The holder has said where the addresses stand."""
        if not self._agent.holding.connected:
            return
        told = {vip["address"]: vip for vip in self._agent.holding.vips()}
        for place in self._places.values():
            vip = told.get(place.address)
            if not place.planned and (place.listed or vip is None):
                place.retinue.told("released", 0, "not in the configuration any more")
            elif vip is not None and vip["state"] != "unknown":
                place.holds = vip["state"] in ("preparing", "held")
                place.retinue.told(vip["state"], vip["epoch"], vip["reason"])
            self._work(place)

    def happened(self, type: str, address: str, reason: str) -> None:
        """Takes what the holder said of an address: after a conflict the winner speaks last."""
        for place in self._places.values():
            if type in _CONFLICTS and place.address.partition("/")[0] == address.partition("/")[0]:
                place.retinue.conflict(reason or type)
                self._work(place)

    def hindrances(self) -> dict[str, str]:
        """Addresses that this host should not take over, and why."""
        return {address: p.hindrance for address, p in self._places.items() if p.hindrance}

    def describe(self, vips: list[dict[str, Any]]) -> None:
        """Adds to each address of the status why it would not be taken over here."""
        hindrances = self.hindrances()
        for vip in vips:
            vip["unready"] = hindrances.get(vip["address"], "")
            if vip["unready"] and vip["state"] != "held":
                vip["reason"] = f"{vip['reason']}; {vip['unready']}".removeprefix("; ")

    def problems(self) -> list[str]:
        """What went wrong with services, for people."""
        places = self._places.values()
        return [f"{p.address}: {p.retinue.problem}" for p in places if p.retinue.problem]

    async def close(self, stop: bool) -> None:
        """Ends the work; if the holder has ended with us, everything is stopped first."""
        for place in self._places.values():
            place.ask(None)
            if stop and (place.retinue.condition == "started" or place.retinue.running):
                place.retinue.told("released", place.retinue.epoch, "the agent ends")
                self._work(place)
            elif place.task is not None:
                place.task.cancel()
        tasks = [p.task for p in self._places.values() if p.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    # Inside

    def _take(self, address: str, services: VipServices) -> None:
        place = self._places.setdefault(address, Place(address, services))
        if place.readiness is None or place.services != services:
            check = (lambda: self._verb(address, "check", {}, services)) if services.run else None
            place.services = services
            place.ask(Readiness(services.ready, self._agent.pollers, check, self._changed))

    def _changed(self) -> None:
        self._agent.holding.hurry()
        self._agent.gossip.changed()

    def _work(self, place: Place) -> None:
        if place.task is not None and not place.task.done():
            return  # it looks again when it is done
        retinue = place.retinue
        if retinue.next(time.monotonic(), self._acts()) or retinue.answer():
            place.task = asyncio.create_task(self._serve(place))
            place.task.add_done_callback(self._ended)

    @staticmethod
    def _ended(task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            log.error("services of an address are not looked after", exc_info=error)

    async def _serve(self, place: Place) -> None:
        """Does one thing after the other until nothing is left, and tells the holder."""
        retinue, said = place.retinue, None
        while True:
            answer = retinue.answer()
            if answer is not None and answer != said:
                said = answer
                await self._answer(place, answer)
            elif (order := retinue.next(time.monotonic(), self._acts())) is not None:
                problem = await self._obey(place, order)
                retinue.done(time.monotonic(), problem)
                self._changed()
            else:
                break
        if place.later is not None:
            place.later.cancel()
        if (wait := retinue.due() - time.monotonic()) < float("inf"):
            loop = asyncio.get_running_loop()
            place.later = loop.call_later(max(0.0, wait), self._work, place)

    async def _answer(self, place: Place, answer: Answer) -> None:
        try:
            await self._agent.holding.ready(place.address, *answer)
        except OSError as e:  # it asks again when it is back
            log.warning("the holder is not told of %s: %s", place.address, e)

    def _acts(self) -> bool:
        return self._agent.config.mode is Mode.ACT

    async def _obey(self, place: Place, order: Order) -> str:
        """Has an order done; returns what went wrong. Units that others use are taken in turns."""
        if not place.services.run and place.retinue.condition != "started":
            return ""
        async with AsyncExitStack() as turn:
            for unit in sorted(place.units):
                await turn.enter_async_context(self._locks.setdefault(unit, asyncio.Lock()))
            self._say(place, f"to be {_DONE[order.step]}", order, order.reason)
            facts: dict[str, Any] = {
                "epoch": order.epoch,
                "state": order.state,
                "reason": order.reason[:_REASON_MAX],
                "keep": [u for p in self._others(place) for u in p.units],
            }
            problem = await self._verb(place.address, order.step, facts, place.services)
        if problem:
            problem = f"its services were not {_DONE[order.step]}: {problem}"
        self._say(place, "failed" if problem else _DONE[order.step], order, problem)
        return problem

    def _others(self, place: Place) -> list[Place]:
        return [p for p in self._places.values() if p is not place and p.retinue.busy]

    async def _verb(
        self, address: str, step: str, facts: dict[str, Any], services: VipServices
    ) -> str:
        longest = max(float(services.start_timeout), float(services.stop_timeout))
        arguments = {"vip": address, "step": step, **facts}
        try:
            deadline = longest + SLACK
            answer = await self._agent.helper.verb("vip_service", arguments, deadline)
        except (ProbeStuck, ProbeBusy, ProbeFailed) as e:
            return str(e)
        return "" if answer.ok else answer.detail

    def _say(self, place: Place, what: str, order: Order, reason: str) -> None:
        type = "failed" if what == "failed" else f"services {what}"
        data = {
            "address": place.address,
            "type": type,
            "interface": "",
            "reason": reason,
            "time": time.time(),
            "epoch": order.epoch,
        }
        log.info("%s: %s, epoch %d %s", place.address, type, order.epoch, reason)
        self._publish("vip", f"vip:{place.address}", data)
