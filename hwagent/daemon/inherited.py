"""Who polls a switch next goes on with what those before remember of it. Pure.

The host that polls tells what it remembers in its gossiped status. All that watch the switch take
that in, so that any of them can take over, even from one that died. One that polls no more goes on
telling until the next one's word holds all of its own.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from hwagent.cluster.messages import Value
from hwagent.model import Sample

from .remembered import Remembered, joined, pieces

Members = Sequence[tuple[str, bool, Mapping[str, Value]]]


class Inherited:
    """What this host remembers of each switch, from its own polls and from others."""

    def __init__(self) -> None:
        self._past: dict[str, Remembered] = {}
        #: Switches that it polls, or has polled and not handed on yet.
        self._told: set[str] = set()
        #: By switch and host, what that host told of it and was taken in last.
        self._taken: dict[tuple[str, str], str] = {}

    def configure(self, switches: Collection[str]) -> None:
        """Takes the names of the switches there are."""
        self._past = {name: self._past.get(name) or Remembered(name) for name in switches}
        self._told.intersection_update(switches)
        self._taken = {key: text for key, text in self._taken.items() if key[0] in switches}

    def values(self) -> dict[str, Value]:
        """Keys of this host's gossiped status."""
        found: dict[str, Value] = {}
        for name in sorted(self._told):
            found |= pieces(name, self._past[name].text())
        return found

    def polled(self, now: float, switch: str, samples: Iterable[Sample]) -> list[Sample]:
        """Takes what this host has read of a switch; returns it with what was better before."""
        self._told.add(switch)
        return self._past[switch].take(now, samples)

    def lost(self, switch: str) -> list[str]:
        """Ids of the ports that had a link within the last day and were seen without one since."""
        return [f"port:{switch}/{name}" for name in self._past[switch].lost()]

    def hear(
        self, now: float, switch: str, poller: str, members: Members, mine: bool
    ) -> list[str] | None:
        """Takes in what others tell of a switch that ``poller`` polls, which may be this host. None
        if there is nothing new in it, else the ports that they have seen lose their link."""
        past, lost, news = self._past[switch], list[str](), False
        for member, _, values in members:
            text = joined(switch, values)
            if text and self._taken.get((switch, member)) != text:
                self._taken[switch, member] = text
                found = past.merge(now, text, later=not mine)
                news |= bool(found)
                lost += [f"port:{switch}/{name}" for name in found if found[name]]
            if member == poller and switch in self._told and past.covered(now, text):
                self._told.discard(switch)
        return lost if news else None
