"""What the holder, the agent and the guardian say to each other: one JSON object a line.

The socket is a local Unix stream socket. Times called ``sent`` are seconds of CLOCK_BOOTTIME, which
all processes of a host share; other times are seconds since the epoch.
"""

import time
from typing import Annotated, Literal

import msgspec

from hwagent.gate import SLOTS

from .effects import Happening

#: Longest line that either side takes, in bytes: a status of VIPS_MAX with reasons fits in.
LINE_MAX = 1 << 22
#: Most addresses in a plan.
VIPS_MAX = 2048
#: Most groups of one host.
GROUPS_MAX = 64
#: Longest reason of an agent, in characters.
REASON_MAX = 200
#: Longest text on what the gate lacks, in characters.
GATE_PROBLEM_MAX = 500
#: Longest time to live that a word may have, in seconds.
TTL_MAX = 3600.0

#: A name that the kernel takes for an interface, and that is safe as a part of a path.
Interface = Annotated[str, msgspec.Meta(pattern=r"^(?!\.\.?$)[^/\s:]{1,15}$")]
#: Where in the gate's deadlines an address has its own.
Slot = Annotated[int, msgspec.Meta(ge=0, lt=SLOTS)]
#: Hosts by name, with an address for each network.
Hosts = dict[str, tuple[str, ...]]


def clock() -> float:
    """Seconds of CLOCK_BOOTTIME: it goes on in suspend and is never set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Vip(msgspec.Struct, frozen=True):
    """A virtual IP, ``ip/prefix``, and its interfaces in order of preference.

    One of a ``group`` is held only with its voters' leave. One with a ``start_timeout`` has
    services that the agent starts first, within so many seconds; if they do not start, it is left
    to others for ``cooldown`` seconds.
    """

    address: str
    interfaces: Annotated[tuple[Interface, ...], msgspec.Meta(min_length=1, max_length=64)]
    group: str = ""
    start_timeout: Annotated[float, msgspec.Meta(ge=0, le=TTL_MAX)] = 0.0
    cooldown: Annotated[float, msgspec.Meta(ge=0, le=TTL_MAX)] = 0.0


class VirtualLink(msgspec.Struct, frozen=True):
    """A link with a MAC address of its own for one address, on the interface ``parent``."""

    name: Interface
    parent: Interface
    mac: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")]


class GroupPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A group as lease.Group has it: voters and members by name with their addresses, seconds.

    ``previous_longest`` is 0 where it is ``longest``, ``gateway`` who is pinged where one voter is
    enough.
    """

    name: str
    voters: Hosts
    previous: Hosts = {}
    previous_longest: float = 0.0
    members: Hosts = {}
    interval: float
    lease: float
    longest: float
    rate: float
    slew: float
    quorum: Literal["majority", "any"] = "majority"
    gateway: str = ""
    preempt: bool = False
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Secrets(msgspec.Struct, frozen=True):
    """How groups talk: keys in base64, the first seals; the cluster's label; seal.POLICIES."""

    label: str = ""
    keys: tuple[str, ...] = ()
    policy: Literal["none", "accept", "send", "required"] = "none"


class Plan(msgspec.Struct, frozen=True, tag_field="message", tag="plan"):
    """All addresses that the holder may hold, and the groups in which this ``host`` has a part.

    Ends the effect of earlier releases and conflicts. ``links`` are interfaces of addresses that
    the guardian makes.
    """

    vips: Annotated[tuple[Vip, ...], msgspec.Meta(max_length=VIPS_MAX)]
    host: str = ""
    groups: Annotated[tuple[GroupPlan, ...], msgspec.Meta(max_length=GROUPS_MAX)] = ()
    secrets: Secrets = Secrets()
    links: Annotated[tuple[VirtualLink, ...], msgspec.Meta(max_length=VIPS_MAX)] = ()


class Fitness(msgspec.Struct, frozen=True, tag_field="message", tag="fitness"):
    """Whether the host is fit; a word of fitness holds for ``ttl`` seconds from ``sent`` on.

    ``ranks`` are how many hosts there are that should rather hold an address, by IP address; 0 for
    those that are not named. Those in ``leave`` are held on only until a better host takes them,
    those in ``unready`` are not taken over: what runs with them is not ready here.
    """

    fit: bool
    reason: Annotated[str, msgspec.Meta(max_length=REASON_MAX)]
    ttl: Annotated[float, msgspec.Meta(ge=0, le=TTL_MAX)]
    sent: float
    ranks: Annotated[dict[str, int], msgspec.Meta(max_length=VIPS_MAX)] = {}
    leave: Annotated[tuple[str, ...], msgspec.Meta(max_length=VIPS_MAX)] = ()
    unready: Annotated[tuple[str, ...], msgspec.Meta(max_length=VIPS_MAX)] = ()


