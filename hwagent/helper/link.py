"""The agent's end of a nursery: asks for workers, and keeps count of them."""

import asyncio
import socket
import sys
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from .companion import Companion
from .protocol import Born, Fork, Gone, Kill, NotBorn, decode_report, encode

#: A nursery that has not made a worker by then hangs, and is replaced.
FORK_DEADLINE = 20.0
NURSERY = (sys.executable, "-m", "hwagent.helper.nursery")
Made = tuple[int, socket.socket]


class LinkLost(Exception):
    """The nursery ended."""


class Link:
    """One nursery at a time; ``gone`` is told of ended workers, ``lost`` of an ended nursery."""

    def __init__(
        self,
        argv: Sequence[str],
        path: str,
        gone: Callable[[int], None],
        lost: Callable[[], None],
    ) -> None:
        self.companion = Companion(
            "workers", argv, self._received, self._went_up, self._went_down, path=path
        )
        self._gone, self._lost = gone, lost
        self._up = asyncio.Event()
        self._closed = False
        self._waiting: deque[asyncio.Future[Made]] = deque()
        #: Workers of which not everything has ended yet.
        self.alive: set[int] = set()

    async def run(self) -> None:
        """Keeps a nursery there until cancelled, then ends it."""
        try:
            await self.companion.run()
        finally:
            self._closed = True
            self._up.set()

    async def ready(self) -> None:
        """Waits until there is a nursery, or never will be again."""
        await self._up.wait()

    async def fork(self) -> Made:
        """A new worker: process id and stream. Raises LinkLost, OSError."""
        await self._up.wait()
        if self._closed:
            raise OSError("the pool is closed")
        made: asyncio.Future[Made] = asyncio.get_running_loop().create_future()
        self._waiting.append(made)
        if not self.companion.send(encode(Fork())):
            self.companion.drop()
        try:
            async with asyncio.timeout(FORK_DEADLINE):
                return await asyncio.shield(made)
        except asyncio.CancelledError:
            made.add_done_callback(_discard)
            raise
        except TimeoutError:
            made.add_done_callback(_discard)
            self.companion.drop()
            raise LinkLost from None

    def kill(self, pid: int) -> None:
        """Kills a worker and all that it started."""
        if self._up.is_set() and not self.companion.send(encode(Kill(pid))):
            self.companion.drop()

    def _received(self, packet: bytes, fds: list[int]) -> None:
        stream = socket.socket(fileno=fds[0]) if fds else None
        try:
            report = decode_report(packet)
        except msgspec.DecodeError:
            self.companion.drop()
            return
        match report:
            case Born(pid) if stream is not None:
                self.alive.add(pid)
                self._answer((pid, stream))
            case NotBorn(reason):
                self._answer(OSError(reason))
            case Gone(pid):
                self.alive.discard(pid)
                self._gone(pid)

    def _answer(self, answer: Made | Exception) -> None:
        if not self._waiting:
            return
        made = self._waiting.popleft()
        if isinstance(answer, Exception):
            made.set_exception(answer)
        else:
            made.set_result(answer)

    def _went_up(self) -> None:
        self._up.set()

    def _went_down(self) -> None:
        self._up.clear()
        while self._waiting:
            self._answer(LinkLost())
        self.alive.clear()
        self._lost()


def _discard(made: asyncio.Future[Made]) -> None:
    """Lets go of a worker for which nobody waits any more."""
    if not made.cancelled() and made.exception() is None:
        made.result()[1].close()
