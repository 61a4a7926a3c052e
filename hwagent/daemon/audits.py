"""The agent's picture of the fleet: its own part of the graph, those of the others, the audit."""

import asyncio
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from hwagent.api.backend import Refused
from hwagent.cluster.messages import Value
from hwagent.cluster.report import make
from hwagent.config import Config
from hwagent.topology import digest
from hwagent.topology.audit import Auditor
from hwagent.topology.cause import Cause, Firing, causes, firing
from hwagent.topology.discover import links_found
from hwagent.topology.fleet import Fleet
from hwagent.topology.graph import Graph
from hwagent.topology.part import Part, declared, part
from hwagent.topology.reliability import Rate
from hwagent.topology.view import topology
from hwagent.topology.whatif import components, what_if

from .experience import experience
from .whatif import capacities, held, known_hosts, shifts

if TYPE_CHECKING:
    from .agent import Agent

#: Seconds between two questions to the journal how often things failed.
LEARN_EVERY = 3600.0


class Wrong(NamedTuple):
    """What is wrong in the fleet; ``own`` are this host's alerts by rule and component here."""

    causes: list[Cause]
    own: dict[tuple[str, str], Firing]
    graph: Graph


class Audits:
    """Keeps the graph of the fleet up to date when it is asked for; nothing is done in between."""

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent
        self._fleet = Fleet()
        self._auditor = Auditor(self._fleet)
        self._left: dict[str, int] = {}
        #: Session and version of each member's status that was taken in last.
        self._taken: dict[str, tuple[int, int]] = {}
        self._declared: Config | None = None
        #: Which switch each card hung on when it last had a link.
        self._links: dict[str, str] = {}
        self._asked = asyncio.Lock()
        #: Failure rates as the journal tells them, and when it was asked.
        self._learned: dict[str, Rate] = {}
        self._learned_at = -math.inf

    def part(self) -> Part:
        """What this host tells of itself."""
        agent = self._agent
        known = agent.core.components()
        self._links |= links_found(known)
        return part(agent.host, agent.config, known, self._links)

    def values(self) -> dict[str, Value]:
        """The same as keys of the gossiped status."""
        return digest.write(self._agent.host, self.part())

    async def topology(self) -> dict[str, Any]:
        """The graph of the fleet."""
        async with self._asked:
            members = self._take()
            left = sum(self._left.values())
            shown = await asyncio.to_thread(topology, self._fleet, _dead(members), left)
        return {"host": self._agent.host, "time": self._agent.clock.now(), **shown}

    async def audit(self, text: str = "") -> dict[str, Any]:
        """The audit, or what would happen if ``text`` failed. Raises Refused.

        A fleet of thousands takes a second: it is worked out beside the loop.
        """
        async with self._asked:
            members = self._take()
            config = self._agent.config
            fleet = self._fleet
            await self._learn()
            if text:
                found = await asyncio.to_thread(answer_what_if, fleet, config, members, text)
            else:
                known = self._auditor, fleet, config, members, self._learned
                found = await asyncio.to_thread(told_audit, *known)
        return {"host": self._agent.host, "time": self._agent.clock.now(), **found}

    async def _learn(self) -> None:
        """Asks the journal now and then; if it does not answer, what it said before counts."""
        agent = self._agent
        if agent.clock.now() - self._learned_at < LEARN_EVERY:
            return
        span = str(float(agent.config.journal.keep))
        query = {"types": "alert", "limit": "10000", "span": span}
        with suppress(Refused):
            records = await agent.control_room.history(query)
            self._learned = experience(records, self.part(), agent.clock.now())
            self._learned_at = agent.clock.now()

    async def causes(self) -> dict[str, Any]:
        """What is wrong in the fleet: causes on top, what follows from each beneath it."""
        wrong = await self.wrong(self._agent.host)
        return {
            "host": self._agent.host,
            "time": self._agent.clock.now(),
            "causes": msgspec.to_builtins(wrong.causes),
        }

    async def wrong(self, me: str = "") -> Wrong:
        """What is wrong in the fleet. With ``me``, a host that may be cut off says so."""
        async with self._asked:
            members = self._take()
            own = self._own()
            alerts = [*own.values(), *self._others(members)]
            left = away(members)
            dead = [name for name in _with(members, "failed") if name not in left]
            me = me if members else ""
            found = await asyncio.to_thread(causes, self._fleet, alerts, dead, me, left)
        return Wrong(found, own, self._fleet.graph)

    def _own(self) -> dict[tuple[str, str], Firing]:
        """The alerts of this host, by rule and component here."""
        agent = self._agent
        told = make((), agent.core.alerts(), ()).alerts
        switches = self._switches()
        return {(a["rule"], a["component"]): firing(agent.host, a, switches) for a in told}

    def _others(self, members: Iterable[Mapping[str, Any]]) -> Iterator[Firing]:
        """The alerts of all other members."""
        switches = self._switches()
        for member in members:
            if not member["self"]:
                yield from (firing(member["name"], a, switches) for a in member["alerts"])

    def _switches(self) -> set[str]:
        return {id.partition(":")[2] for id in self._fleet.graph.of_kind("switch")}

    def _take(self) -> list[Mapping[str, Any]]:
        """Takes in what is new; returns all members."""
        agent = self._agent
        if agent.config is not self._declared:
            self._declared = agent.config
            self._fleet.take("", declared(agent.config))
        mine = self.part()
        self._fleet.take(agent.host, mine.nodes)
        self._left[agent.host] = mine.left
        node = agent.gossip.node
        members = agent.gossip.fleet()
        names = {m["name"] for m in members} - {agent.host}
        for name in set(self._fleet.owners()) - names - {"", agent.host}:
            self._fleet.forget(name)
            self._left.pop(name, None)
            self._taken.pop(name, None)
        for name in names if node is not None else ():
            board = node.core.swim.statuses.get(name) if node is not None else None
            if board and self._taken.get(name) != (board.session, board.version):
                self._taken[name] = (board.session, board.version)
                told = digest.read(name, board.values())
                self._fleet.take(name, told.nodes)
                self._left[name] = told.left
        return members


