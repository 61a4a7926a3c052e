"""One cause, one alert: what follows from what, across hosts, by the graph. Pure.

Hosts tell what they see of themselves: a card without a link, a power supply without current, an
alert. What nobody can tell of itself (a switch, a feed, a rack) is judged by all that hang on it:
it counts as failed only if all of them are in trouble, at least two hosts say so (or one, and it
does not answer either), and not one says the opposite. A monitor that reaches nothing any more is
thereby contradicted by those who do.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from .fleet import FLEET, Fleet
from .graph import ABSTRACT, Graph

#: What hosts tell of themselves; all else is judged by these.
_WITNESSES = ("host", "nic", "psu", "disk")
#: What no host has for itself.
_SHARED = ("vip", "fleet")
#: What alerts of a storm are on (daemon/storm.py).
_STORM = "fleet:storm"


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """An alert of one host; ``component`` is the id in the fleet."""

    host: str
    component: str
    rule: str
    severity: str
    since: float = 0.0
    summary: str = ""


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """A component in trouble: its own alerts, and what follows from it.

    ``judged`` says why it counts as failed although it has no alert.
    """

    component: str
    alerts: tuple[Firing, ...] = ()
    judged: str = ""
    follows: tuple["Cause", ...] = ()

    def everything(self) -> Iterator["Cause"]:
        """This and all that follows from it, directly or not."""
        yield self
        for one in self.follows:
            yield from one.everything()


def causes(
    fleet: Fleet,
    alerts: Iterable[Firing],
    dead: Collection[str] = (),
    me: str = "",
    left: Collection[str] = (),
) -> list[Cause]:
    """The top-level causes of all that is wrong, the most severe first, each with what follows.

    ``dead`` are hosts that do not answer ``me``. Who reaches less than half of the hosts is cut off
    itself: that is then the one cause of all that it does not reach. Hosts that have ``left`` were
    stopped by somebody: they are in no trouble, and what they told last says nothing any more.
    """
    judge = _Judge(fleet, (a for a in alerts if a.host not in left), dead, left)
    hosts = [id for id in fleet.graph.ids() if id.startswith("host:")]
    if me and 2 * len(dead) > len(hosts):
        return [_cut_off(me, dead, len(hosts), judge.tree())]
    return judge.tree()


def _cut_off(me: str, dead: Collection[str], total: int, found: list[Cause]) -> Cause:
    words = f"{me} reaches {total - len(dead)} of {total} hosts: it may be cut off itself"
    return Cause(component=f"host:{me}", judged=words, follows=tuple(found))


class _Judge:
    def __init__(
        self,
        fleet: Fleet,
        alerts: Iterable[Firing],
        dead: Collection[str],
        left: Collection[str],
    ) -> None:
        self._graph = graph = fleet.graph
        self._dead = {f"host:{name}" for name in dead}
        self._alerts: dict[str, list[Firing]] = {}
        for alert in alerts:
            self._alerts.setdefault(alert.component, []).append(alert)
        away = {f"host:{name}" for name in left}
        said = {id for id in fleet.failed(dead) if owner(id) not in away}
        lost = {id for id in graph.ids() if owner(id) in self._dead}
        accused = {i for i in self._alerts if i.startswith("switch:") and self._severe(i)}
        self._judged = _judge(graph, said, lost, accused, away)
        self._failed = said | self._judged.keys()
        self._down = graph.down(self._failed)

    def _severe(self, id: str) -> bool:
        return any(alert.severity == "critical" for alert in self._alerts[id])

    def tree(self) -> list[Cause]:
        """All components in trouble, those that explain others above them."""
        troubled = self._alerts.keys() | self._dead | self._judged.keys()
        above: dict[str, list[str]] = {}
        for id in sorted(troubled):
            above.setdefault(self._parent(id, troubled), []).append(id)
        tops = [self._cause(id, above) for id in above.get("", ())]
        return sorted(_storm_beneath(tops), key=_rank)

    def _cause(self, id: str, above: Mapping[str, list[str]]) -> Cause:
        judged = self._judged.get(id, "")
        if id in self._dead:
            judged = "does not answer"
        return Cause(
            component=id,
            alerts=tuple(sorted(self._alerts.get(id, ()), key=lambda a: (a.host, a.rule))),
            judged=judged,
            follows=tuple(sorted((self._cause(i, above) for i in above.get(id, ())), key=_rank)),
        )

    def _parent(self, id: str, troubled: Collection[str]) -> str:
        """The nearest component in trouble that explains another; empty if none does."""
        if id in self._judged and not self._lacking(id):
            return ""
        if found := self._nearest(id, troubled) or self._far_side(id, troubled):
            return found
        host = owner(id)
        if host and host != id and host in self._down and host in troubled:
            return host
        return ""

    def _nearest(self, id: str, troubled: Collection[str]) -> str:
        """Level by level along what is down, or, for what is only impaired, what is in trouble."""
        level, seen = [id], {id}
        while level:
            below = []
            for one in level:
                below += self._lacking(one) or ([] if one in self._down else self._impaired(one))
            level = sorted({i for i in below if i not in seen})
            seen |= set(level)
            if found := next((i for i in level if i in troubled), ""):
                return found
        return ""

    def _far_side(self, id: str, troubled: Collection[str]) -> str:
        """Of a switch's port: the card at its other end, or its host, if that is in trouble."""
        if id.startswith("port:"):
            for nic in sorted(self._graph.above(id)):
                if found := next((i for i in (owner(nic), nic) if i in troubled), ""):
                    return found
        return ""

    def _lacking(self, id: str) -> list[str]:
        """What is down of a need that is not met for it."""
        found: list[str] = []
        for one in self._graph.get(id).needs:
            lost = [child for child in one.of if child in self._down]
            if len(lost) > one.spare:
                found += lost
        return found

    def _impaired(self, id: str) -> list[str]:
        """What a component needs that is down or has an alert, although it works itself."""
        below = self._graph.below(id)
        return [c for c in below if c in self._down or c in self._alerts]


