"""The ways to each member: one for every network that both have.

A member is alive if it answers over any of them. A way that fails while another works is a degraded
path: reported, avoided, and tried again in turn until it works.
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
    """All ways to all members."""

    def __init__(self, links: tuple[str, ...]) -> None:
        self._links = links
        self._paths: dict[str, dict[str, Path]] = {}
        self._turn = 0

    def reachable(self, endpoints: tuple[Endpoint, ...]) -> list[Endpoint]:
        """The endpoints on networks that this host has too; all, if the names do not match."""
        shared = [e for e in endpoints if e.link in self._links]
        if shared:
            return shared
        return [Endpoint(self._links[0], e.host, e.port) for e in endpoints]

    def best(self, name: str, endpoints: tuple[Endpoint, ...]) -> Endpoint | None:
        """Where a message is sent: the first way that works."""
        ways = self.reachable(endpoints)
        paths = self._paths.get(name, {})
        good = (e for e in ways if e.link not in paths or not paths[e.link].degraded)
        return next(good, ways[0] if ways else None)

    def next_probe(self, name: str, endpoints: tuple[Endpoint, ...]) -> Endpoint | None:
        """Where the next probe goes: the ways that work take turns."""
        ways = self.reachable(endpoints)
        paths = self._paths.get(name, {})
        good = [e for e in ways if e.link not in paths or not paths[e.link].degraded] or ways
        self._turn += 1
        return good[self._turn % len(good)] if good else None

    def to_look_at(self, now: float, name: str, endpoints: tuple[Endpoint, ...]) -> list[Endpoint]:
        """Degraded ways that are due to be tried again beside a probe."""
        found = []
        for endpoint in self.reachable(endpoints):
            path = self._paths.get(name, {}).get(endpoint.link)
            if path is not None and path.degraded and now - path.looked >= LOOK_EVERY:
                path.looked = now
                found.append(endpoint)
        return found

    def worked(self, name: str, link: str, rtt: float | None) -> list[Event]:
        """An answer came over a link; ``rtt`` None if it is not known."""
        path = self._path(name, link)
        was, path.failures = path.degraded, 0
        if rtt is not None:
            path.rtts = [*path.rtts[1 - SAMPLES :], rtt]
        return [Event("path_restored", name, {"link": link})] if was else []

    def failed(self, name: str, link: str, alive_by: str) -> list[Event]:
        """No answer came over a link, though the member is alive by another way."""
        path = self._path(name, link)
        was = path.degraded
        path.failures += 1
        if path.degraded and not was:
            return [Event("path_degraded", name, {"link": link, "alive_by": alive_by})]
        return []

    def forget(self, name: str) -> None:
        """A member is gone."""
        self._paths.pop(name, None)

    def degraded(self, name: str) -> list[str]:
        """The links to a member that do not work."""
        return [link for link, path in self._paths.get(name, {}).items() if path.degraded]

    def rtts(self, name: str) -> dict[str, float]:
        """Measured round-trip times by link, in seconds."""
        found = {link: path.rtt() for link, path in self._paths.get(name, {}).items()}
        return {link: rtt for link, rtt in found.items() if rtt is not None}

    def _path(self, name: str, link: str) -> Path:
        return self._paths.setdefault(name, {}).setdefault(link, Path())
