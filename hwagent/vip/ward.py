"""What the state machine remembers of one virtual IP."""

import math

import msgspec

from .effects import Place
from .preparation import Preparation
from .protocol import State
from .rival import Rival


class Word(msgspec.Struct, frozen=True):
    """The agent's last word: a word of fitness ends at ``until``, one of unfitness does not."""

    fit: bool
    reason: str
    until: float


class Ward(msgspec.Struct):
    """One address of the plan, ``ip/prefix`` in the kernel's form.

    ``interface`` is where it is held, or empty. ``refused`` are interfaces on which the kernel did
    not set it, with the time until which they are left alone. ``told`` is what was last reported.

    One of a ``group`` is held while its lease is ``granted``, with an ``epoch``; ``wanting`` says
    why it is not. ``preparation`` is there if services run with it.
    """

    address: str
    interfaces: tuple[str, ...]
    since: float
    group: str = ""
    granted: bool = False
    epoch: int = 0
    wanting: str = "the voters have not been asked yet"
    interface: str = ""
    state: State = "released"
    reason: str = ""
    told: tuple[State, str] = ("released", "")
    withheld: bool = False
    lost_at: float = -math.inf
    paused_until: float = -math.inf
    refused: dict[str, float] = {}
    refusal: str = ""
    preparation: Preparation | None = None
    answering: tuple[str, ...] | None = None
    rival: Rival = msgspec.field(default_factory=Rival)

    @property
    def ip(self) -> str:
        """The address without its prefix length."""
        return ip(self.address)

    @property
    def place(self) -> Place:
        """Where it is held."""
        return Place(self.interface, self.address)

    def start_anew(self, interfaces: tuple[str, ...], group: str) -> None:
        """Takes a new plan: what was released, given up or refused is tried again."""
        self.interfaces = interfaces
        if group != self.group:
            self.group, self.granted = group, False
        self.withheld, self.refused, self.refusal = False, {}, ""
        self.lost_at = self.paused_until = -math.inf

    def attend(self, timeout: float, cooldown: float) -> None:
        """Takes for how long its services may start, 0 if it has none; what is held stays held."""
        if not timeout:
            self.preparation = None
        elif self.preparation is None:
            ready = self.state == "held"
            self.preparation = Preparation(timeout, cooldown, self.epoch, ready=ready)
        else:
            self.preparation.timeout, self.preparation.cooldown = timeout, cooldown
            self.preparation.forgive()

    def dismiss(self) -> None:
        """It may not be held now: its services have to be started anew."""
        if self.preparation is not None:
            self.preparation.end()

    def cooling(self, now: float) -> str:
        """Why it is left to others for a while, if it is: its services did not start."""
        preparation = self.preparation
        return preparation.failure if preparation and now < preparation.again_at else ""

    def due(self, now: float) -> float:
        """When time alone can change something about it; infinite if it cannot."""
        times = [self.paused_until, self.rival.until, *self.refused.values()]
        if self.preparation is not None:
            times += [self.preparation.until, self.preparation.again_at]
        return min((time for time in times if time > now), default=math.inf)

    def refuse(self, interface: str, until: float, reason: str) -> bool:
        """Notes that the kernel did not set it there; true if that was known already."""
        refusal = f"{interface}: {reason}"
        known = self.refusal == refusal
        self.refused[interface], self.refusal = until, refusal
        return known


def ip(address: str) -> str:
    """The address without its prefix length."""
    return address.partition("/")[0]
