"""What an owner remembers of one VIP."""

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
