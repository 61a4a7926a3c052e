"""The agent's place in the fleet: a member while the configuration has networks."""

import asyncio
import logging
import math
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hwagent import __version__
from hwagent.api.backend import Refused
from hwagent.api.exposition import simple_family
from hwagent.cluster import fleet as view
from hwagent.cluster.compound import TooLarge
from hwagent.cluster.configure import node_settings
from hwagent.cluster.effects import Event
from hwagent.cluster.member import State
from hwagent.cluster.membership import CONFLICT_EVERY
from hwagent.cluster.messages import Value
from hwagent.cluster.node import Node
from hwagent.cluster.report import Report, decrees, make, values
from hwagent.cluster.snapshot import Snapshot, load_snapshot, save_snapshot, take_snapshot
from hwagent.cluster.status import KEYS_MAX
from hwagent.config import Config
from hwagent.config.schema import Cluster
from hwagent.journal import Record
from hwagent.model import Health
from hwagent.seal.keyring import Keyring
from hwagent.seal.keystore import load_keyring, save_keyring

from .far_ends import FAR

if TYPE_CHECKING:
    from .agent import Agent

log = logging.getLogger("hwagent")
#: Seconds between two reports to the fleet, and between two looks at the load.
REPORT_EVERY, LOAD_EVERY = 1.0, 10.0
#: Seconds after which a network that could not be listened on is tried again.
RETRY = 5.0


def fitting(own: Mapping[str, Value], report: Mapping[str, Value]) -> dict[str, Value]:
    """As much as one status has room for: of a host that polls many switches, what it tells others
    of their ports goes first. Without this the fleet would not be told anything."""
    order = sorted(own, key=lambda key: key.startswith(FAR))
    kept = order[: max(0, KEYS_MAX - len(report))]
    return {**{key: own[key] for key in kept}, **report}


