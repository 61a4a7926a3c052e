"""What an owner remembers of one VIP, and of all."""

import math

import msgspec

from .messages import Claim, Refusal


class Holding(msgspec.Struct, eq=False):
    """A VIP that is asked for or held; times are seconds of CLOCK_BOOTTIME.

    ``seq`` is the first heartbeat that lists it. Not its time: two can be sent at one reading of
    the clock. ``ends`` is the end of the round or, if ``held``, of the lease. ``granted`` is the
    epoch that a majority knows; ``raised`` is the first heartbeat with a higher one that they do
    not know yet, or 0. ``present``: the address is configured. ``refused`` are voters that do not
    grant it, and why.
    """

    vip: str
    epoch: int
    seq: int
    ends: float
    granted: int = 0
    raised: int = 0
    held: bool = False
    present: bool = False
    refused: dict[str, Refusal] = {}

    @property
    def claim(self) -> Claim:
        """As it stands in the list."""
        return Claim(self.vip, self.epoch, self.held)


class Holdings(dict[str, Holding]):
    """All that are asked for or held, by VIP.

    A thousand are renewed ten times a second, so what they have in common is worked out once.
    """

    _parts: tuple[list[Holding], list[Holding]] | None = None

    def changed(self) -> None:
        """One came, went, was won, or is refused or granted by a voter where it was not."""
        self._parts = None

    def divided(self) -> tuple[list[Holding], list[Holding]]:
        """Those that are renewed together, and those that are looked at one by one."""
        if self._parts is None:
            self._parts = [], []
            for holding in self.values():
                self._parts[not holding.held or bool(holding.refused)].append(holding)
        return self._parts

    def claims(self) -> tuple[Claim, ...]:
        """The list as the voters get it."""
        return tuple(holding.claim for holding in self.values())

    def held(self) -> dict[str, int]:
        """The VIPs held, with their epochs."""
        return {vip: h.granted for vip, h in self.items() if h.held}

    def expiry(self) -> float:
        """When the first lease or round ends; never if there is none."""
        return min((h.ends for h in self.values()), default=math.inf)
