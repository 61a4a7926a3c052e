"""Permits for what may go on only so often in a fleet, held by the lease of addresses. Pure.

A permit is a name that the lease may give to one host: ``limit:rebuild/1``. Where N of a kind may
be held at once, there are N names, and a host that wants one asks for one after the other until a
majority of the voters gives it one. So a permit ends with its lease when its holder dies, and who
reaches no majority gets none.

This is the lease of addresses (hwagent.lease) with longer times and hosts' names for addresses:
nothing here is in a hurry. It runs in the agent, not in the holder: it is the agent that acts, and
an agent that is gone must lose its permits, while its holder keeps the addresses.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import NamedTuple

import msgspec

from hwagent.lease import (
    Effect,
    Electorate,
    Group,
    Malformed,
    Node,
    Now,
    Report,
    Send,
    SetGate,
    Standing,
    Word,
    decode,
    encode,
)

#: The group's name in the lease's messages.
GROUP = "limits"
#: Heartbeats in a lease.
BEATS = 10
#: The part of a lease that must be left for a permit to count: what is begun must be under way
#: before another host may begin.
MARGIN = 0.25


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Who votes, by names of members; for how many seconds; and how many permits of each kind."""

    voters: tuple[str, ...]
    previous: tuple[str, ...] = ()
    lease: float = 30.0
    kinds: dict[str, int] = {}


class Letter(NamedTuple):
    """Bytes of the lease for a member."""

    to: str
    data: bytes


class Permits:
    """The permits of one host: what it wants, what it has."""

    def __init__(self, now: Now, host: str, nonce: int, rules: Rules, random: Random) -> None:
        self.rules = rules
        self._host = host
        self._random = random
        self._node = Node(now, host, nonce, _group(rules), random)
        self._wanted: Mapping[str, int] = {}
        self._asked: dict[str, float] = {}
        self._until: dict[str, float] = {}
        self._heard: dict[str, float] = {}
        self._began = now.boot
        self._turn_at = math.inf

    # Inputs

    def want(self, now: Now, counts: Mapping[str, int]) -> list[Letter]:
        """How many permits of each kind this host wants to hold from now on."""
        if dict(counts) == self._wanted:
            return []
        self._wanted = dict(counts)
        return self._choose(now)

    def receive(self, now: Now, source: str, data: bytes) -> list[Letter]:
        """What a member said; what is none of ours is ignored."""
        try:
            message = decode(data)
        except Malformed:
            return []
        if source in self.rules.voters:
            self._heard[source] = now.boot
        return self._obey(now, self._node.receive(now, source, message))

    def tick(self, now: Now) -> list[Letter]:
        """Time has passed."""
        found = self._obey(now, self._node.tick(now))
        return found + (self._choose(now) if now.boot >= self._turn_at else [])

    def due(self) -> float:
        """When ``tick`` is to be called next, in seconds of CLOCK_BOOTTIME."""
        return min(self._node.due(), self._turn_at)

    # What is known

    def held(self, now: Now) -> dict[str, int]:
        """How many permits of each kind are held, with enough of their lease left to begin."""
        least = now.boot + MARGIN * self.rules.lease
        found = dict.fromkeys(self.rules.kinds, 0)
        for name, until in self._until.items():
            if until > least and kind_of(name) in found:
                found[kind_of(name)] += 1
        return found

    def holders(self, now: Now, kind: str) -> list[str]:
        """Who holds permits of a kind, as far as this host's vote tells."""
        known = self._node.voter.holders(now.raw)
        return sorted({owner for name, (owner, _) in known.items() if kind_of(name) == kind})

    def why(self, now: Now, kind: str) -> str:
        """Why there is no permit of a kind yet."""
        if self._node.voter.silence(now.raw) > 0:
            return f"this agent has just started and waits {self.rules.lease:g} s before it asks"
        others = [name for name in self.holders(now, kind) if name != self._host]
        if len(others) >= self.rules.kinds.get(kind, 0):
            return f"held by {', '.join(others)}"
        answering = [n for n in self.rules.voters if self._answers(now, n)]
        voters = len(self.rules.voters)
        if len(answering) <= voters // 2 and self._asked_long_ago(now):
            return f"no quorum: {len(answering)} of {voters} voters answer"
        return "asked for just now"

    # Inside

    def _answers(self, now: Now, voter: str) -> bool:
        heard = self._heard.get(voter, -math.inf)
        return voter == self._host or now.boot - heard < self._patience

    def _asked_long_ago(self, now: Now) -> bool:
        first = min(self._asked.values(), default=now.boot)
        return now.boot - first > self._patience

    @property
    def _patience(self) -> float:
        """Seconds within which a voter that is there answers: it is asked twice a beat."""
        return 1.2 * self.rules.lease / BEATS

    def _choose(self, now: Now) -> list[Letter]:
        """Which names to ask for: those held, and as many more as are wanted."""
        names: list[str] = []
        waits = False
        for kind, count in self._wanted.items():
            mine = [n for n in self._until if kind_of(n) == kind][:count]
            more = self._free(now, kind, count - len(mine))
            waits = waits or bool(more)
            names += [*mine, *more]
        self._turn_at = now.boot + self.rules.lease / BEATS if waits else math.inf
        self._asked = {name: self._asked.get(name, now.boot) for name in names}
        word = Word({name: Standing(0) for name in names}, math.inf)
        return self._obey(now, self._node.fitness(now, word))

    def _free(self, now: Now, kind: str, count: int) -> Sequence[str]:
        """Names to try next: first those that are held by nobody, as far as is known."""
        if count <= 0:
            return ()
        taken = self._node.voter.holders(now.raw)
        names = [f"limit:{kind}/{n + 1}" for n in range(self.rules.kinds.get(kind, 0))]
        rest = [name for name in names if name not in self._until]
        self._random.shuffle(rest)
        return sorted(rest, key=lambda name: name in taken)[:count]

    def _obey(self, now: Now, effects: Iterable[Effect]) -> list[Letter]:
        """Notes what was granted or lost; what is for this host itself it gets at once."""
        letters: list[Letter] = []
        waiting = list(effects)
        while waiting:
            effect = waiting.pop(0)
            if isinstance(effect, Send) and effect.to == self._host:
                waiting += self._node.receive(now, self._host, effect.message)
            elif isinstance(effect, Send):
                letters.append(Letter(effect.to, encode(effect.message)))
            elif isinstance(effect, SetGate):
                self._note(effect)
            elif isinstance(effect, Report) and effect.type in ("lost", "lapsed"):
                self._until.pop(effect.vip, None)
        return letters

    def _note(self, gate: SetGate) -> None:
        for name in gate.vips:
            if gate.deadline:
                self._until[name] = gate.deadline
            else:
                self._until.pop(name, None)


def kind_of(name: str) -> str:
    """``rebuild`` of ``limit:rebuild/1``."""
    return name.removeprefix("limit:").rpartition("/")[0]


def _group(rules: Rules) -> Group:
    def electorate(names: Iterable[str]) -> Electorate:
        return Electorate({name: (name,) for name in names}, rules.lease)

    return Group(
        name=GROUP,
        voters=electorate(rules.voters),
        previous=electorate(rules.previous) if rules.previous else None,
        interval=rules.lease / BEATS,
        lease=rules.lease,
        rank_delay=rules.lease / (10 * BEATS),
    )
