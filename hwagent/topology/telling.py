"""Who in the fleet tells people of a cause, so that it is told once. Pure.

Each host works it out for itself from what it hears. Who tells says so by gossip, and keeps telling
while it lives, so that a host which joins, or sees things a moment later, begins no second time.
"""

from collections.abc import Collection, Iterable

import msgspec

from .cause import Cause, owner
from .graph import Graph


class Teller(msgspec.Struct, frozen=True):
    """A host that could tell: ``tells`` are the causes that it says it tells of; it is not ``able``
    while its receivers cannot be reached."""

    name: str
    tells: Collection[str] = ()
    able: bool = True


class Story(msgspec.Struct, frozen=True):
    """A top-level cause and who tells of it; ``sure`` if that host says so, or is this one."""

    cause: Cause
    teller: str
    sure: bool

    @property
    def beneath(self) -> tuple[str, ...]:
        """The components that follow from it."""
        return tuple(c.component for one in self.cause.follows for c in one.everything())


def stories(causes: Iterable[Cause], tellers: Iterable[Teller], me: str) -> list[Story]:
    """Who tells of each cause. ``tellers`` are the hosts that live and tell the same people, this
    one among them."""
    known = list(tellers)
    able = [t for t in known if t.able] or known
    names = {t.name for t in known}
    return [_story(cause, able, names, me) for cause in causes]


def _story(cause: Cause, able: Collection[Teller], names: Collection[str], me: str) -> Story:
    if saying := [t.name for t in able if cause.component in t.tells]:
        return Story(cause, min(saying), True)
    chosen = _first(cause, {t.name for t in able}, names)
    return Story(cause, chosen, chosen == me)


def _first(cause: Cause, able: Collection[str], names: Collection[str]) -> str:
    """The host that the cause is of, which goes on trying; else the lowest that can, rather one
    that has an alert on it."""
    if (of := owner(cause.component).partition(":")[2]) in names:
        return of
    return min({a.host for a in cause.alerts}.intersection(able) or able)


def concerns_others(story: Story, me: str) -> bool:
    """Whether another host waits to hear that this one tells of a cause."""
    parts = list(story.cause.everything())
    return any(p.judged for p in parts) or any(a.host != me for p in parts for a in p.alerts)


def may_follow(graph: Graph, component: str, me: str, critical: bool) -> bool:
    """Whether there is something to wait for before an alert is told: a cause that it could follow
    from, others that could have the same one, or, if it is not critical, what could follow."""
    if owner(component) != f"host:{me}" or any(True for _ in graph.below(component)):
        return True
    return not critical and bool(graph.above(component))
