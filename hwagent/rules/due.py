"""What is due when: a heap whose entries can be changed. Pure."""

import heapq
from typing import Generic, TypeVar

K = TypeVar("K")


class Due(Generic[K]):
    """At most one time for each key."""

    def __init__(self) -> None:
        self._at: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._count = 0

    def set(self, key: K, at: float | None) -> None:
        """Makes a key due at a time, or not at all."""
        if self._at.get(key) == at:
            return
        if at is None:
            del self._at[key]
            return
        self._at[key] = at
        self._push(key, at)
        if len(self._heap) > 64 + 4 * len(self._at):
            self._heap.clear()
            for other, time in self._at.items():
                self._push(other, time)

    def _push(self, key: K, at: float) -> None:
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, key))

    def take(self, now: float) -> list[K]:
        """Takes out what is due, the earliest first."""
        keys = []
        while (at := self.next()) is not None and at <= now:
            key = heapq.heappop(self._heap)[2]
            del self._at[key]
            keys.append(key)
        return keys

    def next(self) -> float | None:
        """The earliest time, or None."""
        while self._heap and self._at.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