class Move(msgspec.Struct, frozen=True, tag_field="message", tag="move"):
    """Hand an address (``ip/prefix``) to a member of its group, once that accepts it."""

    address: str
    successor: str


class Gate(msgspec.Struct, frozen=True, tag_field="message", tag="gate"):
    """The guardian's gate: slots by IP address, and what it lacks.

    The file of the deadlines comes with the first one of eBPF; that of nftables is opened by
    tickets, and its slots mean nothing.
    """

    slots: Annotated[dict[str, Slot], msgspec.Meta(max_length=VIPS_MAX)]
    problem: Annotated[str, msgspec.Meta(max_length=GATE_PROBLEM_MAX)] = ""
    kind: Literal["ebpf", "nftables"] = "ebpf"


class Release(msgspec.Struct, frozen=True, tag_field="message", tag="release"):
    """Give an address up until the next plan."""

    address: str


class Ready(msgspec.Struct, frozen=True, tag_field="message", tag="ready"):
    """The services of an address run, for the stay with this epoch, or there is a ``problem``.

    It counts if it is read before ``until``, seconds of CLOCK_BOOTTIME.
    """

    address: str
    epoch: int
    until: float
    problem: Annotated[str, msgspec.Meta(max_length=REASON_MAX)] = ""


class Ping(msgspec.Struct, frozen=True, tag_field="message", tag="ping"):
    """Are you there? Answered by Pong with the same number."""

    number: int


Request = Plan | Fitness | Release | Move | Gate | Ready | Ping

State = Literal["held", "preparing", "released", "conflict"]


class VipStatus(msgspec.Struct, frozen=True):
    """One address: where it is held, since when (seconds since the epoch), or why not.

    ``epoch`` grows with every owner of an address of a group: the token that fences older ones out.
    One that is ``preparing`` is promised to this host, and its services are being started.
    ``holder`` is the host that has it, as far as the voter here knows. ``duplicate`` is another
    machine that answers for an address held here, and ``duplicates`` how often any was heard.
    ``answering`` are the MAC addresses that answer for one that is held elsewhere, when it is asked
    for from here; None if that is not known.
    """

    address: str
    interface: str
    state: State
    since: float
    reason: str
    group: str = ""
    epoch: int = 0
    holder: str = ""
    duplicate: str = ""
    duplicates: int = 0
    answering: tuple[str, ...] | None = None


class Status(msgspec.Struct, frozen=True, tag_field="message", tag="status"):
    """The holder as a whole; sent on connecting and on every change.

    ``stall_ms_max`` is the longest time by which the loop was late, since the start, and
    ``stall_ms_hour`` in the last hour; ``turns`` counts turns by stalls.BOUNDS. ``lacks`` says what
    of real-time priority, locked memory, privileges and the kernel's gate could not be had.
    ``links`` are those of the plan, for the guardian. ``dropped`` are packets of leases, by reason.
    """

    vips: tuple[VipStatus, ...]
    carriers: dict[str, bool]
    stall_ms_max: float
    lacks: tuple[str, ...]
    links: tuple[VirtualLink, ...] = ()
    stall_ms_hour: float = 0.0
    turns: tuple[int, ...] = ()
    dropped: dict[str, int] = {}

    def summary(self) -> str:
        """What matters of it, in one line for people."""
        held = sum(vip.state == "held" for vip in self.vips)
        lacks = f"; lacks {', '.join(self.lacks)}" if self.lacks else ""
        return f"holds {held} of {len(self.vips)} addresses{lacks}"


class Parcel(msgspec.Struct, frozen=True):
    """A sealed packet, to an address and port, from one of this host's addresses."""

    to: str
    port: int
    source: str
    packet: bytes


class Will(msgspec.Struct, frozen=True, tag_field="message", tag="will"):
    """What the guardian sends once the holder is dead and the gate shut. Said again and again."""

    parcels: tuple[Parcel, ...]


class Event(msgspec.Struct, frozen=True, tag_field="message", tag="event"):
    """Something that happened to an address; ``refused`` is a request that made no sense.

    ``lapsed``: the lease ran out without an answer of a majority. ``cloned``, ``foreign``: a voter
    that counts for nobody. ``clock``: this host's clock stood still. ``duplicate``: another machine
    answers for an address that is held here. ``epoch`` is a fencing token.
    """

    address: str
    type: Happening
    interface: str
    reason: str
    time: float
    epoch: int = 0


class Pong(msgspec.Struct, frozen=True, tag_field="message", tag="pong"):
    """The answer to a ping."""

    number: int


Reply = Status | Event | Will | Pong
