"""An event loop in virtual time, with a network of datagrams inside: hours pass in moments, and a
slow machine changes nothing."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

#: Seconds that a datagram is under way.
LATENCY = 0.001
Place = tuple[str, int]


class _Selector(selectors.DefaultSelector):
    """Waits for nothing: the clock is set to when the wait would be over."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "nobody has anything left to do"
        self.now += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its clock moves only while everybody waits; UDP goes from endpoint to endpoint of it."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        self._places: dict[Place, Endpoint] = {}
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now

    async def create_datagram_endpoint(  # type: ignore[override]
        self,
        factory: Callable[[], Any],
        local_addr: Place | None = None,
        remote_addr: Place | None = None,
        **_: Any,
    ) -> tuple[Any, Any]:
        place = local_addr if local_addr and local_addr[1] else self._free()
        assert place not in self._places, f"{place} is taken"
        protocol = factory()
        self._places[place] = endpoint = Endpoint(self, place, remote_addr, protocol)
        protocol.connection_made(endpoint)
        return endpoint, protocol

    def _free(self) -> Place:
        return "127.0.0.1", next(
            p for p in range(40000, 65536) if ("127.0.0.1", p) not in self._places
        )

    def carry(self, data: bytes, source: "Endpoint", to: Place) -> None:
        """Brings a datagram to whoever is there, connected to nobody or to where it is from."""

        def arrive() -> None:
            there = self._places.get(to)
            if there is not None and there.remote in (None, source.place):
                there.protocol.datagram_received(data, source.place)

        self.call_later(LATENCY, arrive)

    def leave(self, place: Place) -> None:
        """An endpoint closes."""
        self._places.pop(place, None)


class Endpoint:
    """What protocols take for their transport."""

    def __init__(
        self, loop: VirtualLoop, place: Place, remote: Place | None, protocol: Any
    ) -> None:
        self._loop, self.place, self.remote, self.protocol = loop, place, remote, protocol

    def sendto(self, data: bytes, addr: Place | None = None) -> None:
        """Sends a datagram."""
        self._loop.carry(data, self, addr or self.remote or ("", 0))

    def get_extra_info(self, name: str) -> Place | None:
        """Whose address it is."""
        return {"sockname": self.place, "peername": self.remote}.get(name)

    def close(self) -> None:
        """Closes it."""
        self._loop.leave(self.place)


def in_virtual_time(work: Coroutine[Any, Any, Any]) -> None:
    """Runs something to its end."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(work)
