"""The other processes of the agent, when a person runs it by hand."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence

log = logging.getLogger("hwagent")
#: Time that a child has to end by itself.
GRACE = 3.0


class Child:
    """A process that is started again when it ends, each time a little later."""

    def __init__(self, name: str, module: str, *arguments: str) -> None:
        self.name = name
        self._argv: Sequence[str] = (sys.executable, "-m", module, *arguments)
        self._process: asyncio.subprocess.Process | None = None
        self.restarts = 0

    async def run(self) -> None:
        """Keeps the process running until cancelled, then ends it."""
        pause = 0.2
        try:
            while True:
                self._process = await asyncio.create_subprocess_exec(
                    *self._argv, stdin=asyncio.subprocess.DEVNULL, env=_environment()
                )
                status = await self._process.wait()
                self.restarts += 1
                log.warning("%s ended with status %d; starting it again", self.name, status)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10.0)
        finally:
            await self._end()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(GRACE):
                await process.wait()
        except TimeoutError:
            process.kill()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1"}
