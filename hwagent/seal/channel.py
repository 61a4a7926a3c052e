"""Between the network and its reader: nothing passes that is not authentic, fresh and meant for us.

Every life of a member has a random session. A packet names the session of its receiver, so that it
is worth nothing to another member or in another life. Who does not know the receiver's session yet,
or knows an old one, gets a hello that names it and says the same thing again: one round trip, no
state before it. Replays within a session are found by a window.
"""

import zlib
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from .keyring import Key
from .limiter import Limiter
from .replay import Full, Windows
from .sealer import (
    COUNTERS,
    FIRST,
    HELLO,
    LAST,
    SQUEEZED,
    STREAM,
    Head,
    Sealer,
    Unwelcome,
    after,
)

Address = tuple[str, int]
#: Addresses whose sessions are remembered.
PEERS_MAX = 16384
#: Packets that are said again after a hello, and for how many seconds.
KEPT_MAX, KEPT_FOR = 1024, 3.0
#: Bytes of one message of a stream, inflated; 100,000 members fit.
MESSAGE_MAX = 16 << 20
#: Bytes from which on a stream is compressed: members look much alike.
SQUEEZE_FROM = 200
#: Bytes of one part of a stream; more than this is never held for somebody who is not authentic.
PART = 32768


class Received(NamedTuple):
    """What came out of a packet: a payload, packets to send back, or nothing."""

    payload: bytes | None = None
    replies: tuple[bytes, ...] = ()


class Channel:
    """One member's end of all its conversations."""

    def __init__(self, now: float, sealer: Sealer, draw_session: Callable[[], int]) -> None:
        self.sealer = sealer
        self.counters: Counter[str] = Counter()
        self._draw = draw_session
        self._limiter = Limiter(now)
        self._windows = Windows()
        self._peers: dict[Address, int] = {}
        self._kept: dict[Address, tuple[float, bytes, int]] = {}
        self._counter = 0
        self.session = draw_session()

    # Packets

    def seal(
        self, now: float, to: Address, payload: bytes, version: int = FIRST, guess: int = 0
    ) -> bytes:
        """A packet for an address; ``guess`` is its session by hearsay."""
        self._keep(now, to, payload, version)
        session = self._peers.get(to) or guess
        return self._seal(0, session, payload, version)

    def seal_only(self, to: Address, payload: bytes, version: int = FIRST) -> bytes | None:
        """A packet that is sent later, if at all; None for an address that was not heard of yet."""
        session = self._peers.get(to)
        return None if session is None else self._seal(0, session, payload, version)

    def open(self, now: float, source: Address, packet: bytes, member: bool = True) -> Received:
        """Looks at what came from an address; ``member`` says whether it is one of a member."""
        try:
            return self._open(now, source, packet, member)
        except Unwelcome as e:
            self.counters[str(e)] += 1
            return Received()

    def renew(self) -> None:
        """Begins a new session: all that was sealed for the old one is void."""
        self.session = self._draw()
        self._counter = 0
        self._windows.clear()

    # Streams

    def answer_stream(self, request: bytes, payload: bytes) -> list[bytes]:
        """The answer to a stream, by its last packet: sealed by the key that its sender has."""
        return self.seal_stream(after(request), payload, key=self.sealer.key_of(request))

    def seal_stream(
        self, to: int, payload: bytes, version: int = FIRST, key: Key | None = None
    ) -> list[bytes]:
        """A message of any length as packets that follow from each other."""
        squeezed = SQUEEZED if len(payload) >= SQUEEZE_FROM else 0
        payload = zlib.compress(payload, 1) if squeezed else payload
        parts = [payload[i : i + PART] for i in range(0, len(payload), PART)] or [b""]
        packets: list[bytes] = []
        for index, part in enumerate(parts):
            flags = STREAM | squeezed | (LAST if index == len(parts) - 1 else 0)
            packets.append(self._seal(flags, to, part, version, key))
            to = after(packets[-1])
        return packets

    def open_stream(self, to: int, packet: bytes) -> tuple[bytes, bool]:
        """One packet of a stream that has to be addressed to ``to``; whether it was the last one.

        Raises Unwelcome, counted.
        """
        try:
            head, payload = self.sealer.open(packet)
            if not head.flags & STREAM or head.to != to:
                raise Unwelcome("unproven")
            return payload, bool(head.flags & LAST)
        except Unwelcome as e:
            self.counters[str(e)] += 1
            raise

    def whole_stream(self, last: bytes, payload: bytes) -> bytes:
        """The message of a stream whose packets were all opened. Raises Unwelcome, counted."""
        if not self.sealer.squeezed(last):
            return payload
        inflater = zlib.decompressobj()
        try:
            found = inflater.decompress(payload, MESSAGE_MAX)
        except zlib.error:
            found = b""
        if not found or not inflater.eof:
            self.counters["bomb"] += 1
            raise Unwelcome("bomb")
        return found

    # Inside

    def _seal(
        self, flags: int, to: int, payload: bytes, version: int, key: Key | None = None
    ) -> bytes:
        if self._counter >= COUNTERS - 1:
            self.renew()
        self._counter += 1
        head = Head(version, flags, self.session, self._counter, to)
        return self.sealer.seal(head, payload, key)

    def _open(self, now: float, source: Address, packet: bytes, member: bool) -> Received:
        if not self._limiter.allows(now, source[0], member):
            raise Unwelcome("limited")
        head, payload = self.sealer.open(packet)
        if head.flags & STREAM or head.session == self.session:
            raise Unwelcome("reflected")
        if head.to != self.session:
            return self._greet(head)
        if not self._fresh(head):
            raise Unwelcome("replayed")
        self._learn(source, head.session)
        if head.flags & HELLO:
            return Received(None, self._again(now, source))
        return Received(payload)

    def _greet(self, head: Head) -> Received:
        """A packet for another session proves nothing: its sender is told ours, no more."""
        self.counters["unproven"] += 1
        if head.flags & HELLO:
            return Received()
        return Received(None, (self._seal(HELLO, head.session, b"", head.version),))

    def _fresh(self, head: Head) -> bool:
        try:
            return self._windows.take(head.session, head.counter)
        except Full:
            self.renew()
            raise Unwelcome("unproven") from None

    def _learn(self, source: Address, session: int) -> None:
        if self._peers.get(source) != session:
            self._peers.pop(source, None)
            if len(self._peers) >= PEERS_MAX:
                del self._peers[next(iter(self._peers))]
            self._peers[source] = session

    def _keep(self, now: float, to: Address, payload: bytes, version: int) -> None:
        self._kept.pop(to, None)
        if len(self._kept) >= KEPT_MAX:
            del self._kept[next(iter(self._kept))]
        self._kept[to] = (now, payload, version)

    def _again(self, now: float, source: Address) -> tuple[bytes, ...]:
        at, payload, version = self._kept.pop(source, (now, None, 0))
        if payload is None or now - at > KEPT_FOR:
            return ()
        return (self._seal(0, self._peers[source], payload, version),)
