"""A process of ours at the other end of a packet socket, started again when it ends."""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence

from .protocol import PACKET_MAX

log = logging.getLogger("hwagent")
#: Time between two starts: doubled each time from the first to the second.
PAUSE, PAUSE_MAX = 0.1, 5.0
#: A process that lives longer was well: the next pause is the first again.
WELL = 30.0


class Companion:
    """Runs ``argv`` with ``--fd N``, its end of the socket, or connects to ``path``.

    ``received`` gets each packet with the descriptors that came with it, ``up`` is called when
    there is a process, ``lost`` when it is gone. The process is to end when its socket closes, for
    which it has ``grace`` seconds. Nothing here blocks.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        received: Callable[[bytes, list[int]], None],
        up: Callable[[], None],
        lost: Callable[[], None],
        *,
        path: str = "",
        grace: float = 2.0,
    ) -> None:
        self._name = name
        self._argv = argv
        self._path = path
        self._grace = grace
        self._received, self._up, self._lost = received, up, lost
        self._socket: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._down = asyncio.Event()
        self.restarts = 0
        #: Why there is no process now; empty if there is one.
        self.problem = "it has not started yet"

    async def run(self) -> None:
        """Keeps the process there until cancelled, then ends it."""
        loop = asyncio.get_running_loop()
        pause, said = PAUSE, ""
        while True:
            began = loop.time()
            await self._one()
            self.restarts += 1
            if loop.time() - began > WELL:
                pause, said = PAUSE, ""
            if self.problem != said:
                log.warning("%s: %s; starting it again", self._name, self.problem)
                said = self.problem
            await asyncio.sleep(pause)
            pause = min(2 * pause, PAUSE_MAX)

    def send(self, packet: bytes) -> bool:
        """Sends a packet; False if it cannot be taken now."""
        if self._socket is None:
            return False
        try:
            self._socket.send(packet)
        except BlockingIOError:
            return False
        except OSError:
            self.drop()
            return False
        return True

    def when_writable(self, callback: Callable[[], None]) -> None:
        """Calls back once, when a packet may be taken again."""
        if self._socket is not None:
            asyncio.get_running_loop().add_writer(self._socket, self._writable, callback)

    def _writable(self, callback: Callable[[], None]) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_writer(self._socket)
            callback()

    def drop(self) -> None:
        """Gives the process up; another one is started."""
        self._down.set()

    async def _one(self) -> None:
        """The life of one process."""
        try:
            await self._connect()
            self.problem = ""
            self._up()
            await self._down.wait()
            self.problem = "it ended"
        except OSError as e:
            self.problem = str(e)
        finally:
            await self._disconnect()

    async def _connect(self) -> None:
        self._down.clear()
        loop = asyncio.get_running_loop()
        if self._path:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._socket.setblocking(False)
            await loop.sock_connect(self._socket, self._path)
        else:
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._socket.setblocking(False)
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    *self._argv, "--fd", str(theirs.fileno()),
                    stdin=asyncio.subprocess.DEVNULL, pass_fds=[theirs.fileno()],
                )  # fmt: skip
        loop.add_reader(self._socket, self._read)

    def _read(self) -> None:
        if self._socket is None:
            return
        try:
            packet, fds, _, _ = socket.recv_fds(
                self._socket, PACKET_MAX, 1, socket.MSG_CMSG_CLOEXEC
            )
        except BlockingIOError:
            return
        except OSError:
            packet, fds = b"", []
        if packet:
            self._received(packet, fds)
        else:
            self.drop()

    async def _disconnect(self) -> None:
        end, self._socket = self._socket, None
        if end is not None:
            asyncio.get_running_loop().remove_reader(end)
            asyncio.get_running_loop().remove_writer(end)
            end.close()
        self._lost()
        process, self._process = self._process, None
        if process is not None:
            await self._ended(process)

    async def _ended(self, process: asyncio.subprocess.Process) -> None:
        try:
            async with asyncio.timeout(self._grace):
                await process.wait()
        except TimeoutError:
            process.kill()
