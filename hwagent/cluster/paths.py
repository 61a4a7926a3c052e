"""The ways to each member: one for every network that both have.

A member is alive if it answers over any of them. A way that fails while another works is a degraded
path: reported, avoided, and tried again in turn until it works. Where several members in a row are
not heard over one network, it is this host's network that is degraded, and avoided for all of them.
"""

import math
from statistics import median

from .effects import Event
from .messages import Endpoint

#: Failures in a row after which a path counts as degraded.
FAILURES = 3
#: Round-trip times that are kept; their median counts (as Serf's latency filter).
SAMPLES = 3
#: Seconds between two looks at a path that is degraded.
LOOK_EVERY = 10.0


class Path:
    """One way to one member."""

    __slots__ = ("failures", "looked", "rtts")

    def __init__(self) -> None:
        self.failures = 0
        self.rtts: list[float] = []
        self.looked = -math.inf

    @property
    def degraded(self) -> bool:
        """True if it failed several times in a row."""
        return self.failures >= FAILURES

    def rtt(self) -> float | None:
        """Round-trip time in seconds: the median of the last few."""
        return median(self.rtts) if self.rtts else None


class Paths:
    """All ways to all members, and this host's own networks."""

    def __init__(self, me: str, links: tuple[str, ...]) -> None:
        self._me = me
        self._links = links
        self._paths: dict[str, dict[str, Path]] = {}
        self._own = {link: Path() for link in links}
        self._silent: dict[str, set[str]] = {link: set() for link in links}
        self._turn = 0

    def reachable(self, endpoints: tuple[Endpoint, ...]) -> list[Endpoint]:
        """The endpoints on networks that this host has too; all, if the names do not match."""
        shared = [e for e in endpoints if e.link in self._links]
        if shared:
            return shared
        return [Endpoint(self._links[0], e.host, e.port) for e in endpoints]

    def best(self, name: str, endpoints: tuple[Endpoint, ...]) -> Endpoint | None:
        """Where a message is sent: the first way that works, or failed least."""
        ways = self.reachable(endpoints)
        return min(ways, key=lambda e: self._failures(name, e.link), default=None)

    def next_probe(self, name: str, endpoints: tuple[Endpoint, ...]) -> Endpoint | None:
        """Where the next probe goes: the ways that work take turns."""
        ways = self.reachable(endpoints)
        good = [e for e in ways if self._failures(name, e.link) < FAILURES] or ways
        self._turn += 1
        return good[self._turn % len(good)] if good else None

    def to_look_at(self, now: float, name: str, endpoints: tuple[Endpoint, ...]) -> list[Endpoint]:
        """Ways that do not work and are due to be tried again beside a probe."""
        found = []
        for endpoint in self.reachable(endpoints):
            own, path = self._own[endpoint.link], self._paths.get(name, {}).get(endpoint.link)
            bad = own if own.degraded else path
            if bad is not None and bad.degraded and now - bad.looked >= LOOK_EVERY:
                bad.looked = now
                found.append(endpoint)
        return found

    def worked(self, name: str, link: str, rtt: float | None) -> list[Event]:
        """An answer came over a link; ``rtt`` None if it is not known."""
        path, own = self._path(name, link), self._own[link]
        was, path.failures = path.degraded, 0
        own_was, own.failures = own.degraded, 0
        self._silent[link].clear()
        if rtt is not None:
            path.rtts = [*path.rtts[1 - SAMPLES :], rtt]
        found = [Event("path_restored", name, {"link": link})] if was else []
        return found + ([Event("network_restored", self._me, {"link": link})] if own_was else [])

    def failed(self, name: str, link: str, alive_by: str) -> list[Event]:
        """No answer came over a link, though the member is alive by another way.

        Failures of a whole network, whoever was asked over it, degrade it for all at once.
        """
        found = self._fail(self._path(name, link), "path_degraded", name, link, alive_by)
        if len(self._links) > 1 and name not in self._silent[link]:
            self._silent[link].add(name)
            found += self._fail(self._own[link], "network_degraded", self._me, link, alive_by)
        return found

    def forget(self, name: str) -> None:
        """A member is gone."""
        self._paths.pop(name, None)

    def degraded(self, name: str) -> list[str]:
        """The links to a member that do not work; of this one, its networks."""
        paths = self._own if name == self._me else self._paths.get(name, {})
        return [link for link, path in paths.items() if path.degraded]

    def rtts(self, name: str) -> dict[str, float]:
        """Measured round-trip times by link, in seconds."""
        found = {link: path.rtt() for link, path in self._paths.get(name, {}).items()}
        return {link: rtt for link, rtt in found.items() if rtt is not None}

    def _failures(self, name: str, link: str) -> int:
        """How often a way failed since it worked; ways over a network that is down count as bad."""
        path = self._paths.get(name, {}).get(link)
        failures = path.failures if path is not None else 0
        return max(failures, FAILURES) if self._own[link].degraded else failures

    def _fail(self, path: Path, type: str, whom: str, link: str, alive_by: str) -> list[Event]:
        was = path.degraded
        path.failures += 1
        if path.degraded and not was:
            return [Event(type, whom, {"link": link, "alive_by": alive_by})]
        return []

    def _path(self, name: str, link: str) -> Path:
        return self._paths.setdefault(name, {}).setdefault(link, Path())
