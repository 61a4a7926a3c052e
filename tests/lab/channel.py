"""Talks to labd on a machine over its virtio-serial port."""

import itertools
import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What became of a request; ``boot`` and ``wall`` are the machine's clocks at its end."""

    status: int
    text: str
    boot: float
    wall: float


class Channel:
    """Any number of requests may be under way at once."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Answer]] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def ask(self, **request: Any) -> "Future[Answer]":
        """Sends a request; the answer comes when it comes."""
        future: Future[Answer] = Future()
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = future
            # a line of its own first: whatever a dead machine left half said ends with it
            self._socket.sendall(b"\n" + json.dumps({"id": number, **request}).encode() + b"\n")
        return future

    def close(self) -> None:
        """Ends it; what is still waited for never comes."""
        self._socket.close()

    def _listen(self) -> None:
        read: Callable[[], bytes] = self._socket.makefile("rb").readline
        try:
            while line := read():
                self._hear(line)
        except OSError:
            return  # closed

    def _hear(self, line: bytes) -> None:
        try:
            told = json.loads(line)
        except ValueError:
            return  # half a line of before a restart
        future = self._waiting.pop(told.pop("id"), None)
        if future is not None:
            future.set_result(Answer(**told))
