"""What processes that serve many devices put off: word of what was dropped, and first rounds."""

import asyncio
from collections.abc import Awaitable, Callable

#: Seconds between the first words to two devices, and before a word about what was dropped.
SPREAD, DROPPED_AFTER = 0.05, 0.5


class Postponed:
    """Tells a while after the first time that there was something to tell, and all at once: a flood
    is no reason to write as much."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._telling: asyncio.TimerHandle | None = None

    def due(self) -> None:
        """There is something to tell."""
        if self._telling is None:
            loop = asyncio.get_running_loop()
            self._telling = loop.call_later(DROPPED_AFTER, self._now)

    def _now(self) -> None:
        self._telling = None
        self._tell()


async def later(number: int, run: Callable[[], Awaitable[None]]) -> None:
    """Runs the one of that number, spread from the others."""
    await asyncio.sleep(number * SPREAD)
    await run()
