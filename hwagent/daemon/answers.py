"""What the API asks of the running agent."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import msgspec

from hwagent import __version__
from hwagent.model import Component

from .selfmetrics import self_metrics

if TYPE_CHECKING:
    from .agent import Agent


class Answers:
    """The API's Backend of one agent."""

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent

    def status(self) -> dict[str, Any]:
        """The fixed shape of ``hwagent status -o json``."""
        agent = self._agent
        core, now = agent.core, agent.clock.now()
        return {
            "host": agent.host,
            "health": core.health(),
            "mode": agent.config.mode,
            "version": __version__,
            "components": core.components(),
            "alerts": self.alerts(),
            "vips": agent.vips(),
            "members": self.members(),
            "holder": agent.stalls.figures(),
            "time": now,
            "started": agent.started,
            "ready": agent.looker.first_round.is_set(),
            "maintenance": core.maintenance.reason(now),
            "quiet": core.quiet(now),
            "problems": agent.troubles(),
        }

    def members(self) -> list[dict[str, Any]]:
        """Members of the fleet; alone, this host."""
        return self._agent.gossip.members()

    def fleet(self) -> dict[str, Any]:
        """Every member's status as last heard, and how old that is."""
        agent = self._agent
        return {"host": agent.host, "time": agent.clock.now(), "members": agent.gossip.told()}

    async def topology(self) -> dict[str, Any]:
        """What depends on what in the fleet."""
        return await self._agent.audits.topology()

    async def causes(self) -> dict[str, Any]:
        """What is wrong in the fleet, and what follows from what."""
        return await self._agent.audits.causes()

    async def audit(self, what_if: str) -> dict[str, Any]:
        """What takes services down, or would happen if something failed. Raises Refused."""
        return await self._agent.audits.audit(what_if)

    def limits(self) -> dict[str, Any]:
        """What the fleet allows this host, and who holds its permits."""
        return self._agent.limits.status()

    def rtt(self, one: str, other: str) -> dict[str, Any]:
        """Round-trip time between two members. Raises Refused."""
        return self._agent.gossip.rtt(one or self._agent.host, other)

    def components(self) -> list[Component]:
        """All components, sorted by id."""
        return self._agent.core.components()

    def component(self, id: str) -> Component | None:
        """One component."""
        return self._agent.core.judge.component(id)

    def alerts(self) -> list[dict[str, Any]]:
        """Pending and firing alerts, with the cause in the fleet that each follows from."""
        core = self._agent.core
        alerts = core.alerts()
        follows = core.schedule.hold.follows(alerts)
        return [
            {**msgspec.to_builtins(a), "follows_from": cause, "told_by": teller}
            for a in alerts
            for cause, teller in [follows.get(a.key, ("", ""))]
        ]

    def outcomes(self) -> list[dict[str, Any]]:
        """The last actions and how they ended."""
        return [msgspec.to_builtins(o) for o in self._agent.core.outcomes]

    def metrics(self) -> bytes:
        """OpenMetrics text."""
        return self._agent.exposed.text(self_metrics(self._agent))

    async def events(self, after: int | None) -> AsyncIterator[dict[str, Any]]:
        """Events from now on, and kept ones later than ``after``."""
        reader = self._agent.bus.subscribe(after)
        try:
            async for event in reader:
                yield msgspec.to_builtins(event)
        finally:
            reader.close()

    async def history(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Records of the journal. Raises Refused."""
        return await self._agent.control_room.history(query)

    async def control(self, command: str, arguments: dict[str, Any]) -> Any:
        """Does something for a person. Raises Refused."""
        return await self._agent.control_room.run(command, arguments)
