"""What the causes in the fleet mean for this host's alerts: what follows, what to tell. Pure."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from hwagent.model import Alert, AlertState, Severity
from hwagent.respond.notify import Picture, Place
from hwagent.respond.notify.channel import Key
from hwagent.topology.cause import Cause
from hwagent.topology.telling import Story, Teller, concerns_others, stories

#: How many causes a host says that it tells of, and the characters of one.
TOLD_MAX, NAME_MAX = 50, 150
_ORDER = list(Severity)


class Own(msgspec.Struct, frozen=True):
    """An alert of this host: its key here, and whether something may still be known of it."""

    key: Key
    waits: bool


class Part:
    """One host's part in telling of causes, from one look to the next."""

    def __init__(self, me: str) -> None:
        self._me = me
        #: Which alert stands for which cause: one for a component that has failed, whatever else is
        #: said of it later.
        self._standing: dict[str, Key] = {}
        #: The causes that others wait to hear of: told by this host.
        self.tells: frozenset[str] = frozenset()

    @property
    def busy(self) -> bool:
        """Whether this host tells of something."""
        return bool(self._standing)

    def look(
        self,
        causes: Iterable[Cause],
        tellers: Iterable[Teller],
        own: Mapping[tuple[str, str], Own],
    ) -> Picture:
        """Where each alert of this host stands. ``own`` are its alerts by rule and component in the
        fleet, ``tellers`` all hosts that could tell instead."""
        places: dict[Key, Place] = {}
        made: list[Alert] = []
        before, self._standing = self._standing, {}
        told = stories(causes, tellers, self._me)
        for story in told:
            key = None
            if story.teller == self._me:
                key = _standing(story, self._me, own, before)
                self._standing[story.cause.component] = key
            if key == _made(story.cause):
                made.append(_alert(story))
            places |= dict(_places(story, self._me, own, key))
        mine = [s for s in told if s.teller == self._me and concerns_others(s, self._me)]
        names = [s.cause.component for s in mine]
        self.tells = frozenset([n for n in names if len(n) <= NAME_MAX][:TOLD_MAX])
        return Picture(places=places, causes=tuple(made), shared=True)


def _places(
    story: Story, me: str, own: Mapping[tuple[str, str], Own], standing: Key | None
) -> Iterator[tuple[Key, Place]]:
    """The place of each of this host's alerts in one story, and of the causes that it made."""
    top = story.cause
    beneath, worst = story.beneath, _worst(top)
    follows = Place(follows_from=top.component, teller=story.teller, told=story.sure)
    for part in top.everything():
        mine = [own[a.rule, a.component] for a in part.alerts if a.host == me]
        for one in [*mine, Own(_made(part), True)]:
            told = standing is not None and part is top and (one.key == standing or not top.judged)
            if told:
                yield one.key, Place(waits=one.waits, beneath=beneath, worst=worst)
            elif part.judged or one in mine:
                yield one.key, follows


def _standing(
    story: Story, me: str, own: Mapping[tuple[str, str], Own], told: Mapping[str, Key]
) -> Key:
    """The alert that stands for a cause: as before, else the worst that this host has on it."""
    cause = story.cause
    mine = [a for a in cause.alerts if a.host == me]
    keys = [own[a.rule, a.component].key for a in sorted(mine, key=lambda a: _order(a.severity))]
    possible = [*keys, _made(cause)] if cause.judged or not keys else keys
    before = told.get(cause.component)
    if before is not None and before in possible:
        return before
    return keys[-1] if keys else _made(cause)


def _made(cause: Cause) -> Key:
    """Rule and component of a cause that has no alert of its own here."""
    kind = cause.component.partition(":")[0]
    return f"{kind.title().replace('_', '')}Down", cause.component


def _alert(story: Story) -> Alert:
    cause = story.cause
    rule, component = _made(cause)
    words = cause.judged or "; ".join(dict.fromkeys(a.summary for a in cause.alerts))
    return Alert(
        rule=rule,
        component=component,
        kind=component.partition(":")[0],
        state=AlertState.FIRING,
        severity=Severity.CRITICAL if cause.judged else _worst(cause),
        since=0.0,
        summary=f"{component}: {words}",
        description="Nobody tells this of itself: it follows from what others see of it.",
    )


def _worst(cause: Cause) -> Severity:
    words = [a.severity for part in cause.everything() for a in part.alerts]
    return Severity(max(words, key=_order, default="info"))


def _order(severity: str) -> int:
    return _ORDER.index(Severity(severity))
