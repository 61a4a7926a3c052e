"""What the API needs of the agent."""

from collections.abc import AsyncIterator
from typing import Any, Protocol

from hwagent.model import Component


class Refused(Exception):
    """A request that cannot be done; ``status`` is the HTTP status that says why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Backend(Protocol):
    """The running agent, as its API sees it."""

    def status(self) -> dict[str, Any]:
        """host, health, mode, version, components, alerts, vips, members and more."""

    def members(self) -> list[dict[str, Any]]:
        """Members of the fleet; alone, this host."""

    def limits(self) -> dict[str, Any]:
        """What the fleet allows this host, and who holds its permits."""

    def fleet(self) -> dict[str, Any]:
        """Every member's status as last heard, and how old that is."""

    async def topology(self) -> dict[str, Any]:
        """What depends on what in the fleet."""

    async def causes(self) -> dict[str, Any]:
        """What is wrong in the fleet, and what follows from what."""

    async def audit(self, what_if: str) -> dict[str, Any]:
        """What takes services down, or would happen if something failed. Raises Refused."""

    def rtt(self, one: str, other: str) -> dict[str, Any]:
        """Round-trip time between two members. Raises Refused."""

    def components(self) -> list[Component]:
        """All components, sorted by id."""

    def component(self, id: str) -> Component | None:
        """One component."""

    def alerts(self) -> list[dict[str, Any]]:
        """Pending and firing alerts, with the cause in the fleet that each follows from."""

    def outcomes(self) -> list[dict[str, Any]]:
        """The last actions and how they ended."""

    def metrics(self) -> bytes:
        """OpenMetrics text."""

    def events(self, after: int | None) -> AsyncIterator[dict[str, Any]]:
        """Events from now on, and kept ones later than ``after``."""

    async def history(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Records of the journal. Raises Refused."""

    async def control(self, command: str, arguments: dict[str, Any]) -> Any:
        """Does something: silence, ack, maintenance, reload, action... Raises Refused."""
