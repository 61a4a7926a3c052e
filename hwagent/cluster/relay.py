"""Pinging for others: whom this member asks in whose place, and what it tells them."""

import math
from typing import NamedTuple

from .messages import Endpoint

#: Requests under way at the same time; more are not taken.
RELAYS_MAX = 1024


class Relay(NamedTuple):
    """One request: answer ``number`` of ``origin`` once ``target`` acks or time is up."""

    origin: str
    reply: Endpoint
    number: int
    target: str
    nack_at: float
    until: float


class Relays:
    """All requests under way, by the number of our own ping."""

    def __init__(self) -> None:
        self._open: dict[int, Relay] = {}

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, mine: int, relay: Relay) -> bool:
        """Takes a request; false if there are too many."""
        if len(self._open) >= RELAYS_MAX:
            return False
        self._open[mine] = relay
        return True

    def answered(self, mine: int, source: str) -> Relay | None:
        """The target acked: whom to tell, if anybody waits for that."""
        relay = self._open.get(mine)
        return self._open.pop(mine) if relay and relay.target == source else None

    def silent(self, now: float) -> list[Relay]:
        """Requests whose target was silent for too long; an ack that comes later still goes on."""
        found = [(n, r) for n, r in self._open.items() if r.nack_at <= now]
        for number, relay in found:
            self._open[number] = relay._replace(nack_at=math.inf)
        self._open = {n: r for n, r in self._open.items() if r.until > now}
        return [relay for _, relay in found]

    def due(self) -> float:
        """When the next nack or end is due."""
        return min((min(r.nack_at, r.until) for r in self._open.values()), default=math.inf)
