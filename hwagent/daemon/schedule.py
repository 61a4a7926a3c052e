"""When each look is due: spread over its interval, sooner after an event. Pure."""

import heapq
from collections.abc import Iterable
from zlib import crc32

from .inventory import Job

#: The golden ratio spreads any number of looks evenly over an interval.
_GOLDEN = 0.6180339887498949
#: Looks begin on a beat of so many seconds, together with others: to wake the agent and a worker
#: costs more than what most looks do once both are awake.
BEAT = 5.0


class Schedule:
    """Times of the looks that are to come; each job is at most once under way."""

    def __init__(self) -> None:
        self._interval: dict[Job, float] = {}
        self._due: dict[Job, float] = {}
        self._heap: list[tuple[float, Job]] = []
        self._running: set[Job] = set()
        self._again: set[Job] = set()

    def __contains__(self, job: Job) -> bool:
        return job in self._interval

    def under_way(self, job: Job) -> bool:
        """Whether a look has begun and not ended."""
        return job in self._running

    def jobs(self, collector: str = "") -> list[Job]:
        """All jobs, or those of one collector."""
        return [j for j in self._interval if not collector or j[0] == collector]

    def add(self, now: float, job: Job, interval: float) -> None:
        """Adds a job or changes its interval; a new one is due at once."""
        if self._interval.get(job) == interval:
            return
        fresh = job not in self._interval
        self._interval[job] = interval
        self._set(job, now if fresh else min(self._due[job], now + interval))

    def remove(self, job: Job) -> None:
        """Ends a job."""
        for place in (self._interval, self._due):
            place.pop(job, None)
        self._again.discard(job)

    def hurry(self, now: float, jobs: Iterable[Job]) -> None:
        """Makes jobs due now; one that is under way is due again when it ends."""
        for job in jobs:
            if job in self._running:
                self._again.add(job)
            elif job in self._interval:
                self._set(job, now)

    def take(self, now: float) -> list[Job]:
        """Jobs that are due; they count as under way until ``done``."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            at, job = heapq.heappop(self._heap)
            if self._due.get(job) != at or job in self._running:
                continue
            self._running.add(job)
            due.append(job)
        return due

    def done(self, now: float, job: Job) -> None:
        """A look has ended: the next one is due at the job's own place in the interval."""
        self._running.discard(job)
        interval = self._interval.get(job)
        if interval is None:
            return
        if job in self._again:
            self._again.discard(job)
            self._set(job, now)
            return
        phase = (crc32("/".join(job).encode()) * _GOLDEN % 1.0) * interval // BEAT * BEAT
        turns = (now - phase) // interval + 1
        at = turns * interval + phase
        self._set(job, at if at - now > interval / 2 else at + interval)

    def next_due(self) -> float | None:
        """Time of the next look, or None."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def _set(self, job: Job, at: float) -> None:
        self._due[job] = at
        heapq.heappush(self._heap, (at, job))
