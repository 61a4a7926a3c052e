"""What the holder, the agent and the guardian say to each other: one JSON object a line.

The socket is a local Unix stream socket. Times called ``sent`` are seconds of CLOCK_BOOTTIME, which
all processes of a host share; other times are seconds since the epoch.
"""

import time
from typing import Annotated, Literal

import msgspec

#: Longest line that either side takes, in bytes: a status of VIPS_MAX with reasons fits in.
LINE_MAX = 1 << 22
#: Most addresses in a plan.
VIPS_MAX = 2048
#: Longest reason of an agent, in characters.
REASON_MAX = 200
#: Longest time to live that a word may have, in seconds.
TTL_MAX = 3600.0

#: A name that the kernel takes for an interface, and that is safe as a part of a path.
Interface = Annotated[str, msgspec.Meta(pattern=r"^(?!\.\.?$)[^/\s:]{1,15}$")]


def clock() -> float:
    """Seconds of CLOCK_BOOTTIME: it goes on in suspend and is never set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Vip(msgspec.Struct, frozen=True):
    """A virtual IP, ``ip/prefix``, and its interfaces in order of preference."""

    address: str
    interfaces: Annotated[tuple[Interface, ...], msgspec.Meta(min_length=1, max_length=64)]


class Plan(msgspec.Struct, frozen=True, tag_field="message", tag="plan"):
    """All addresses that the holder may hold. Ends the effect of earlier releases and conflicts."""

    vips: Annotated[tuple[Vip, ...], msgspec.Meta(max_length=VIPS_MAX)]


class Fitness(msgspec.Struct, frozen=True, tag_field="message", tag="fitness"):
    """Whether the host is fit; a word of fitness holds for ``ttl`` seconds from ``sent`` on."""

    fit: bool
    reason: Annotated[str, msgspec.Meta(max_length=REASON_MAX)]
    ttl: Annotated[float, msgspec.Meta(ge=0, le=TTL_MAX)]
    sent: float


class Release(msgspec.Struct, frozen=True, tag_field="message", tag="release"):
    """Give an address up until the next plan."""

    address: str


class Ping(msgspec.Struct, frozen=True, tag_field="message", tag="ping"):
    """Are you there? Answered by Pong with the same number."""

    number: int


Request = Plan | Fitness | Release | Ping

State = Literal["held", "released", "conflict"]


class VipStatus(msgspec.Struct, frozen=True):
    """One address: where it is held, since when (seconds since the epoch), or why not."""

    address: str
    interface: str
    state: State
    since: float
    reason: str


class Status(msgspec.Struct, frozen=True, tag_field="message", tag="status"):
    """The holder as a whole; sent on connecting and on every change.

    ``stall_ms_max`` is the longest time by which the loop was late, since the start. ``lacks`` says
    what of real-time priority, locked memory and privileges could not be had.
    """

    vips: tuple[VipStatus, ...]
    carriers: dict[str, bool]
    stall_ms_max: float
    lacks: tuple[str, ...]


class Event(msgspec.Struct, frozen=True, tag_field="message", tag="event"):
    """Something that happened to an address; ``refused`` is a request that made no sense."""

    address: str
    type: Literal["held", "released", "conflict", "put_back", "failed", "refused"]
    interface: str
    reason: str
    time: float


class Pong(msgspec.Struct, frozen=True, tag_field="message", tag="pong"):
    """The answer to a ping."""

    number: int


Reply = Status | Event | Pong