def answer_audit(
    auditor: Auditor,
    fleet: Fleet,
    config: Config,
    members: Iterable[Mapping[str, Any]] = (),
    learned: Mapping[str, Rate] = {},
) -> dict[str, Any]:
    """The audit as the command tells it."""
    plain: dict[str, Any] = msgspec.to_builtins(_audited(auditor, fleet, config, members, learned))
    return plain


def told_audit(
    auditor: Auditor,
    fleet: Fleet,
    config: Config,
    members: Iterable[Mapping[str, Any]],
    learned: Mapping[str, Rate],
) -> dict[str, msgspec.Raw]:
    """The same as the API tells it, in JSON already: of a large fleet that is megabytes."""
    found = _audited(auditor, fleet, config, members, learned)
    return {key: msgspec.Raw(msgspec.json.encode(value)) for key, value in found.items()}


def _audited(
    auditor: Auditor,
    fleet: Fleet,
    config: Config,
    members: Iterable[Mapping[str, Any]],
    learned: Mapping[str, Rate],
) -> dict[str, Any]:
    known = list(members)
    found = auditor.audit(config.topology, _dead(known), learned)
    rooms = capacities(fleet.graph, known_hosts(known), config.topology.capacity)
    return {**msgspec.structs.asdict(found), "capacity": rooms}


def answer_what_if(
    fleet: Fleet, config: Config, members: Iterable[Mapping[str, Any]] = (), text: str = ""
) -> dict[str, Any]:
    """What would happen if something failed, as the API and the command tell it. Raises Refused."""
    known = list(members)
    dead, hosts = _dead(known), known_hosts(known)
    try:
        failed = components(fleet.graph, text)
    except ValueError as e:
        raise Refused(404, str(e)) from None
    follows = what_if(fleet, failed, dead)
    down = fleet.graph.down({*fleet.failed(dead), *failed})
    rooms = capacities(fleet.graph, hosts, config.topology.capacity, down)
    return {
        **msgspec.to_builtins(follows),
        "moves": msgspec.to_builtins(shifts(fleet.graph, down, hosts, held(known))),
        "capacity": msgspec.to_builtins(rooms),
    }


def _dead(members: Iterable[Mapping[str, Any]]) -> list[str]:
    return _with(members, "failed", "left")


def away(members: Iterable[Mapping[str, Any]]) -> list[str]:
    """Hosts that somebody has stopped: they left, or were in maintenance when they fell silent."""
    known = list(members)
    silent = [m["name"] for m in known if m["status"] == "failed" and m["maintenance"]]
    return [*_with(known, "left"), *silent]


def _with(members: Iterable[Mapping[str, Any]], *states: str) -> list[str]:
    return [m["name"] for m in members if m["status"] in states]
