"""The agent's end of a nursery: starts it or connects to it, and does so again when it ends."""

import asyncio
import logging
import socket
import sys
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from .protocol import PACKET_MAX, Born, Fork, Gone, Kill, NotBorn, Request, decode_report, encode

log = logging.getLogger("hwagent")
#: Time between two starts of a nursery: doubled each time from the first to the second.
PAUSE, PAUSE_MAX = 0.1, 5.0
#: A nursery that lives longer was well: the next pause is the first again.
WELL = 30.0
#: One that has not made a worker by then hangs.
FORK_DEADLINE = 20.0
#: Time that it has to end by itself.
GRACE = 2.0
NURSERY = (sys.executable, "-m", "hwagent.helper.nursery")


class LinkLost(Exception):
    """The nursery ended."""


class Link:
    """One nursery at a time; ``gone`` is told of ended workers, ``lost`` of an ended nursery."""

    def __init__(
        self,
        arguments: Sequence[str],
        path: str,
        gone: Callable[[int], None],
        lost: Callable[[], None],
    ) -> None:
        self._arguments = arguments
        self._path = path
        self._gone, self._lost = gone, lost
        self._control: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._up = asyncio.Event()
        self._down = asyncio.Event()
        self._waiting: deque[asyncio.Future[tuple[int, socket.socket]]] = deque()
        #: Workers of which not everything has ended yet.
        self.alive: set[int] = set()
        self.restarts = 0
        self.problem = "the nursery has not started yet"

    async def run(self) -> None:
        """Keeps a nursery there until cancelled, then ends it."""
        loop = asyncio.get_running_loop()
        pause = PAUSE
        try:
            while True:
                began = loop.time()
                await self._one()
                self.restarts += 1
                log.warning("workers: %s; starting again", self.problem)
                pause = PAUSE if loop.time() - began > WELL else pause
                await asyncio.sleep(pause)
                pause = min(2 * pause, PAUSE_MAX)
        finally:
            self._up.set()

    async def _one(self) -> None:
        """The life of one nursery."""
        try:
            await self._connect()
            await self._down.wait()
            self.problem = "the nursery ended"
        except OSError as e:
            self.problem = f"no nursery: {e}"
        finally:
            await self._disconnect()

    async def fork(self) -> tuple[int, socket.socket]:
        """A new worker: process id and stream. Raises LinkLost, OSError."""
        await self._up.wait()
        if self._control is None:
            raise OSError("the pool is closed")
        made: asyncio.Future[tuple[int, socket.socket]]
        made = asyncio.get_running_loop().create_future()
        self._waiting.append(made)
        self._say(Fork())
        try:
            async with asyncio.timeout(FORK_DEADLINE):
                return await asyncio.shield(made)
        except asyncio.CancelledError:
            made.add_done_callback(_discard)
            raise
        except TimeoutError:
            made.add_done_callback(_discard)
            self._down.set()
            raise LinkLost from None

    def kill(self, pid: int) -> None:
        """Kills a worker and all that it started."""
        self._say(Kill(pid))

    def _say(self, request: Request) -> None:
        if self._control is None:
            return
        try:
            self._control.send(encode(request))
        except OSError:
            self._down.set()

    async def _connect(self) -> None:
        self._down.clear()
        loop = asyncio.get_running_loop()
        if self._path:
            self._control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._control.setblocking(False)
            await loop.sock_connect(self._control, self._path)
        else:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._control.setblocking(False)
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    *self._arguments, "--fd", str(theirs.fileno()),
                    stdin=asyncio.subprocess.DEVNULL, pass_fds=[theirs.fileno()],
                )  # fmt: skip
        loop.add_reader(self._control, self._read)
        self._up.set()

    def _read(self) -> None:
        """Takes one packet of the nursery."""
        if self._control is None:
            return
        try:
            packet, fds, _, _ = socket.recv_fds(
                self._control, PACKET_MAX, 1, socket.MSG_CMSG_CLOEXEC
            )
        except BlockingIOError:
            return
        except OSError:
            packet, fds = b"", []
        stream = socket.socket(fileno=fds[0]) if fds else None
        try:
            report = decode_report(packet)
        except msgspec.DecodeError:
            self._down.set()
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

    def _answer(self, answer: tuple[int, socket.socket] | Exception) -> None:
        if not self._waiting:
            return
        made = self._waiting.popleft()
        if isinstance(answer, Exception):
            made.set_exception(answer)
        else:
            made.set_result(answer)

    async def _disconnect(self) -> None:
        self._up.clear()
        if self._control is not None:
            asyncio.get_running_loop().remove_reader(self._control)
            self._control.close()
            self._control = None
        while self._waiting:
            self._answer(LinkLost())
        self.alive.clear()
        self._lost()
        process, self._process = self._process, None
        if process is not None:
            await _ended(process)


def _discard(made: "asyncio.Future[tuple[int, socket.socket]]") -> None:
    """Lets go of a worker for which nobody waits any more."""
    if not made.cancelled() and made.exception() is None:
        made.result()[1].close()


async def _ended(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(GRACE):
            await process.wait()
    except TimeoutError:
        process.kill()
