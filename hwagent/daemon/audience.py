"""Which of the hosts that list a BMC hears its events: one of them, as a BMC has room for few who
listen. Pure.

They say in their gossiped status whether they can and how many events they have heard, and choose
as for switches (``sharing.py``), but first among hosts whose own BMC it is. When that number grows
the others look at the BMC as well. A host that cannot hear it leaves it to the next one for a
while.
"""

from collections.abc import Iterable, Mapping, Sequence

from hwagent.cluster.messages import Value
from hwagent.config.bmcs import Bmc

from .sharing import Watcher, decide

#: Seconds for which a BMC may be silent before another host tries, as one that starts anew is; and
#: after which a host that could not hear it counts as one that may.
PATIENCE, FORGIVEN = 120.0, 720.0
_KEY = "hears:"
Members = Sequence[tuple[str, bool, Mapping[str, Value]]]


class Audience:
    """What this host says of the BMCs that it lists, and what follows from that and the others'
    words. BMCs are known by their addresses: hosts may call them otherwise."""

    def __init__(self, me: str) -> None:
        self._me = me
        self._places: dict[str, str] = {}
        self._own: set[str] = set()
        #: Since when it has not been possible to hear a BMC from here.
        self._deaf: dict[str, float] = {}
        self._events: dict[str, int] = {}
        self._told: dict[str, int] = {}

    def configure(self, bmcs: Iterable[Bmc]) -> None:
        """Takes the BMCs of the configuration that may be heard."""
        known = list(bmcs)
        self._places = {bmc.name: f"{bmc.address}:{bmc.port}" for bmc in known}
        self._own = {bmc.name for bmc in known if not bmc.host}

    def heard(self, now: float, name: str, well: bool, events: int) -> None:
        """A BMC is heard here, or cannot be."""
        self._events[name] = events
        if well:
            self._deaf.pop(name, None)
        else:
            self._deaf.setdefault(name, now)

    def values(self, now: float) -> dict[str, Value]:
        """Keys of this host's gossiped status."""
        return {
            f"{_KEY}{place}": f"{self._word(now, name)} {self._events.get(name, 0)}"
            for name, place in self._places.items()
        }

    def _word(self, now: float, name: str) -> str:
        if now - self._deaf.get(name, now) >= PATIENCE:
            return "no"
        return "own" if name in self._own else "yes"

    def decide(self, now: float, members: Members) -> dict[str, str]:
        """The host that hears each BMC."""
        chosen = {}
        for name, place in self._places.items():
            own = Watcher(self._me, True, self._word(now, name))
            watchers = [own, *_watchers(place, members)]
            owners = [w for w in watchers if w.alive and w.word == "own"]
            chosen[name] = decide(self._me, place, owners or watchers).poller
            if chosen[name] != self._me and now - self._deaf.get(name, now) >= FORGIVEN:
                del self._deaf[name]
        return chosen

    def hinted(self, members: Members) -> list[str]:
        """BMCs of which another host has heard an event since this was asked last."""
        found = []
        for name, place in self._places.items():
            total = sum(watcher.hints for watcher in _watchers(place, members))
            if total > self._told.get(name, total):
                found.append(name)
            self._told[name] = total
        return found


def _watchers(place: str, members: Members) -> list[Watcher]:
    found = []
    for name, alive, values in members:
        text = values.get(f"{_KEY}{place}")
        words = text.split() if isinstance(text, str) else []
        if len(words) == 2 and words[1].isdecimal():
            found.append(Watcher(name, alive, words[0], int(words[1][:9])))
    return found