def _judge(
    graph: Graph,
    said: Collection[str],
    lost: Collection[str],
    accused: Collection[str],
    away: Collection[str],
) -> dict[str, str]:
    """What has failed by the word of all that hang on it, with that word."""
    bad = {id for id in said if id.partition(":")[0] in _WITNESSES} | set(lost)
    found: dict[str, frozenset[str]] = {}
    for id in sorted(graph.support(bad & set(said)) | set(accused)):
        kind = id.partition(":")[0]
        if id in said or kind in ABSTRACT or kind in _WITNESSES:
            continue
        witnesses = _witnesses(graph, id, bad, away)
        if witnesses is not None and _suffices(id, witnesses & set(said), id in accused):
            found[id] = witnesses
    chosen = {id for id in found if not _explained(graph, id, found)}
    return {id: _words(found[id] & set(said)) for id in sorted(chosen)}


def _suffices(id: str, telling: Collection[str], accused: bool) -> bool:
    """Whether what is told is enough: one broken card is a broken card and no switch."""
    hosts = {owner(w) for w in telling}
    return accused or len(hosts) > 1 or (len(telling) > 1 and id.startswith("card:"))


def _witnesses(
    graph: Graph, id: str, bad: Collection[str], away: Collection[str]
) -> frozenset[str] | None:
    """All that can tell of a component, if all are in trouble; None if one is not. Of hosts that
    are away nothing tells."""
    found: set[str] = set()
    waiting, seen = list(graph.above(id)), {id}
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one.partition(":")[0] not in _WITNESSES or _of_switch(graph, one):
            waiting.extend(i for i in graph.above(one) if i != FLEET)
        elif one in bad:
            found.add(one)
        elif owner(one) not in away:
            return None
    return frozenset(found)


def _of_switch(graph: Graph, id: str) -> bool:
    """Whether a part is a switch's: nobody but the switch's users tells of it."""
    name = id.partition(":")[2].partition("/")[0]
    return "/" in id and f"switch:{name}" in graph and f"host:{name}" not in graph


def _explained(graph: Graph, id: str, found: Mapping[str, frozenset[str]]) -> bool:
    """Whether another one explains as much from nearer by, or more from further below."""
    mine = found[id]
    for other, theirs in found.items():
        if other == id:
            continue
        if theirs == mine and other in graph.ancestors([id]):
            return True
        if theirs > mine and id in graph.down([other]):
            return True
    return False


def _words(telling: Collection[str]) -> str:
    if not telling:
        return "it does not answer, and nothing that hangs on it says the opposite"
    hosts = sorted({(owner(w) or w).partition(":")[2] for w in telling})
    some = ", ".join(hosts[:3]) + (f" and {len(hosts) - 3} more" if len(hosts) > 3 else "")
    return f"all {len(telling)} that hang on it and can tell are down: of {some}"


def owner(id: str) -> str:
    """The host that a component is of, as an id; a host is its own."""
    kind, _, name = id.partition(":")
    if kind == "host":
        return id
    return f"host:{name.partition('/')[0]}" if "/" in name else ""


def _storm_beneath(tops: Sequence[Cause]) -> Sequence[Cause]:
    """The storm that many critical alerts are follows from the cause of most of them."""
    storms = [cause for cause in tops if cause.component == _STORM]
    rest = [cause for cause in tops if cause.component != _STORM]
    hosts = [_critical(cause) for cause in rest]
    for number, some in enumerate(hosts if storms else ()):
        if 2 * len(some) > len(set().union(*hosts)):
            cause = rest[number]
            follows = (*cause.follows, *storms)
            rest[number] = msgspec.structs.replace(cause, follows=follows)
            return rest
    return tops


def _critical(cause: Cause) -> set[str]:
    """The hosts that have critical alerts in what follows from a cause."""
    alerts = (alert for part in cause.everything() for alert in part.alerts)
    return {alert.host for alert in alerts if alert.severity == "critical"}


_SEVERITIES = ("critical", "warning", "info", "")


def _rank(cause: Cause) -> tuple[int, str]:
    """The most severe first, by the worst of all that follows."""
    words = [a.severity for c in cause.everything() for a in c.alerts]
    words += ["critical"] if cause.judged else []
    return min(map(_SEVERITIES.index, words or [""])), cause.component


def firing(host: str, alert: Mapping[str, Any], switches: Collection[str]) -> Firing:
    """An alert as a member tells it; its component gets the host's name, but not one of a switch,
    and none of those that are the same for all hosts. A severity of a later version counts as
    warning."""
    severity = str(alert["severity"])
    id = str(alert["component"])
    kind, _, name = id.partition(":")
    if kind == "host":
        id = f"host:{host}"
    elif kind not in _SHARED and name.partition("/")[0] not in switches:
        id = f"{kind}:{host}/{name}"
    return Firing(
        host=host,
        component=id,
        rule=str(alert["rule"]),
        severity=severity if severity in _SEVERITIES else "warning",
        since=float(alert["since"]),
        summary=str(alert["summary"]),
    )
