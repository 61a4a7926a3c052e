"""The agent's side of the workers: hands out jobs, gives up those that overrun."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import msgspec

from hwagent.model import Sample

from .errors import ProbeBusy, ProbeFailed, ProbeStuck
from .jobs import Role
from .link import NURSERY, Link, LinkLost
from .protocol import LENGTH, MESSAGE_MAX, Job, Reply, encode, framed
from .verbs import VerbResult, subject

T = TypeVar("T")
#: A job that takes longer gives its place in the pool to another and goes on: jobs that hang until
#: their deadlines must not hold up the ones that do not.
PROMPT = 1.0
#: So many jobs of one collector may take longer or be stuck; each has a process.
SLOW_MAX = 64
#: While so many jobs are under way that may answer promptly, another waits so long, in seconds, for
#: the worker of one of them before it takes a further one: most looks take milliseconds, and a
#: worker that has looked weighs 3 MiB.
WARM, PATIENCE = 1, 0.5
#: A worker that had nothing to do for so long is let go.
IDLE = 60.0
#: Names of targets come from directories, or from a command that asks no device.
TARGETS_DEADLINE = 20.0
_READING = ("collect", "targets")
_ENDED = "its worker ended without an answer"
_reply = msgspec.msgpack.Decoder(Reply)
_samples = msgspec.msgpack.Decoder(list[Sample])
_names = msgspec.msgpack.Decoder(list[str])
_result = msgspec.msgpack.Decoder(VerbResult)
_any = msgspec.msgpack.Decoder()


class Worker:
    """One worker's process id and stream."""

    def __init__(
        self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.pid = pid
        self.used = 0.0
        self._reader = reader
        self._writer = writer

    async def ask(self, job: Job) -> Reply:
        """Has a job done. Raises OSError, EOFError or msgspec.DecodeError if the worker ends."""
        self._writer.write(framed(encode(job)))
        size = int.from_bytes(await self._reader.readexactly(LENGTH), "big")
        if size > MESSAGE_MAX:
            raise EOFError(f"a reply of {size} bytes")
        return _reply.decode(await self._reader.readexactly(size))

    async def ended(self) -> None:
        """Waits until the process has ended, which closes its end."""
        while await self._reader.read(65536):
            pass

    def close(self) -> None:
        """Lets the worker end: it does when its stream does."""
        self._writer.close()


class Places:
    """Room for a number of prompt jobs; ``taken`` is how many are there."""

    def __init__(self, number: int) -> None:
        self._free = asyncio.Semaphore(number)
        self.taken = 0

    async def take(self) -> "Place":
        """A place, as soon as there is one."""
        await self._free.acquire()
        self.taken += 1
        return Place(self._freed)

    def _freed(self) -> None:
        self.taken -= 1
        self._free.release()


class Place:
    """A place among the pool's prompt jobs; freed after PROMPT seconds, or before by its job."""

    def __init__(self, freed: Callable[[], None]) -> None:
        self._freed: Callable[[], None] | None = freed
        self._timer = asyncio.get_running_loop().call_later(PROMPT, self.free)

    def free(self) -> None:
        """Gives the place back, once."""
        self._timer.cancel()
        freed, self._freed = self._freed, None
        if freed is not None:
            freed()


class Pool:
    """Workers of one role.

    ``workers`` bounds how many jobs that answer promptly run at once. The nursery is a child of the
    agent, or, with ``socket``, the helper service that listens there. ``user`` is whom a poller
    becomes where it runs as root. ``trust`` are the configuration and the runtime directory that
    root's workers go by. ``nursery`` is the command that starts one.
    """

    def __init__(
        self,
        role: Role,
        root: str = "/",
        workers: int = 8,
        *,
        user: str = "",
        socket: str = "",
        trust: tuple[str, str] = ("", ""),
        nursery: Sequence[str] = NURSERY,
    ) -> None:
        arguments = [*nursery, "--role", role, "--root", root]
        if user:
            arguments += ["--user", user]
        if any(trust):
            arguments += ["--config", trust[0], "--runtime", trust[1]]
        self._link = Link(arguments, socket, self._gone, self._lost)
        self._open = False
        self._keeper: asyncio.Task[None] | None = None
        self._places = Places(workers)
        self._idle: list[Worker] = []
        self._tidy: asyncio.TimerHandle | None = None
        self._waiters: deque[asyncio.Future[Worker]] = deque()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._running: Counter[str] = Counter()
        self._stuck: dict[str, Worker] = {}
        self._orphans: dict[Worker, asyncio.Task[None]] = {}
        self._abandoned = 0
        self._jobs = 0
        self._seconds: dict[str, float] = {}

    async def start(self) -> None:
        """Takes jobs from now on; the first one starts the nursery, and waits for it."""
        self._open = True

    async def close(self) -> None:
        """Ends the nursery and all workers; jobs that run end as failed."""
        self._open = False
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])
        for task in self._orphans.values():
            task.cancel()
        for worker in self._stuck.values():
            worker.close()
        if self._tidy is not None:
            self._tidy.cancel()

    async def targets(self, collector: str) -> list[str]:
        """Names of what a collector reads one by one. Raises ProbeStuck, ProbeFailed, ProbeBusy."""
        job = Job("targets", {"collector": collector})
        return _decode(_names, await self._run(job, f"targets/{collector}", TARGETS_DEADLINE))

    async def collect(self, collector: str, target: str, deadline: float) -> list[Sample]:
        """One look at one target. Raises ProbeStuck, ProbeFailed, ProbeBusy."""
        job = Job("collect", {"collector": collector, "target": target})
        reply = await self._run(job, f"collect/{collector}/{target}", deadline)
        self._seconds[collector] = self._seconds.get(collector, 0.0) + reply.seconds
        return _decode(_samples, reply)

    async def verb(self, name: str, arguments: dict[str, Any], deadline: float) -> VerbResult:
        """Runs a verb; one at a time for each device. Raises ProbeStuck, ProbeFailed, ProbeBusy."""
        key = f"verb/{subject(arguments)}"
        return _decode(_result, await self._run(Job(name, arguments), key, deadline))

    async def call(self, job: str, arguments: dict[str, Any], key: str, deadline: float) -> Any:
        """Any job of the table. Raises ProbeStuck, ProbeFailed, ProbeBusy."""
        return _decode(_any, await self._run(Job(job, arguments), key, deadline))

    def stats(self) -> dict[str, Any]:
        """Processes now and what became of jobs; ``seconds_by_collector`` is processor time."""
        return {
            "workers": len(self._link.alive) + len(self._orphans),
            "stuck": len(self._stuck),
            "abandoned": self._abandoned,
            "restarts": self._link.companion.restarts,
            "jobs": self._jobs,
            "seconds_by_collector": dict(self._seconds),
        }

    async def _run(self, job: Job, key: str, deadline: float) -> Reply:
        group = "/".join(key.split("/", 2)[:2])
        self._refuse_if_stuck(key)
        async with self._turns.setdefault(key, asyncio.Lock()):
            self._refuse_if_stuck(key)
            if self._running[group] + self._stuck_in(group) >= SLOW_MAX:
                raise ProbeBusy(f"{SLOW_MAX} of {group} hang already")
            await self._ready(deadline)
            place = await self._places.take()
            self._running[group] += 1
            try:
                reply = await self._do_again_if_read(job, key, deadline)
            finally:
                place.free()
                self._running[group] -= 1
        self._jobs += 1
        if reply.error:
            raise ProbeFailed(reply.error)
        return reply

    async def _ready(self, deadline: float) -> None:
        if not self._open:
            raise ProbeFailed("the pool is closed")
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._link.run())
        try:
            async with asyncio.timeout(deadline):
                await self._link.ready()
        except TimeoutError:
            why = self._link.companion.problem
            raise ProbeFailed(f"no worker within {deadline:g} s: {why}") from None

    def _stuck_in(self, group: str) -> int:
        return sum(key.startswith(f"{group}/") for key in self._stuck)

    def _refuse_if_stuck(self, key: str) -> None:
        if key in self._stuck:
            raise ProbeBusy("an earlier one has overrun and not come back")

    async def _do_again_if_read(self, job: Job, key: str, deadline: float) -> Reply:
        """Reading is tried once more when its worker dies: the nursery may have been restarted."""
        try:
            return await self._do(job, key, deadline)
        except EOFError:
            if job.name not in _READING:
                raise ProbeFailed(_ENDED) from None
        try:
            return await self._do(job, key, deadline)
        except EOFError:
            raise ProbeFailed(_ENDED) from None

    async def _do(self, job: Job, key: str, deadline: float) -> Reply:
        worker = await self._returned() if self._places.taken > WARM else None
        if worker is None:
            worker = self._idle.pop() if self._idle else await self._forked(deadline)
        reply = await self._ask(worker, job, key, deadline)
        self._give_back(worker)
        return reply

    async def _ask(self, worker: Worker, job: Job, key: str, deadline: float) -> Reply:
        """Raises ProbeStuck, or EOFError if the worker ends."""
        try:
            async with asyncio.timeout(deadline):
                return await worker.ask(job)
        except TimeoutError:
            self._abandon(worker, key)
            self._abandoned += 1
            raise ProbeStuck(f"no answer within {deadline:g} s") from None
        except asyncio.CancelledError:
            self._abandon(worker, key)
            raise
        except (OSError, EOFError, msgspec.DecodeError):
            self._link.kill(worker.pid)
            worker.close()
            raise EOFError from None

    async def _returned(self) -> Worker | None:
        """A worker that another job gives back within PATIENCE seconds."""
        waiter: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await asyncio.wait([waiter], timeout=PATIENCE)
        except asyncio.CancelledError:
            if waiter.done():
                self._give_back(waiter.result())
            raise
        finally:
            waiter.cancel()
        return None if waiter.cancelled() else waiter.result()

    async def _forked(self, deadline: float) -> Worker:
        """A new worker, within the deadline. Raises ProbeFailed."""
        try:
            async with asyncio.timeout(deadline):
                return await self._new()
        except TimeoutError:
            raise ProbeFailed(f"no worker within {deadline:g} s") from None
        except OSError as e:
            raise ProbeFailed(f"no worker: {e}") from None

    async def _new(self) -> Worker:
        while True:
            try:
                pid, stream = await self._link.fork()
            except LinkLost:
                continue
            return Worker(pid, *await asyncio.open_connection(sock=stream))

    def _give_back(self, worker: Worker) -> None:
        if worker.pid not in self._link.alive:
            worker.close()
            return
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(worker)
                return
        loop = asyncio.get_running_loop()
        worker.used = loop.time()
        # The last one used is the next to be used, so the first is the one not needed
        self._idle.append(worker)
        if self._tidy is None:
            self._tidy = loop.call_later(IDLE, self._let_go)

    def _let_go(self) -> None:
        """Lets the workers end that had nothing to do for IDLE seconds."""
        loop, self._tidy = asyncio.get_running_loop(), None
        while self._idle and self._idle[0].used <= loop.time() - IDLE:
            self._idle.pop(0).close()
        if self._idle:
            self._tidy = loop.call_at(self._idle[0].used + IDLE, self._let_go)

    def _abandon(self, worker: Worker, key: str) -> None:
        self._stuck[key] = worker
        if worker.pid in self._link.alive:
            self._link.kill(worker.pid)
        else:
            self._await_end(key, worker)

    def _gone(self, pid: int) -> None:
        found = [k for k, w in self._stuck.items() if w.pid == pid and w not in self._orphans]
        for key in found:
            self._stuck.pop(key).close()
        for worker in [w for w in self._idle if w.pid == pid]:
            self._idle.remove(worker)
            worker.close()

    def _lost(self) -> None:
        """The nursery ended, and its workers with it, but for those that hang in the kernel."""
        for worker in self._idle:
            worker.close()
        self._idle.clear()
        for key, worker in self._stuck.items():
            if worker not in self._orphans:
                self._await_end(key, worker)

    def _await_end(self, key: str, worker: Worker) -> None:
        self._orphans[worker] = asyncio.create_task(self._outlive(key, worker))

    async def _outlive(self, key: str, worker: Worker) -> None:
        with suppress(OSError):
            await worker.ended()
        self._stuck.pop(key).close()
        del self._orphans[worker]


def _decode(decoder: msgspec.msgpack.Decoder[T], reply: Reply) -> T:
    try:
        return decoder.decode(reply.value)
    except msgspec.DecodeError as e:
        raise ProbeFailed(f"not what the job should answer: {e}") from None
