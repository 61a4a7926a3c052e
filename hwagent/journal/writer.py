"""The process that writes the journal: the only one that waits for its disk.

It takes records from the agent's socket, commits them in batches, and says what became of them. It
keeps nothing that it could not write, and ends, after a last commit, when the socket closes.
"""

import argparse
import os
import select
import signal
import socket
import time
from collections.abc import Sequence

import msgspec

from hwagent.helper.protocol import PACKET_MAX

from .record import Batch, Record, State
from .store import Damaged, Store

#: Records that nobody waits for are committed together, after this time or this many.
LINGER, BATCH_MAX = 1.0, 2000
#: Before a disk that was full, read-only or broken is tried again.
RETRY = 30.0
_batch = msgspec.msgpack.Decoder(Batch)
_record = msgspec.msgpack.Decoder(Record)


class Writer:
    """Moves records from one agent's socket into the store."""

    def __init__(self, agent: socket.socket, store: Store, retry: float) -> None:
        self._agent = agent
        self._store = store
        self._retry = retry
        self._retry_at = 0.0
        self._broken = ""
        self._note = ""
        self._records: list[Record] = []
        self._done = 0
        self._due: float | None = None

    def run(self) -> None:
        """Writes until the agent is gone."""
        self._try()
        self._say()
        poll = select.poll()
        poll.register(self._agent, select.POLLIN)
        more = True
        while more:
            if poll.poll(self._timeout()):
                more = self._receive()
            if not more or self._is_due():
                self._settle()
        self._store.close()

    def _timeout(self) -> float | None:
        """Milliseconds until there is something to do without a packet."""
        times = [t for t in (self._due, self._retry_at if self._broken else None) if t is not None]
        return max(0.0, min(times) - time.monotonic()) * 1000 if times else None

    def _is_due(self) -> bool:
        now = time.monotonic()
        if self._broken and now >= self._retry_at:
            return True
        return self._due is not None and (now >= self._due or len(self._records) >= BATCH_MAX)

    def _receive(self) -> bool:
        try:
            packet = self._agent.recv(PACKET_MAX)
        except ConnectionError:
            return False
        if not packet:
            return False
        batch = _batch.decode(packet)
        self._records += [_record.decode(r) for r in batch.records]
        self._done = batch.first + len(batch.records) - 1
        due = time.monotonic() + (0.0 if batch.urgent else LINGER)
        self._due = due if self._due is None else min(due, self._due)
        return True

    def _settle(self) -> None:
        """Commits what has come, or lets it go, and says which."""
        self._try()
        self._records.clear()
        self._due = None
        self._say()

    def _try(self) -> None:
        if self._broken and time.monotonic() < self._retry_at:
            return
        try:
            self._commit()
            self._broken = ""
        except OSError as e:
            self._store.close()
            self._broken = str(e)
            self._retry_at = time.monotonic() + self._retry

    def _commit(self) -> None:
        """Raises OSError. A damaged file is set aside, and a new one begun."""
        try:
            self._append()
        except Damaged as e:
            self._note = f"the journal is damaged ({e}), kept as {self._store.set_aside()}"
            try:
                self._append()
            except Damaged as again:
                raise OSError(f"a new one is damaged too: {again}") from None

    def _append(self) -> None:
        if self._records:
            self._store.append(self._records, time.time())
        else:
            self._store.open()

    def _say(self) -> None:
        state = State(self._done, self._broken, self._note)
        self._note = ""
        try:
            self._agent.send(msgspec.msgpack.encode(state), socket.MSG_NOSIGNAL)
        except OSError:
            # The agent is gone; what it sent is read to the end all the same
            return


def main(argv: Sequence[str] | None = None) -> None:
    """Runs a writer on an inherited socket."""
    parser = argparse.ArgumentParser(prog="hwagent-journal")
    parser.add_argument("--path", required=True)
    parser.add_argument("--max-size", type=int, required=True, help="bytes")
    parser.add_argument("--keep", type=float, required=True, help="seconds")
    parser.add_argument("--retry", type=float, default=RETRY, help="seconds")
    parser.add_argument("--fd", type=int, required=True, help="the agent's socket")
    options = parser.parse_args(argv)
    for number in (signal.SIGINT, signal.SIGTERM):
        # The agent has last words to write after a terminal or systemd told everybody to end
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o027)
    store = Store(options.path, options.max_size, options.keep)
    with socket.socket(fileno=options.fd) as agent:
        Writer(agent, store, options.retry).run()
