"""Lifeguard's first part: how much a member trusts itself (local health multiplier).

Dadgar, Phillips, Currey: "Lifeguard: Local Health Awareness for More Accurate Failure Detection",
2017. A member whose probes fail although its helpers answer, or that is accused itself, is probably
the slow one: it then waits longer before it accuses others.
"""


class Awareness:
    """A score from 0 (healthy) to ``maximum - 1``; times are scaled by score + 1."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self.score = 0

    def apply(self, delta: int) -> None:
        """Adds to the score, within its bounds."""
        self.score = max(0, min(self._maximum - 1, self.score + delta))

    def scale(self, seconds: float) -> float:
        """A time, made longer by what the member thinks of itself."""
        return seconds * (self.score + 1)
