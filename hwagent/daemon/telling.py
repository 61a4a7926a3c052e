"""Hands messages to the workers that deliver them: a receiver may hang."""

from typing import Any

import msgspec

from hwagent.config import Notify
from hwagent.helper import Pool, ProbeBusy, ProbeFailed, ProbeStuck
from hwagent.respond.notify import Delivery, receivers

#: Added to a receiver's own time limit before its worker is given up.
SLACK = 5.0


class Telling:
    """Knows the receivers of the configuration by name."""

    def __init__(self, pool: Pool, notify: Notify) -> None:
        self._pool = pool
        self.configure(notify)

    def configure(self, notify: Notify) -> None:
        """Takes the receivers of a configuration."""
        self._receivers = {r.name: r for r in receivers(notify)}

    async def deliver(self, delivery: Delivery) -> str:
        """Delivers one message; returns what went wrong, or nothing."""
        receiver = self._receivers.get(delivery.receiver)
        if receiver is None:
            return "the receiver is not configured any more"
        arguments: dict[str, Any] = {
            "kind": delivery.kind,
            "options": msgspec.to_builtins(receiver.options),
            "payload": delivery.payload,
        }
        deadline = float(getattr(receiver.options, "timeout", 10.0)) + SLACK
        try:
            return str(
                await self._pool.call("deliver", arguments, f"notify/{delivery.receiver}", deadline)
            )
        except (ProbeStuck, ProbeBusy, ProbeFailed) as e:
            return str(e)
