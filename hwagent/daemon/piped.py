"""A process that works for the agent and is talked to by pipes: kept alive while it is needed."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from hwagent.collect.ending import ended

log = logging.getLogger("hwagent")
#: Seconds before a process that ended is started again; it grows with every end.
PAUSE, PAUSE_MAX = 1.0, 60.0


class Principal(Protocol):
    """Whoever the process works for."""

    def needed(self) -> bool:
        """Whether there is something for a process to do."""

    def begun(self, writer: asyncio.StreamWriter) -> None:
        """A process has started: what it is told goes here."""

    async def listen(self, stream: asyncio.StreamReader) -> None:
        """Reads what the process tells, until it ends or makes no sense."""

    def died(self) -> None:
        """The process ended though it was needed; another one is started later."""


class Piped:
    """One process at a time, which ``does`` something (for the log).

    It is ended by the end of its input, and killed if that takes longer than ``grace`` seconds.
    """

    def __init__(
        self,
        command: Sequence[str],
        does: str,
        principal: Principal,
        grace: float,
        line_max: int = 1 << 16,
    ) -> None:
        """``line_max``: no line that it writes is longer, in bytes."""
        self._command = command
        self._does = does
        self._principal = principal
        self._grace = grace
        self._line_max = line_max
        self._changed = asyncio.Event()

    def change(self) -> None:
        """Another process is needed, with other orders, or none."""
        self._changed.set()

    async def run(self) -> None:
        """Keeps a process running while it is needed, until cancelled."""
        pause = PAUSE
        while True:
            self._changed.clear()
            if not self._principal.needed():
                await self._changed.wait()
                continue
            if await self._live():
                pause = PAUSE
                continue
            self._principal.died()
            log.warning("the process that %s ended; starting it again", self._does)
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_MAX)

    async def _live(self) -> bool:
        """One life of the process; True if it ended because another one is needed."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=self._line_max,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        self._principal.begun(process.stdin)
        reading = asyncio.create_task(self._principal.listen(process.stdout))
        changing = asyncio.create_task(self._changed.wait())
        try:
            await asyncio.wait((reading, changing), return_when=asyncio.FIRST_COMPLETED)
            return changing.done()
        finally:
            changing.cancel()
            process.stdin.close()
            await ended(process, self._grace)
            reading.cancel()
