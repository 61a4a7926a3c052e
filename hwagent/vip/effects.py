"""What the state machine wants done to the kernel, and what it says to whoever listens."""

from typing import Literal, NamedTuple

Happening = Literal[
    "held", "released", "conflict", "put_back", "failed", "refused",
    "preparing", "lapsed", "cloned", "foreign", "clock", "duplicate",
]  # fmt: skip


class Place(NamedTuple):
    """An address (``ip/prefix``) on an interface."""

    interface: str
    address: str


class AddAddress(NamedTuple):
    """Set an address, tagged as ours."""

    place: Place


class DelAddress(NamedTuple):
    """Take an address away."""

    place: Place


class Announce(NamedTuple):
    """Tell the neighbours once."""

    place: Place


Effect = AddAddress | DelAddress | Announce


class Report(NamedTuple):
    """Something happened to an address of the plan; ``epoch`` if its group let us hold it."""

    address: str
    type: Happening
    interface: str
    reason: str
    epoch: int = 0
