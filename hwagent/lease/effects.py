"""What goes in and out of the lease besides messages: times, the agent's word, effects."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from .messages import Message

Happening = Literal["held", "lapsed", "lost", "conflict", "cloned", "foreign", "clock"]


class Now(NamedTuple):
    """The clocks of a host, in seconds, read after a packet was received and before one is sent.

    ``raw`` is CLOCK_MONOTONIC_RAW: within the group's ``rate`` of true time, never slewed, and it
    stands still in suspend; promises are timed by it. ``boot`` is CLOCK_BOOTTIME, the gate's clock:
    slewed by at most the group's ``slew`` against raw, and it counts suspend. ``wall`` is the time
    of day.
    """

    raw: float
    boot: float
    wall: float


class Standing(msgspec.Struct, frozen=True):
    """How this host stands for one VIP: 0 is the best ``rank``.

    One that is not ``willing`` keeps the VIP until another takes it, and never asks for it. One
    that ``yields`` keeps it until one of a better rank takes it.
    """

    rank: int
    willing: bool = True
    yields: bool = False


class Word(msgspec.Struct, frozen=True):
    """The agent's word: how this host stands for all VIPs that it can hold; until then."""

    standings: Mapping[str, Standing]
    until: float

    def willing(self, now: Now, vip: str) -> bool:
        """Whether the host would take a VIP now."""
        standing = self.standings.get(vip)
        return standing is not None and standing.willing and now.boot < self.until


class Send(NamedTuple):
    """Send a message to an address, after every effect before this one."""

    to: str
    message: Message


class SetGate(NamedTuple):
    """Let the VIPs' packets pass before ``deadline`` (CLOCK_BOOTTIME) only; 0 shuts the gate."""

    vips: tuple[str, ...]
    deadline: float


class AddAddress(NamedTuple):
    """Configure a VIP on this host."""

    vip: str


class DelAddress(NamedTuple):
    """Take a VIP away from this host."""

    vip: str


class Announce(NamedTuple):
    """Tell the neighbours where the VIP is, from now on and again after a while."""

    vip: str


class Report(NamedTuple):
    """Something that people and hooks want to know; ``vip`` is empty where a voter is meant.

    ``held`` comes with the epoch that fences older owners out. ``lapsed``: the lease ran out, the
    gate is shut, it is asked for anew. ``lost`` ends an ownership; a service is to be stopped.
    """

    vip: str
    type: Happening
    epoch: int
    reason: str


Effect = Send | SetGate | AddAddress | DelAddress | Announce | Report
