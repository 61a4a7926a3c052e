"""Push and pull: two members tell each other everything, over TCP (anti-entropy).

What gossip lost comes so; a new member learns all at once; two halves of a healed partition merge.
The dead of one side are never taken over as dead: who is alive here becomes suspect and can refute.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from .effects import Consequence
from .member import State
from .membership import Membership
from .messages import Alive, Dead, Entry, StatusPull, Suspect, Sync
from .status import Statuses

#: Bytes of one message of status inside an exchange.
CHUNK = 8192


class Syncer:
    """Builds and merges the content of an exchange."""

    def __init__(self, members: Membership, statuses: Statuses) -> None:
        self._members = members
        self._statuses = statuses

    def request(self, now: float) -> Sync:
        """What is said first: all members, and up to where each status is known."""
        return Sync(self._me, self._entries(), self._statuses.versions(now))

    def response(self, now: float, said: Sync) -> Sync:
        """What is answered, after the request was merged: the status that the other lacks too."""
        deltas = tuple(self._statuses.newer_than(now, said.versions, CHUNK))
        return Sync(self._me, self._entries(), self._statuses.versions(now), deltas)

    def merge(self, now: float, said: Sync) -> list[Consequence]:
        """Takes what the other knows of members; the other itself is believed first."""
        entries = sorted(said.members, key=lambda e: e.alive.name != said.source)
        return [one for entry in entries for one in self._entry(now, entry, said.source)]

    def missing(self, now: float, said: Sync) -> list[StatusPull]:
        """What the other knows of statuses and this member does not."""
        sessions = {m.name: m.alive.session for m in self._members.others()}
        return list(self._statuses.missing(now, said.versions, sessions))

    @property
    def _me(self) -> str:
        return self._members.me.name

    def _entries(self) -> tuple[Entry, ...]:
        return tuple(Entry(_at(m.alive, m.incarnation), int(m.state)) for m in self._members.all())

    def _entry(self, now: float, entry: Entry, source: str) -> Iterator[Consequence]:
        alive, state = entry.alive, State(entry.state)
        name, incarnation = alive.name, alive.incarnation
        if state in (State.ALIVE, State.SUSPECT):
            yield from self._members.alive(now, alive)
        if state is State.LEFT:
            yield from self._members.dead(now, Dead(name, incarnation, name))
        elif state is State.SUSPECT or (state is State.DEAD and self._lives(name)):
            accuser = source if name == self._me else self._me
            evidence = f"{state.name.lower()} by the word of {source}"
            yield from self._members.suspect(now, Suspect(name, incarnation, accuser, evidence))
        elif state is State.DEAD:
            yield from self._members.bury(now, alive)

    def _lives(self, name: str) -> bool:
        known = self._members.get(name)
        return known is not None and not known.gone


def _at(alive: Alive, incarnation: int) -> Alive:
    """What a member said of itself, at the incarnation at which it is held to be what it is."""
    return alive if alive.incarnation == incarnation else replace(alive, incarnation=incarnation)
