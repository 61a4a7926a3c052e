"""Tells the service manager that the agent lives: after full rounds only."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

from hwagent.net.manager import Manager


async def live(
    manager: Manager, turn: Callable[[], Awaitable[None]], status: Callable[[], dict[str, Any]]
) -> None:
    """Says that the agent is up, then again and again that it is, each time after a ``turn``.

    Ends at once where there is nobody to be told.
    """
    manager.ready(summary(status()))
    now = asyncio.get_running_loop().time
    while not math.isinf(manager.interval):
        await turn()
        manager.feed(now(), summary(status()))
        await asyncio.sleep(manager.interval)


def summary(status: dict[str, Any]) -> str:
    """What matters of ``Agent.status``, in one line for ``systemctl status``."""
    if not status["ready"]:
        return "the first round is under way"
    sick = [c for c in status["components"] if c.health in ("failed", "degraded")]
    words = [f"{status['health']}: {len(sick)} of {len(status['components'])} components not ok"]
    words += [f"{c.id}: {c.reason}" for c in sick if c.health == status["health"]][:1]
    if vips := status["vips"]:
        held = sum(vip["state"] == "held" for vip in vips)
        words.append(f"{held} of {len(vips)} virtual IPs held")
    words += status["problems"][:1]
    return "; ".join(words).replace("\n", " ")
