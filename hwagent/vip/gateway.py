"""Whether the gateway answers, where one voter is enough (``quorum: any``): of two hosts that do
not hear each other, the one that does not hear the gateway either is the one that is cut off.

It only breaks ties: while the other host answers, a gateway that is silent costs nothing.
"""

import math
from collections.abc import Iterator
from typing import Protocol


class Asks(Protocol):
    """What asks the gateway: hwagent.net.ping."""

    def ask(self) -> int:
        """Asks once; the question's number."""

    def answers(self) -> Iterator[int]:
        """Numbers of the questions that were answered since the last call."""

    def close(self) -> None:
        """Asks no more."""


class Gateway:
    """One group's gateway; seconds of CLOCK_BOOTTIME.

    An answer counts for ``patience`` from when its question was sent, as a lease does.
    """

    def __init__(self, ping: Asks, interval: float, patience: float) -> None:
        self._ping = ping
        self._interval = interval
        self._patience = patience
        self._sent: dict[int, float] = {}
        self._at = self._answered = -math.inf

    def due(self) -> float:
        """When to ask next."""
        return self._at

    def knock(self, now: float) -> None:
        """Takes the answers that have come, and asks again."""
        self._sent = {n: sent for n, sent in self._sent.items() if now - sent < self._patience}
        for number in self._ping.answers():
            self._answered = max(self._answered, self._sent.pop(number, -math.inf))
        self._sent[self._ping.ask()] = now
        self._at = now + self._interval

    def answers(self, now: float) -> bool:
        """Whether it has answered lately."""
        return now - self._answered < self._patience

    def close(self) -> None:
        """Asks no more."""
        self._ping.close()
