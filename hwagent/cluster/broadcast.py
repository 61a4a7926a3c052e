"""What is to be told to everybody: rides on packets until it was sent often enough.

The fewest-sent goes first, the oldest among those. News about a subject replaces older news about
it, so that the queue is never longer than there are subjects. What this member says of itself goes
before all else and is never shed; members' states leave a share of each packet to their status.
"""

from collections.abc import Iterator
from enum import IntEnum

from .compound import LENGTH


class Class(IntEnum):
    """Whose turn it is in a packet."""

    OWN = 0  # refutations and what else this member says about itself
    MEMBERS = 1
    STATUS = 2


#: Share of a packet that members' states leave to status, if there is any.
STATUS_SHARE = 0.25
#: More subjects than this of one class are not kept; the most-sent goes.
QUEUE_MAX = 4096
#: No message is shorter; with less room left than this a packet is full.
SMALLEST = 8


class Broadcasts:
    """The queue, in three classes."""

    def __init__(self) -> None:
        self._queues = {c: _Queue() for c in Class}
        self.shed = 0

    def __len__(self) -> int:
        return sum(len(q) for q in self._queues.values())

    def add(self, subject: str, data: bytes, of: Class = Class.MEMBERS) -> None:
        """News about a subject; what was queued about it before is void."""
        queue = self._queues[of]
        queue.drop(subject)
        if len(queue) >= QUEUE_MAX:
            queue.shed()
            self.shed += 1
        queue.put(subject, data, 0)

    def take(self, room: int, limit: int) -> list[bytes]:
        """Parts for one packet with so many bytes left; each is sent ``limit`` times at most."""
        kept = int(room * STATUS_SHARE) if len(self._queues[Class.STATUS]) else 0
        found: list[bytes] = []
        for of in Class:
            reserve = kept if of is Class.MEMBERS else 0
            for data in self._queues[of].take(room - reserve, limit):
                found.append(data)
                room -= len(data) + LENGTH
        return found


class _Queue:
    """One class: tiers by how often something was sent."""

    def __init__(self) -> None:
        self._tiers: list[dict[str, bytes]] = [{}]
        self._tier_of: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._tier_of)

    def put(self, subject: str, data: bytes, sent: int) -> None:
        while sent >= len(self._tiers):
            self._tiers.append({})
        self._tiers[sent][subject] = data
        self._tier_of[subject] = sent

    def drop(self, subject: str) -> None:
        sent = self._tier_of.pop(subject, None)
        if sent is not None:
            del self._tiers[sent][subject]

    def shed(self) -> None:
        worst = next(tier for tier in reversed(self._tiers) if tier)
        self.drop(next(iter(worst)))

    def take(self, room: int, limit: int) -> list[bytes]:
        chosen = list(self._fitting(room))
        for subject, data, sent in chosen:
            self.drop(subject)
            if sent + 1 < limit:
                self.put(subject, data, sent + 1)
        return [data for _, data, _ in chosen]

    def _fitting(self, room: int) -> Iterator[tuple[str, bytes, int]]:
        for sent, tier in enumerate(self._tiers):
            for subject, data in tier.items():
                if room < SMALLEST:
                    return
                if len(data) + LENGTH <= room:
                    room -= len(data) + LENGTH
                    yield subject, data, sent
