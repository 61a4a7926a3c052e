"""What an owner remembers of one VIP, and of all."""

import math

import msgspec

from .messages import Claim, Refusal


class Term(msgspec.Struct, eq=False):
    """The end of a round or a lease; those that are renewed together have one together."""

    ends: float


class Holding(msgspec.Struct, eq=False):
    """A VIP that is asked for or held; times are seconds of CLOCK_BOOTTIME.

    ``seq`` is the first heartbeat that lists it. Not its time: two can be sent at one reading of
    the clock. ``term`` is that of the round or, if ``held``, of the lease. ``granted`` is the
    epoch that a majority knows; ``raised`` is the first heartbeat with a higher one that they do
    not know yet, or 0. ``present``: the address is configured. ``refused`` are voters that do not
    grant it, and why.
    """

    vip: str
    epoch: int
    seq: int
    term: Term
    granted: int = 0
    raised: int = 0
    held: bool = False
    present: bool = False
    refused: dict[str, Refusal] = {}

    @property
    def claim(self) -> Claim:
        """As it stands in the list."""
        return Claim(self.vip, self.epoch, self.held)

    @property
    def ends(self) -> float:
        """The end of the round or the lease."""
        return self.term.ends

    def end(self, time: float) -> None:
        """Sets the end of this one alone."""
        self.term = Term(time)

    @property
    def settled(self) -> bool:
        """Whether it is held, and no voter refuses it or is to hear of a higher epoch."""
        return self.held and not self.refused and not self.raised


class Together:
    """Those that are settled: one deadline for all, so that it is one write of theirs.

    ``vips`` stays the same object from one renewal to the next.
    """

    def __init__(self, members: list[Holding]) -> None:
        self._members = members
        self._seq = max((h.seq for h in members), default=0)
        self._term: Term | None = None
        self.vips = tuple(h.vip for h in members)

    def renew(self, seq: int, ends: float) -> tuple[str, ...]:
        """Takes that a heartbeat was granted; returns the VIPs whose lease that makes longer."""
        if self._term is None or seq < self._seq:
            return self._unite(seq, ends)
        if ends <= self._term.ends:
            return ()
        self._term.ends = ends
        return self.vips

    def expiry(self) -> float:
        """When the first of these leases ends; never if there is none."""
        if self._term is not None:
            return self._term.ends
        return min((h.ends for h in self._members), default=math.inf)

    def _unite(self, seq: int, ends: float) -> tuple[str, ...]:
        longer = [h for h in self._members if ends > h.ends and seq >= h.seq]
        term = Term(ends)
        for holding in longer:
            holding.term = term
        if not longer or len(longer) < len(self._members):
            self._term = None  # what they have together would be another's too
            return tuple(h.vip for h in longer)
        self._term = term
        return self.vips


class Holdings(dict[str, Holding]):
    """All that are asked for or held, by VIP.

    A thousand are renewed ten times a second, so what they have in common is worked out once.
    """

    _parts: tuple[Together, list[Holding]] | None = None

    def changed(self) -> None:
        """One came, went, was won, is refused or granted by a voter where it was not, or its epoch
        was raised."""
        self._parts = None

    def divided(self) -> tuple[Together, list[Holding]]:
        """Those that are renewed together, and those that are looked at one by one."""
        if self._parts is None:
            settled = Together([h for h in self.values() if h.settled])
            self._parts = settled, [h for h in self.values() if not h.settled]
        return self._parts

    def claims(self) -> tuple[Claim, ...]:
        """The list as the voters get it."""
        return tuple(holding.claim for holding in self.values())

    def held(self) -> dict[str, int]:
        """The VIPs held, with their epochs."""
        return {vip: h.granted for vip, h in self.items() if h.held}

    def expiry(self) -> float:
        """When the first lease or round ends; never if there is none."""
        if self._parts is None:
            return min((h.ends for h in self.values()), default=math.inf)
        settled, others = self._parts
        return min([settled.expiry(), *(h.ends for h in others)])
