"""Switches watched by an agent, in virtual time: from what they answer to the alerts of the shipped
rules. Pollers, the agent's side of them and its core are the real ones; time and UDP are made up.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from hwagent.config import Config
from hwagent.config.switches import Switch, Traps
from hwagent.daemon.core import Core
from hwagent.daemon.effects import Changed, Effect, Publish
from hwagent.daemon.inventory import Job
from hwagent.daemon.loading import known_vocabulary, rule_set
from hwagent.daemon.switches import Switches
from hwagent.model import Component, Sample
from hwagent.rules import RuleSet
from hwagent.snmp.makers import Makers, shipped_makers
from hwagent.snmp.messages import Hurry, Locate, Orders, Polled, Roles, ToPoller
from hwagent.snmp.pollers import Pollers
from tests.snmp.device import Device
from tests.snmp.walks import entity, sensor

TRAPS = ("127.0.0.1", 39162)
#: When wall clocks begin: rules know nothing of an epoch.
BEGIN = 1_000_000.0


class Fired(NamedTuple):
    """An alert that began, in seconds since the test did; ``by`` is what explains it."""

    at: float
    rule: str
    component: str
    by: str = ""


@cache
def rules() -> RuleSet:
    """The shipped ones."""
    return rule_set(Config())


@cache
def makers() -> Makers:
    """The shipped ones."""
    return shipped_makers()


class Host:
    """An agent that watches switches. ``told`` are all polls that came back."""

    def __init__(self, name: str, switches: Iterable[Switch]) -> None:
        self.name = name
        self.config = Config(switches=list(switches), traps=Traps(bind="127.0.0.1:39162"))
        self.core = Core(name, self.config, rules(), known_vocabulary())
        self.others_told: dict[str, Host] = {}
        self.alive = True
        self.fired: list[Fired] = []
        self.told: list[tuple[float, Polled]] = []
        hears = (self._found, self._failed, self._gone, self._withdraw)
        self.switches = Switches(*hears, name, self, now=_now)
        self._pollers: Pollers | None = None
        self._running: list[asyncio.Task[Any]] = []

    # What the agent does

    def _found(self, job: Job, samples: list[Sample]) -> None:
        self._apply(self.core.found(_now(), job, samples))

    def _failed(self, job: Job, why: str, stuck: bool) -> None:
        self._apply(self.core.failed(_now(), job, why, stuck))

    def _gone(self, job: Job) -> None:
        self._apply(self.core.gone(_now(), job))

    def _withdraw(self, job: Job) -> None:
        self._apply(self.core.withdraw(_now(), job))

    def _apply(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Changed):
                self.switches.changed(self.core.judge.inventory.get(effect.component))
            elif isinstance(effect, Publish) and effect.type == "alert":
                alert = effect.data
                if alert["state"] == "firing":
                    at, by = round(_now() - BEGIN, 1), alert["inhibited_by"]
                    self.fired.append(Fired(at, alert["rule"], alert["component"], by))

    def sees(self, sample: Sample) -> None:
        """One of its own collectors has found something."""
        self._found((sample.kind, sample.id), [sample])

    # What the fleet does

    def others(self) -> list[tuple[str, bool, Mapping[str, Any]]]:
        """The other hosts, for the agent's side of switches."""
        return [(h.name, h.alive, h.switches.values()) for h in self.others_told.values()]

    def changed(self) -> None:
        """Gossip carries it."""
        for other in self.others_told.values():
            if self.alive and other.alive:
                asyncio.get_running_loop().call_later(0.1, other.switches.heard)

    # Its life

    def start(self) -> None:
        """Begins to watch."""
        self.switches.configure(self.config)
        self.switches.obeyed(self._ordered)
        self._running += [asyncio.create_task(self._tick()),
                          asyncio.create_task(self.switches.follow()),
                          asyncio.create_task(self.switches.compare())]  # fmt: skip

    def die(self) -> None:
        """Ends without a word; the others find out."""
        self.alive = False
        for task in self._running:
            task.cancel()
        for other in self.others_told.values():
            other.switches.heard()

    def born_again(self) -> "Host":
        """The same host after its agent was started anew."""
        again = Host(self.name, self.config.switches)
        again.others_told = self.others_told
        for other in self.others_told.values():
            other.others_told[self.name] = again
        again.start()
        return again

    def _ordered(self, message: ToPoller) -> None:
        match message:
            case Orders(switches, _, traps):
                self._pollers = Pollers(switches, makers(), self._heard)
                heard = traps if not any(h.listens for h in self.others_told.values()) else Traps()
                self.listens = heard is traps
                self._running.append(asyncio.create_task(self._pollers.run(heard)))
            case Roles(roles):
                assert self._pollers
                self._pollers.play(roles)
            case Hurry(name, down):
                assert self._pollers
                self._pollers.hurry(name, down)
            case Locate(addresses):
                assert self._pollers
                self._pollers.locate(addresses)

    listens = False

    def _heard(self, message: Any) -> None:
        if self.alive:
            if isinstance(message, Polled):
                self.told.append((_now() - BEGIN, message))
            self.switches.take(message)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._apply(self.core.tick(_now()))

    # What a person sees

    def component(self, id: str) -> Component:
        """One component with its health."""
        return {c.id: c for c in self.core.components()}[id]

    def alerts(self, *of: str) -> set[tuple[str, str]]:
        """Rules and components of all alerts so far, of switches with these names or of all."""
        return {(f.rule, f.component) for f in self.fired if not of or _switch(f.component) in of}

    def polls(self, name: str) -> list[float]:
        """When a switch's polls came back well."""
        return [at for at, m in self.told if m.name == name and m.answered and not m.why]


def _switch(component: str) -> str:
    return component.partition(":")[2].partition("/")[0]


def _now() -> float:
    return BEGIN + asyncio.get_running_loop().time()


@asynccontextmanager
async def watched(
    place: Path, devices: Mapping[str, Device], hosts: Iterable[str] = ("h1",), **options: Any
) -> AsyncIterator[list[Host]]:
    """Hosts that watch switches, with the defaults of the configuration but for ``options``."""
    secret = place / "community"
    secret.write_text("public\n")
    switches = []
    loop = asyncio.get_running_loop()
    for number, (name, device) in enumerate(devices.items(), 1):
        address = (f"127.0.1.{number}", 161)
        await loop.create_datagram_endpoint(lambda device=device: device, address)  # type: ignore
        switches.append(
            Switch(name=name, address=address[0], community_file=str(secret), **options)
        )
    found = [Host(name, switches) for name in hosts]
    for host in found:
        host.others_told = {h.name: h for h in found if h is not host}
    for host in found:
        host.start()
    yield found
    for host in found:
        host.die()


async def minutes(number: float) -> None:
    """Lets time pass."""
    await asyncio.sleep(60 * number)


def small(*names: str, first: int = 1) -> Device:
    """A switch of a few ports."""
    device = Device(
        sysUpTime=0, sysName="small", sysDescr="made up", sysObjectID=(1, 3, 6, 1, 4, 1, 9)
    )
    for index, name in enumerate(names or ("e1", "e2", "e3", "e4"), first):
        device.port(index, name)
    return device


def large() -> Device:
    """A switch of 48 ports and 300 sensors."""
    device = small(*(f"Ethernet{n}" for n in range(1, 49)))
    for number in range(1, 301):
        values = {**entity(1000 + number, 8, f"sensor {number}"), **sensor(1000 + number, 8, 30)}
        device.set(**{key.replace(".", "_"): value for key, value in values.items()})
    return device
