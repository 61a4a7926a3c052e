"""Events to whoever listens: the API's event stream, tests, simulate. Never waits for a reader."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import msgspec

#: A reader that is this many events behind loses the oldest and is told how many.
BACKLOG = 1000


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened: ``type`` is component, alert, action, vip, health, note or lost."""

    id: int
    time: float
    type: str
    component: str
    data: Any


class Bus:
    """Numbers events, keeps the last ones, hands them to every reader."""

    def __init__(self) -> None:
        self.recent: deque[Event] = deque(maxlen=BACKLOG)
        self._last = 0
        self._readers: set[Reader] = set()

    def publish(self, now: float, type: str, component: str, data: Any) -> Event:
        """Tells all readers."""
        self._last += 1
        event = Event(id=self._last, time=now, type=type, component=component, data=data)
        self.recent.append(event)
        for reader in self._readers:
            reader.put(event)
        return event

    def subscribe(self, after: int | None = None) -> "Reader":
        """A reader of all events from now on, and of kept ones later than ``after``."""
        reader = Reader(self._readers.discard)
        if after is not None:
            for event in self.recent:
                if event.id > after:
                    reader.put(event)
        self._readers.add(reader)
        return reader


class Reader:
    """Async iterator over events; ``close`` it when done."""

    def __init__(self, closed: Any) -> None:
        self._events: deque[Event] = deque(maxlen=BACKLOG)
        self._ready = asyncio.Event()
        self._closed = closed
        self._open = True

    def put(self, event: Event) -> None:
        """Adds an event, losing the oldest when the reader is too slow."""
        self._events.append(event)
        self._ready.set()

    def close(self) -> None:
        """Ends the iteration."""
        self._open = False
        self._closed(self)
        self._ready.set()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while self._open:
            while self._events:
                yield self._events.popleft()
            self._ready.clear()
            await self._ready.wait()
