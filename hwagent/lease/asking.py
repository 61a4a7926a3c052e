"""When this host asks for which VIP: its own rank first, and never before it can be free."""

import math
from collections.abc import Iterable, Mapping
from random import Random

from .effects import Standing
from .group import Group

#: Ranks beyond this ask no later.
_RANKS = 8


class Asking:
    """The VIPs that this host would take, and when it asks next; seconds of CLOCK_BOOTTIME."""

    def __init__(self, group: Group, random: Random) -> None:
        self._random = random
        self._group = group
        self._ranks: dict[str, int] = {}
        self._at: dict[str, float] = {}
        self._next = math.inf

    def regroup(self, group: Group) -> None:
        """Takes another configuration."""
        self._group = group

    def want(self, now: float, standings: Mapping[str, Standing], held: Iterable[str]) -> None:
        """Takes the agent's word; what was waited for is waited for on."""
        self._ranks = {vip: s.rank for vip, s in standings.items() if s.willing}
        wanted = self._ranks.keys() - set(held)
        fresh = {vip: now + self.delay(vip) for vip in self._ranks if vip in wanted}
        self._at = {vip: self._at.get(vip, at) for vip, at in fresh.items()}
        self._recount()

    def due(self, now: float) -> list[str]:
        """VIPs to be asked for now; each must be given back to ``at``, or it is held."""
        if now < self._next:
            return []
        found = [vip for vip, at in self._at.items() if at <= now]
        for vip in found:
            del self._at[vip]
        self._recount()
        return found

    def at(self, vip: str, time: float) -> None:
        """Asks at that time, if the host is willing."""
        if vip in self._ranks:
            self._at[vip] = time
            self._next = min(self._next, time)

    def freed(self, now: float, vips: Iterable[str]) -> None:
        """The VIPs are free: asks by rank."""
        for vip in vips:
            if vip in self._at:
                self._at[vip] = min(self._at[vip], now + self.delay(vip))
        self._recount()

    def defer(self, time: float, vips: Iterable[str]) -> None:
        """Somebody else is to have the VIPs: asks by rank after that time, if they did not."""
        for vip in vips:
            if vip in self._at:
                self._at[vip] = time + self.delay(vip)
        self._recount()

    def next(self) -> float:
        """The time of the next question."""
        return self._next

    def delay(self, vip: str) -> float:
        """How much later than the best this host asks for a VIP."""
        return min(self._ranks.get(vip, 0), _RANKS) * self._group.rank_delay

    def backoff(self) -> float:
        """A wait after a collision with another candidate."""
        return self._group.rank_delay * (1 + 3 * self._random.random())

    def _recount(self) -> None:
        self._next = min(self._at.values(), default=math.inf)
