"""Real members in one process, each with its own loopback address."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from hwagent.cluster.effects import Event
from hwagent.cluster.node import Node
from hwagent.cluster.profile import Profile
from hwagent.cluster.settings import Settings
from hwagent.cluster.transport import Bind
from hwagent.seal.keyring import Keyring

#: Everything happens in tenths of what it takes on a LAN.
FAST = Profile(
    probe_interval=0.2,
    probe_timeout=0.1,
    gossip_interval=0.02,
    push_pull_interval=2.0,
    tcp_timeout=2.0,
    reconnect_interval=1.0,
    leave_propagate_delay=0.2,
)
KEY = "a2V5LW9mLXRoaXJ0eS10d28tYnl0ZXMtZXhhY3RseSE="


class Watched(Node):
    """A node that keeps its events."""

    def __init__(self, settings: Settings) -> None:
        self.seen: list[Event] = []
        super().__init__(settings, self.seen.append)

    def alive(self) -> set[str]:
        return {m.name for m in self.core.swim.members.all() if not m.gone}

    def has(self, type: str, member: str) -> bool:
        return any((e.type, e.member) == (type, member) for e in self.seen)

    def state(self, name: str) -> str:
        member = self.core.swim.members.get(name)
        return member.state.name.lower() if member else ""

    @property
    def address(self) -> str:
        """Where others call it."""
        endpoint = self.core.swim.members.me.endpoints[0]
        return f"{endpoint.host}:{endpoint.port}"


def settings(name: str, host: str = "127.0.0.1", **more: Any) -> Settings:
    """Settings of a member on loopback; ``key=""`` leaves it without a key."""
    key = more.pop("key", KEY)
    more.setdefault("profile", FAST)
    more.setdefault("binds", (Bind("", host, 0),))
    return Settings(name=name, keyring=Keyring([key] if key else []), **more)


@contextlib.asynccontextmanager
async def fleet(size: int, **more: Any) -> AsyncIterator[list[Watched]]:
    """So many members that call the first one; all are closed at the end."""
    nodes: list[Watched] = []
    try:
        for i in range(size):
            seeds = (nodes[0].address,) if nodes else ()
            node = Watched(settings(f"n{i}", f"127.0.0.{i + 1}", seeds=seeds, **more))
            await node.start()
            nodes.append(node)
        yield nodes
    finally:
        for node in nodes:
            await node.close()
