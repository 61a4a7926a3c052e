"""The agent's side of the journal: never waits, drops and counts instead."""

import asyncio
import logging
import sys
from collections import deque
from contextlib import suppress

import msgspec

from hwagent.helper.companion import Companion

from .record import Batch, Record, State

log = logging.getLogger("hwagent")
#: Bytes of records that may wait for the writer; beyond, new ones are dropped.
QUEUE_MAX = 4 << 20
#: Bytes of records in one packet, and so the largest record.
PACKET = 48 * 1024
#: A writer that has had records for so long, in seconds, waits for a disk that hangs.
STALL = 30.0
#: Time to write the last records at the end.
GRACE = 5.0
_state = msgspec.msgpack.Decoder(State)


class Journal:
    """Hands records to the writer. ``dropped`` counts those that were lost, for any reason."""

    def __init__(self, path: str, max_size: int, keep: float, *, retry: float = 30.0) -> None:
        argv = [sys.executable, "-m", "hwagent.journal", "--path", path]
        argv += ["--max-size", str(max_size), "--keep", str(keep), "--retry", str(retry)]
        self._writer = Companion(
            "journal", argv, self._received, self._flush, self._lost, grace=GRACE
        )
        self._keeper: asyncio.Task[None] | None = None
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._numbered = 0
        self._sent = 0
        self._done = 0
        self._answered_at = 0.0
        self._flushing = False
        self._drained = asyncio.Event()
        self._awaited: dict[int, asyncio.Future[bool]] = {}
        self._reason = ""
        self.dropped = 0
        #: What people should know of the file although it is written now, such as a damaged one
        #: that was set aside.
        self.note = ""

    async def start(self) -> None:
        """Begins to start the writer; records wait for it."""
        self._keeper = asyncio.create_task(self._writer.run())

    @property
    def broken(self) -> str:
        """Why records are being lost; empty if they are not."""
        if self._reason or self._keeper is None:
            return self._reason
        if self._sent > self._done and self._now() - self._answered_at > STALL:
            return "the writer waits for its disk"
        return ""

    def write(self, record: Record) -> None:
        """Hands a record over; lost and counted where that is not possible now."""
        if self._put(record) and not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    async def commit(self, record: Record, deadline: float) -> bool:
        """Hands a record over and waits until it is on the disk; False if it is not in time."""
        number = self._put(record)
        if not number:
            return False
        settled: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._awaited[number] = settled
        self._flush()
        try:
            async with asyncio.timeout(deadline):
                return await settled
        except TimeoutError:
            return False
        finally:
            self._awaited.pop(number, None)

    async def close(self) -> None:
        """Lets the writer finish, within GRACE seconds."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(0 if self._writer.problem else GRACE):
                self._flush()
                await self._drained.wait()
        keeper.cancel()
        await asyncio.wait([keeper])

    def _put(self, record: Record) -> int:
        """Number of the record in the queue; 0 if it is dropped."""
        try:
            data = msgspec.msgpack.encode(record)
        except (ValueError, OverflowError, TypeError) as e:
            log.warning("a record cannot be journalled: %s", e)
            data = b""
        if not 0 < len(data) <= PACKET or self._queued + len(data) > QUEUE_MAX:
            self.dropped += 1
            return 0
        self._queue.append(data)
        self._queued += len(data)
        self._numbered += 1
        return self._numbered

    def _flush(self) -> None:
        self._flushing = False
        self._drained.clear()
        while self._queue:
            records, size = self._next()
            last = self._sent + len(records)
            urgent = any(number <= last for number in self._awaited)
            batch = Batch(self._sent + 1, urgent, [msgspec.Raw(r) for r in records])
            if not self._writer.send(msgspec.msgpack.encode(batch)):
                self._writer.when_writable(self._flush)
                return
            if self._sent == self._done:
                self._answered_at = self._now()
            for _ in records:
                self._queue.popleft()
            self._queued -= size
            self._sent = last
        self._drained.set()

    def _next(self) -> tuple[list[bytes], int]:
        records: list[bytes] = []
        size = 0
        for data in self._queue:
            if records and size + len(data) > PACKET:
                break
            records.append(data)
            size += len(data)
        return records, size

    def _received(self, packet: bytes, fds: list[int]) -> None:
        state = _state.decode(packet)
        if state.note:
            self.note = state.note
            log.error("%s", state.note)
        if state.broken and state.broken != self._reason:
            log.error("the journal cannot be written, records are lost: %s", state.broken)
        self._reason = state.broken
        self._settle(max(state.done, self._done), not state.broken)

    def _settle(self, done: int, stored: bool) -> None:
        """Notes what became of all records up to a number."""
        if not stored:
            self.dropped += done - self._done
        self._done = done
        self._answered_at = self._now()
        for number in [n for n in self._awaited if n <= done]:
            settled = self._awaited.pop(number)
            if not settled.done():
                settled.set_result(stored)

    def _lost(self) -> None:
        """The writer ended: what it had and did not acknowledge counts as lost."""
        self._settle(self._sent, False)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
