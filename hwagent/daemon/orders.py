"""Orders of operators for the whole fleet, on one agent: given, heard, kept and obeyed."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hwagent.api.backend import Refused
from hwagent.cluster.decrees import Decree

if TYPE_CHECKING:
    from .agent import Agent


class Orders:
    """The fleet's orders (hwagent.cluster.decrees) as this agent passes them on."""

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent

    def give(self, subject: str, value: str, until: float = 0.0) -> None:
        """A person gives an order here, or takes it back with an empty value. Raises Refused."""
        agent = self._agent
        if agent.gossip.node is None:
            why = agent.gossip.problem or "this agent is no member of a fleet"
            raise Refused(409, f"the other hosts cannot be told: {why}")
        try:
            agent.core.decrees.order(agent.clock.now(), subject, value, agent.host, until)
        except ValueError as e:
            raise Refused(409, str(e)) from None
        self._obey()

    def heard(self, decrees: Iterable[Decree]) -> None:
        """Takes orders that another host told of; what is news is kept, told on and obeyed."""
        if self._agent.core.decrees.merge(self._agent.clock.now(), decrees):
            self._obey()

    def describe(self, vips: Iterable[dict[str, Any]]) -> None:
        """Adds to rows of virtual IPs where they are pinned."""
        pins = self._agent.core.decrees.pins(self._agent.clock.now())
        for vip in vips:
            pin = pins.get(vip["address"].partition("/")[0])
            vip["pinned"] = pin.value if pin else ""
            vip["pinned_until"] = pin.until if pin else 0.0

    def _obey(self) -> None:
        self._agent.memory.save()
        self._agent.gossip.changed()
        self._agent.holding.hurry()
        self._agent.limits.hurry()
