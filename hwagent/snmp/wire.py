"""Requests to one switch and their answers: a connected socket, which hears nobody else."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

from .ber import Damaged
from .dialects import Again, Dialect
from .oid import Oid
from .pdu import RESPONSE, Pdu


class Unanswered(Exception):
    """The switch does not answer, or refuses; the text says why, without any secret."""


#: How often an answer may tell of the engine instead: its name, its clock, once more after a start.
_AGAIN_MAX = 4


class Wire(asyncio.DatagramProtocol):
    """One request at a time: a switch has a slow processor."""

    def __init__(self, place: tuple[str, int], dialect: Dialect) -> None:
        self._place = place
        self._dialect = dialect
        self._transport: asyncio.DatagramTransport | None = None
        self._request = random.getrandbits(30)
        self._answer: asyncio.Future[Pdu | None] | None = None
        #: What was wrong with what came last, for people.
        self.wrong = ""

    @property
    def peer(self) -> str:
        """The address that the switch has now; empty while it is not spoken to."""
        name = self._transport and self._transport.get_extra_info("peername")
        return str(name[0]) if name else ""

    async def open(self) -> None:
        """Raises Unanswered where there is no way to the switch, or its name is unknown."""
        if self._transport is not None:
            return
        loop = asyncio.get_running_loop()
        try:
            found = await loop.create_datagram_endpoint(lambda: self, remote_addr=self._place)
        except OSError as e:
            raise Unanswered(f"{self._place[0]}: {e.strerror or e}") from None
        self._transport = found[0]

    def close(self) -> None:
        """Closes the socket; the next request opens another, and looks the name up anew."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    async def ask(self, tag: int, oids: Sequence[Oid], repeat: int, waits: Sequence[float]) -> Pdu:
        """Sends a request, and again after each time to wait. An answer to any of them will do.
        Raises Unanswered."""
        self._request = (self._request + 1) % 2**31
        self.wrong = ""
        await self.open()
        for wait in waits:
            for _ in range(_AGAIN_MAX):
                answer, told = await self._once(tag, oids, repeat, wait)
                if answer is not None:
                    return answer
                if not told:
                    break
        self.close()
        raise Unanswered(self.wrong or "no answer")

    async def _once(
        self, tag: int, oids: Sequence[Oid], repeat: int, wait: float
    ) -> tuple[Pdu | None, bool]:
        """An answer, if one comes in time; or whether one came that told of the engine."""
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        request = self._dialect.pack(loop.time(), tag, self._request, oids, repeat)
        self._transport.sendto(request)
        try:
            async with asyncio.timeout(wait):
                answer = await self._answer
                return answer, answer is None
        except TimeoutError:
            return None, False
        finally:
            self._answer = None

    # From the loop

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Something came from the switch's address."""
        if self._answer is None or self._answer.done():
            return
        try:
            pdu = self._dialect.unpack(asyncio.get_running_loop().time(), data)
        except Again:
            self._answer.set_result(None)
        except Damaged as e:
            self.wrong = f"no answer that can be used: {e}"
        else:
            if pdu.tag == RESPONSE and pdu.request == self._request:
                self._answer.set_result(pdu)
            else:
                self.wrong = "no answer that can be used: it is one to something else"

    def error_received(self, exc: Exception) -> None:
        """A router or the switch says that nobody is there: anybody can say that, so that we go on
        waiting."""
        self.wrong = f"no answer: {exc}"
