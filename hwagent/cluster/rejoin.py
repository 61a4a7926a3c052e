"""Finding back: now and then somebody who is lost is called, for as long as it is remembered.

Without this a partition that lasted longer than the dead are gossiped to never heals by itself (as
in memberlist). As Serf does: every ``reconnect_interval`` one of the dead, with a probability of
dead to alive, so that the whole group together calls about each of them. A member that knows
nobody alive calls a seed or one of the dead each time. Seeds that nobody of the group is at are
called too: whoever was started while the network was split finds the others so.
"""

import random
from collections.abc import Sequence

from .member import Member, State
from .messages import Endpoint

#: Seconds between two calls of a member that knows nobody else.
ALONE_EVERY = 5.0


class Rejoin:
    """When to call whom."""

    def __init__(self, now: float, interval: float, rng: random.Random) -> None:
        self._interval = interval
        self._rng = rng
        self.seeds: tuple[Endpoint, ...] = ()
        self.due = now + rng.uniform(0, ALONE_EVERY)

    def hurry(self, now: float) -> None:
        """The next call is due at once."""
        self.due = now

    def take(self, now: float, others: Sequence[Member]) -> list[Endpoint]:
        """Whom to call now; also sets the time of the next call."""
        alive = [m for m in others if not m.gone]
        lost = [m for m in others if m.state is State.DEAD and m.endpoints]
        self.due = now + (self._interval if alive else ALONE_EVERY)
        found: list[Endpoint] = []
        if lost and self._rng.random() < len(lost) / max(1, len(alive)):
            found.extend(self._rng.choice(lost).endpoints)
        strangers = self._unknown_seeds(alive)
        if strangers:
            found.append(self._rng.choice(strangers))
        return found

    def _unknown_seeds(self, alive: Sequence[Member]) -> list[Endpoint]:
        known = {(e.host, e.port) for m in alive for e in m.endpoints}
        return [s for s in self.seeds if (s.host, s.port) not in known]
