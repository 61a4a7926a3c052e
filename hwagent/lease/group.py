"""The configuration of a group: who votes, how long a lease is, how wrong clocks may be."""

from collections.abc import Collection, Mapping
from typing import Literal

import msgspec

from .messages import short

Addresses = tuple[str, ...]


class Electorate:
    """A voter set: names with their addresses, one for each network.

    ``longest`` is M: the longest lease, in seconds, that any configuration with this set asks for.
    Raises ValueError for a set without voters.
    """

    def __init__(self, voters: Mapping[str, Addresses], longest: float) -> None:
        if not voters:
            raise ValueError("a group needs at least one voter")
        self.voters = dict(voters)
        self.longest = longest
        self.majority = len(voters) // 2 + 1
        content = (sorted((name, sorted(voters[name])) for name in voters), longest)
        self.digest = short(msgspec.msgpack.encode(content)) or 1

    def newest(self, seqs: Mapping[str, int], need: int, without: Collection[str]) -> int:
        """The newest number that ``need`` voters have reached, not counting some; -1 if none."""
        reached = sorted(
            (seqs[name] for name in self.voters if name in seqs and name not in without),
            reverse=True,
        )
        return reached[need - 1] if len(reached) >= need else -1


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group as one host knows it. Times in seconds.

    ``previous`` is the voter set that this one replaces: as long as it is declared, a majority of
    both is needed. Who drops it says that no host has only the previous set any more.

    ``members`` may hold VIPs but have no vote, with their addresses. ``interval`` lies between
    heartbeats. ``rate`` bounds the error of CLOCK_MONOTONIC_RAW against true time, ``slew`` that of
    this host's CLOCK_BOOTTIME against it (the kernel allows 10 %, adjtimex(2); chrony 8.3 % unless
    its maxslewrate says less). ``rank_delay`` is how much later each further rank asks.

    ``quorum`` any: one voter is enough, as with VRRP. There can be two owners: it is unsafe.
    """

    name: str
    voters: Electorate
    previous: Electorate | None = None
    members: Mapping[str, Addresses] = {}
    interval: float = 0.1
    lease: float = 0.3
    rate: float = 0.0005
    slew: float = 0.1
    rank_delay: float = 0.03
    quorum: Literal["majority", "any"] = "majority"
    preempt: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError for times that cannot work."""
        if not 0 < self.interval < self.lease <= self.longest:
            raise ValueError("the interval must be shorter than the lease, the lease at most M")
        if any(abs(t * 1000 - round(t * 1000)) > 1e-6 for t in (self.lease, self.longest)):
            raise ValueError("the lease and M must be whole milliseconds")
        if self.term <= self.interval:
            raise ValueError("clocks this wrong leave nothing of the lease")

    def follows(self, before: "Group") -> bool:
        """Whether a running host may go over from another configuration to this one.

        The voter set may stay, be dropped to, be gone back to, or be replaced as ``previous``.
        """
        known = [electorate.digest for electorate in before.electorates]
        if self.previous is None:
            return self.voters.digest in known
        return self.sets == before.sets or self.previous.digest == before.voters.digest

    @property
    def electorates(self) -> tuple[Electorate, ...]:
        """The voter sets of which a majority is needed."""
        return (self.voters,) if self.previous is None else (self.previous, self.voters)

    @property
    def sets(self) -> tuple[int, int]:
        """The digests of the previous set, or 0, and of the present one."""
        return (0 if self.previous is None else self.previous.digest, self.voters.digest)

    @property
    def longest(self) -> float:
        """M: a voter's silence after its start."""
        return max(electorate.longest for electorate in self.electorates)

    @property
    def term(self) -> float:
        """How long an owner may count on a lease, on its CLOCK_BOOTTIME, from its sending on.

        L(1 - 2r) on a clock within r of true time ends before L on any other one does. BOOTTIME may
        be slow by ``slew`` on top of that. LEASE.md converts what is left of the lease from RAW
        when the ack comes; taken off at the sending this costs ``slew`` times one round trip more,
        and is right over a suspend, in which RAW stands still.
        """
        return self.lease * (1 - 2 * self.rate) * (1 - self.slew)

    def addresses(self) -> dict[str, Addresses]:
        """All voters and their addresses."""
        return {n: a for electorate in self.electorates for n, a in electorate.voters.items()}

    @property
    def needs(self) -> tuple[tuple[Electorate, int], ...]:
        """The voter sets, and how many of each must agree."""
        if self.quorum == "any":
            return tuple((electorate, 1) for electorate in self.electorates)
        return tuple((electorate, electorate.majority) for electorate in self.electorates)

    def newest(self, seqs: Mapping[str, int], without: Collection[str] = ()) -> int:
        """The newest number that enough voters have reached; -1 if there is none."""
        return min(electorate.newest(seqs, need, without) for electorate, need in self.needs)

    def answers(self, sets: tuple[int, int]) -> bool:
        """Whether a voter with this configuration may answer one with those sets.

        Its own, or a transition from or to its own; while it is in transition itself also the
        previous one alone, so that owners keep what they have while the change is rolled out.
        """
        previous, present = self.sets
        if sets == (previous, present):
            return True
        return sets == (0, previous) if previous else sets[0] != 0 and present in sets
