"""What an expression is evaluated on: one component, its histories, and the world around it."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from hwagent.model import Value

from .window import History


class World(Protocol):
    """What a component does not know by itself; ``impatient`` if there will be only one look."""

    now: float
    impatient: bool

    def median_of_peers(self, subject: "Subject", key: str, run: "Run") -> float | None:
        """The median of an expression over the other members of its peer group."""


class Subject:
    """One component as the rules see it; a metric that is not known is not there."""

    __slots__ = ("attributes", "histories", "id", "kind", "metrics", "world")

    def __init__(self, world: World, id: str, kind: str) -> None:
        self.world = world
        self.id = id
        self.kind = kind
        self.metrics: Mapping[str, Value] = {}
        self.attributes: Mapping[str, Any] = {}
        self.histories: dict[str, History] = {}

    @property
    def group(self) -> tuple[str, str] | None:
        """The peers it is compared with: kind and ``peer_group``; None if it has none."""
        name = self.attributes.get("peer_group")
        return None if name is None or name == "" else (self.kind, str(name))


#: A compiled expression; None where the result is not known.
Run = Callable[[Subject], Value | None]