class Gossip:
    """Starts, restarts and ends the node as the configuration says, and reports to the fleet."""

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent
        self._config = Config()
        self._running: Cluster | None = None
        self._wake = asyncio.Event()
        #: Held by whoever starts or ends the node: people and the configuration may at once.
        self._changing = asyncio.Lock()
        self._snapshot = Snapshot()
        self._fleet = view.Fleet()
        self.node: Node | None = None
        self.away = False
        self.problem = ""
        self._twins = (-math.inf, "")

    # From the agent

    def configure(self, config: Config) -> None:
        """Takes the networks from the configuration; who had left comes back."""
        self._config, self.away = config, False
        self._wake.set()

    def changed(self) -> None:
        """Something that the fleet should know may have changed."""
        self._wake.set()

    async def run(self) -> None:
        """Is a member until cancelled."""
        try:
            while True:
                self._wake.clear()
                await self._follow_configuration()
                await self._report()
                await asyncio.sleep(RETRY if self.problem and not self.node else REPORT_EVERY)
                await self._pause()
        finally:
            await self._end()

    async def join(self, seeds: list[str]) -> int:
        """Calls hosts that may be members. Raises ValueError, OSError."""
        if self.node is None:
            self.away = False
            await self._follow_configuration()
        node = self.node
        if node is None:
            raise ValueError(self.problem or "the configuration has no cluster networks")
        return await node.join(seeds)

    async def leave(self) -> None:
        """Says goodbye and is no member until the next join, reload or restart."""
        self.away = True
        await self._follow_configuration()

    def keep_keys(self, keyring: Keyring) -> None:
        """Keeps a changed keyring for the next start. Raises OSError."""
        key_file = self._config.cluster.key_file
        save_keyring(key_file, self._agent.options.places.state / "keyring.json", keyring)

    @property
    def twins(self) -> str:
        """Who is called like another host, as long as that goes on; empty if nobody is."""
        heard, text = self._twins
        return text if self._agent.clock.now() - heard < 2.5 * CONFLICT_EVERY else ""

    @property
    def alone(self) -> bool:
        """Whether this host is no member of a fleet, and not about to be one."""
        wanted = self._config.cluster.networks and not self.away and not self.problem
        return self.node is None and not wanted

    def others(self) -> list[tuple[str, bool, dict[str, Value]]]:
        """The other members that have not left: name, whether it is alive, and its status."""
        if self.node is None:
            return []
        swim = self.node.core.swim
        found = [m for m in swim.members.all() if m is not swim.members.me and m.state < State.LEFT]
        boards = ((m, swim.statuses.get(m.name)) for m in found)
        return [(m.name, not m.gone, board.values() if board else {}) for m, board in boards]

    def heard(self) -> set[str] | None:
        """The members that are there, this one among them; None if this host is alone."""
        if self.node is None:
            return None
        return {m.name for m in self.node.core.swim.members.all() if not m.gone}

    # For the API

    def members(self) -> list[dict[str, Any]]:
        """All members as this one knows them; alone, this host."""
        if self.node is None:
            return [{"name": self._agent.host, "status": "alive", "self": True}]
        return view.members(self.node.core, self.node.now())

    def fleet(self) -> list[Mapping[str, Any]]:
        """All members with their status."""
        return [] if self.node is None else self._fleet.rows(self.node.core)

    def told(self) -> list[dict[str, Any]]:
        """The same for people: also where and how far they are, and how old that is."""
        if self.node is None:
            return []
        return self._fleet.told(self.node.core, self.node.now())

    def rtt(self, one: str, other: str) -> dict[str, Any]:
        """Round-trip time between two members. Raises Refused."""
        if self.node is None:
            raise Refused(409, "this agent is no member of a fleet")
        for name in (one, other):
            if self.node.core.swim.members.get(name) is None:
                raise Refused(404, f"no member {name!r}; see `hwagent members`")
        found = view.rtt(self.node.core, one, other)
        if found is None:
            raise Refused(409, f"not enough is known of {one} and {other} yet")
        return {"from": one, "to": other, **found}

    def metrics(self) -> Iterator[str]:
        """Finished families, in OpenMetrics text."""
        if self.node is None:
            return
        states = [m["status"] for m in self.members()]
        yield simple_family(
            "hwagent_members", "gauge", "members of the fleet by state",
            [({"status": s}, states.count(s)) for s in view.WORDS.values()],
        )  # fmt: skip
        yield simple_family(
            "hwagent_gossip_health_score", "gauge", "0: this member trusts itself; up to 7",
            [({}, self.node.core.swim.awareness.score)],
        )  # fmt: skip
        yield simple_family(
            "hwagent_gossip_events", "counter", "packets and bytes, and what was dropped and why",
            [({"event": e}, n) for e, n in sorted(self.node.counters().items())],
        )  # fmt: skip

    # Inside

    async def _follow_configuration(self) -> None:
        async with self._changing:
            await self._follow()

    async def _follow(self) -> None:
        wanted = None if self.away or not self._config.cluster.networks else self._config.cluster
        if wanted == self._running and (self.node is not None or wanted is None):
            return
        if self.node is not None and wanted is None:
            await self.node.leave()
        await self._end()
        self._running = wanted
        self.problem = ""
        if wanted is not None:
            self.problem = await self._begin()
        self._agent.explaining.heard()

    async def _begin(self) -> str:
        """Starts the node; returns why it could not."""
        state = self._agent.options.places.state
        try:
            keyring = load_keyring(self._config.cluster.key_file, state / "keyring.json")
            snapshot = load_snapshot(state / "members.json")
            settings = node_settings(self._config, self._agent.host, keyring, snapshot)
            node = Node(settings, self._heard)
            await node.start()
        except (OSError, ValueError) as e:
            log.error("gossip does not start: %s", e)
            return f"gossip does not start: {e}"
        self.node = node
        return ""

    async def _end(self) -> None:
        node, self.node = self.node, None
        if node is not None:
            await node.close()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(LOAD_EVERY):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _report(self) -> None:
        if self.node is None:
            return
        try:
            own = {**self._agent.audits.values(), **self._agent.switches.values()}
            own |= {**self._agent.explaining.values(), **self._agent.ears.values()}
            self.node.publish(fitting(own, values(self._make())))
        except TooLarge as e:
            log.error("the fleet is not told: %s", e)
        snapshot = take_snapshot(self.node.core.swim.members)
        if snapshot != self._snapshot:
            self._snapshot = snapshot
            path = self._agent.options.places.state / "members.json"
            try:
                await asyncio.to_thread(save_snapshot, path, snapshot)
            except OSError as e:
                log.warning("members are not kept: %s", e)

    def _make(self) -> Report:
        agent = self._agent
        now = agent.clock.now()
        ready = agent.looker.first_round.is_set()
        verdict = agent.core.verdict(now)
        report = make(agent.core.components(), agent.core.alerts(), agent.vips())
        report.health = agent.core.health() if ready else Health.UNKNOWN
        report.mode = str(agent.config.mode)
        report.version = __version__
        report.maintenance = agent.core.maintenance.reason(now)
        report.unfit = "" if verdict.fit else verdict.reason
        if not ready:
            report.unfit = "the first round of looks is under way"
        report.load = min(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        report.weight = self._config.cluster.weight
        report.decrees = agent.core.decrees.all()
        report.busy = agent.core.busy()
        report.done = agent.core.planner.disruptive(now)
        report.setup = agent.limits.setup
        report.keyring = self.node.settings.keyring.version if self.node else 0
        return report

    def _heard(self, event: Event) -> None:
        if event.type == "keys_changed" and self.node is not None:
            try:
                self.keep_keys(self.node.settings.keyring)
            except OSError as e:
                log.error("the keys are not kept: %s", e)
            self.changed()
        if event.type == "status" and self.node is not None:
            board = self.node.core.swim.statuses.get(event.member)
            self._agent.orders.heard(decrees(board.values()) if board is not None else ())
        if event.type == "letter":
            letter = event.member, event.data["subject"], event.data["data"]
            self._agent.limits.receive(*letter)
            self._agent.control_room.vip.receive(*letter)
        if event.type not in ("letter", "probe_failed"):
            self._agent.switches.heard()
            self._agent.ears.news()
            self._agent.explaining.heard()
        if event.type in ("status", "letter", "probe_failed", "forgotten"):
            return
        agent, id = self._agent, f"member:{event.member}"
        if event.type == "name_conflict":
            there, here = (" ".join(event.data[whose]) for whose in ("holder", "claimant"))
            text = f"two hosts are called {event.member}: at {there}, and refused at {here}"
            self._twins = agent.clock.now(), text
        data = {"event": event.type, **event.data}
        agent.look_at_vips()
        agent.bus.publish(agent.clock.now(), "member", id, data)
        agent.journal.write(Record(agent.clock.now(), "note", id, "member", data))
