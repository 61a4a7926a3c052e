"""One member as this one knows it."""

from enum import IntEnum

from .messages import Alive, Endpoint
from .suspicion import Suspicion

#: Incarnations are numbers of 64 bits that wrap: whatever was said, a newer one exists.
INCARNATIONS = 1 << 64


class State(IntEnum):
    """What a member is held to be."""

    ALIVE = 0
    SUSPECT = 1
    DEAD = 2
    LEFT = 3


class Member:
    """The last that was heard from a member about itself, and what it is held to be."""

    __slots__ = ("alive", "changed", "incarnation", "state", "suspicion", "verdict")

    def __init__(self, alive: Alive, now: float, state: State = State.ALIVE) -> None:
        self.alive = alive
        self.incarnation = alive.incarnation
        self.state = state
        self.changed = now
        self.suspicion: Suspicion | None = None
        self.verdict = ""

    @property
    def name(self) -> str:
        """Its name."""
        return self.alive.name

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Where it listens."""
        return self.alive.endpoints

    @property
    def gone(self) -> bool:
        """Dead or left."""
        return self.state >= State.DEAD

    def become(self, state: State, now: float) -> None:
        """Changes the state; a suspicion ends with it."""
        self.state, self.changed, self.suspicion = state, now, None


def newer(one: int, other: int) -> bool:
    """Whether an incarnation is later than another (serial numbers, RFC 1982)."""
    return one != other and (one - other) % INCARNATIONS < INCARNATIONS // 2


def after(incarnation: int) -> int:
    """The next incarnation; there always is one."""
    return (incarnation + 1) % INCARNATIONS


def same_place(one: tuple[Endpoint, ...], other: tuple[Endpoint, ...]) -> bool:
    """Whether two lists of endpoints share an address and port."""
    return not {(e.host, e.port) for e in one}.isdisjoint((e.host, e.port) for e in other)
