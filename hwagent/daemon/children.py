"""The other processes of the agent, when a person runs it by hand.

They mind their parent (``--parent``): an agent that is killed leaves them to go on until its last
word has run out, and one that comes back in time finds the holder as it was.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable

from hwagent.collect.ending import ended

log = logging.getLogger("hwagent")
#: Seconds that a child has to end by itself.
GRACE = 3.0
#: Seconds before a child that ended is started again; it grows with every end.
PAUSE, PAUSE_MAX = 0.2, 10.0
#: Seconds after which a child counts as healthy: it is started again as after a first end.
HEALTHY = 60.0
#: Seconds between looks whether another's child is still there.
LOOK = 0.5


class Child:
    """A process that is started again when it ends, each time a little later.

    It is not started while ``served`` says that another does its work.
    """

    def __init__(
        self, name: str, module: str, *arguments: str, served: Callable[[], bool] = lambda: False
    ) -> None:
        self.name = name
        self._argv = (sys.executable, "-m", module, *arguments, "--parent", str(os.getpid()))
        self._served = served
        self._process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Keeps the process running until cancelled, then ends it."""
        pause = PAUSE
        try:
            while True:
                if self._served():
                    await asyncio.sleep(LOOK)
                    continue
                lived, status = await self._live()
                log.warning("%s ended with status %d; starting it again", self.name, status)
                pause = PAUSE if lived > HEALTHY else min(pause * 2, PAUSE_MAX)
                await asyncio.sleep(pause)
        finally:
            await self._end()

    async def _live(self) -> tuple[float, int]:
        """Starts it; how long it lived, and its exit status."""
        began = time.monotonic()
        self._process = await asyncio.create_subprocess_exec(
            *self._argv, stdin=asyncio.subprocess.DEVNULL, env=_environment()
        )
        status = await self._process.wait()
        return time.monotonic() - began, status

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        await ended(process, GRACE)


def listened(path: str) -> bool:
    """Whether somebody listens at a Unix socket, however busy."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(path)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return True


def vip_children(holder: str) -> list[Child]:
    """Those that an agent with virtual IPs needs: a holder at a Unix socket, and its guardian."""
    return [
        Child("holder", "hwagent.vip", "--socket", holder, served=lambda: listened(holder)),
        Child("guardian", "hwagent.vip.guardian", "--holder", holder),
    ]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1"}
