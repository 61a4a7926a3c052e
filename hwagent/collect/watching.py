"""The agent's side of the watcher: starts it, hands on its triggers, starts it again."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Sequence

import msgspec

from .ending import ended
from .trigger import Trigger, after_loss

log = logging.getLogger("hwagent.watch")
#: Longest pause before a watcher that ends is started again; polling goes on meanwhile. Seconds.
PAUSE_MAX = 30.0
_PAUSE_MIN = 0.2
_GRACE = 2.0


class Watch:
    """One watcher process. When it has to be started again, everything that it tells of is to be
    looked at, since events may have been missed."""

    def __init__(self, root: str = "/", command: Sequence[str] = ()) -> None:
        """``command`` runs before the watcher, such as ``ip netns exec NAME``."""
        module = (sys.executable, "-m", "hwagent.collect.watch", "--root", str(root))
        self.argv = (*command, *module)
        self._process: asyncio.subprocess.Process | None = None
        self._decoder = msgspec.json.Decoder(Trigger)
        self._closed = False

    async def start(self) -> None:
        """Starts the watcher. Raises OSError if it cannot be run at all."""
        self._process = await asyncio.create_subprocess_exec(
            *self.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )

    async def triggers(self) -> AsyncIterator[Trigger]:
        """Triggers as they come, until ``close``; a watcher that ends is started again."""
        pause = _PAUSE_MIN
        while not self._closed:
            async for trigger in self._read():
                pause = _PAUSE_MIN
                yield trigger
            if self._closed:
                return
            await self._end(ask=False)
            log.warning("the watcher has ended; starting it again in %g s", pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_MAX)
            await self._restart()
            for trigger in after_loss("the watcher was started again"):
                yield trigger

    async def close(self) -> None:
        """Ends the watcher."""
        self._closed = True
        await self._end(ask=True)

    async def _restart(self) -> None:
        if self._closed:
            return
        try:
            await self.start()
        except OSError as e:
            log.warning("the watcher cannot be started: %s", e.strerror)

    async def _read(self) -> AsyncIterator[Trigger]:
        """Triggers of the running process until it ends or writes what is no line."""
        stdout = self._process.stdout if self._process is not None else None
        while stdout is not None:
            try:
                line = await stdout.readline()
            except ValueError:
                return
            if not line:
                return
            try:
                yield self._decoder.decode(line)
            except msgspec.MsgspecError:
                log.warning("the watcher wrote %.80r", line)

    async def _end(self, ask: bool) -> None:
        """Waits for the process to end. One that has closed its output is not asked: asking a
        process that is just gone makes asyncio lose track of it."""
        process, self._process = self._process, None
        if process is None:
            return
        if ask and process.returncode is None:
            process.terminate()
        await ended(process, _GRACE)
