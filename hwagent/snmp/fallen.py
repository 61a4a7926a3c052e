"""Ports that somebody besides our own polls has called down: one poll that agrees is enough then.
Pure.

That is a trap of the switch, the card at the other end of the cable, or the host that polled it
before. A poll alone may have come just while the other end started anew.
"""

from collections.abc import Iterable, Mapping

from hwagent.model import Sample

from .absent import SETTLES
from .names import OBJECTS
from .oid import Oid
from .pdu import Trap

#: linkDown of RFC 2863; those of makers carry the same values.
LINK_DOWN: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 5, 3)
_INDEX = OBJECTS["ifIndex"]


class Fallen:
    """The ports of one switch that are said to be down and have not been seen with a link since."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def said(self, ports: Iterable[str]) -> None:
        """Somebody calls these ports down."""
        self._said.update(ports)

    def trapped(self, trap: Trap, known: Mapping[str, Sample]) -> None:
        """A trap came; of a link that went down it tells the number of the port."""
        if trap.oid == LINK_DOWN:
            rows = {oid[-1] for oid in trap.values if oid[: len(_INDEX) - 2] == _INDEX[:-2]}
            self.said(id for id, row in indices(known).items() if row in rows)

    def mark(self, uptime: float, found: Iterable[Sample]) -> None:
        """Notes in the ports that were read and have no link where that is certain. While the
        switch starts, its ports have none for a moment, one after the other."""
        if uptime < SETTLES:
            self._said.clear()
        for port in (s for s in found if not s.unreadable):
            if port.metrics.get("carrier") == 1:
                self._said.discard(port.id)
            elif port.metrics.get("carrier") == 0 and port.id in self._said:
                port.metrics["down_confirmed"] = 1


def indices(known: Mapping[str, Sample]) -> dict[str, int]:
    """The numbers (ifIndex) of ports, by id."""
    ports = ((id, s.attributes.get("index")) for id, s in known.items() if s.kind == "port")
    return {id: index for id, index in ports if isinstance(index, int)}


def as_trap(ports: Iterable[str], known: Mapping[str, Sample]) -> Trap:
    """What a trap of these ports would have said."""
    numbers = indices(known)
    return Trap(LINK_DOWN, -1, {(*_INDEX, n): n for p in ports if (n := numbers.get(p))})
