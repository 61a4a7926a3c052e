"""The storm brake: many hosts report trouble at once, and no host can repair the cause. Pure.

A bad firmware, a power feed, a switch, a hot room: each host would act for itself, all at once.
What counts are critical alerts that began lately; who is counted says so itself, by gossip, with
its own clock.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from hwagent.config.schema import Storm
from hwagent.model import Metric, Sample, Severity, gauge

#: The subject of the order that ends a storm.
RELEASE = "storm"
#: The rule that tells of a storm is no trouble of the host that tells of it.
RULE = "FleetStorm"
#: The look that the finding comes from, and its component.
JOB = ("fleet", "storm")
#: Hosts that are named; the rest is counted.
_NAMED = 8

STORM_METRICS: tuple[Metric, ...] = (
    gauge("storm", "1 while so many members report new trouble that nothing disruptive is done"),
    gauge("hosts", "members with new critical alerts"),
    gauge("of", "members of the fleet that are alive"),
    gauge("present", "always 1"),
)
STORM_ATTRIBUTES = ("reporting",)


class Weather(msgspec.Struct, frozen=True):
    """What is seen: ``hosts`` report new trouble, ``of`` so many that are alive."""

    hosts: tuple[str, ...]
    of: int

    def stormy(self, rules: Storm) -> bool:
        """Whether that is a storm."""
        least = max(rules.members, math.ceil(rules.share * self.of - 1e-9))
        return rules.share > 0 and len(self.hosts) >= least

    def __str__(self) -> str:
        more = f" and {len(self.hosts) - _NAMED} more" if len(self.hosts) > _NAMED else ""
        return f"{len(self.hosts)} of {self.of} hosts: {', '.join(self.hosts[:_NAMED])}{more}"


class Brake:
    """Holds from the moment of a storm until none was seen for ``window``, or it is released."""

    def __init__(self) -> None:
        self.weather = Weather((), 0)
        self.since: float | None = None
        self.known = False
        self._until = -math.inf

    def look(
        self, now: float, rules: Storm, fleet: Iterable[Mapping[str, Any]], released: float
    ) -> str:
        """Why nothing disruptive is to be done; empty if there is no storm.

        ``released`` is when an operator ended the last one: alerts of before count no more.
        """
        seen = weather(now, rules, fleet, released)
        if seen.stormy(rules):
            self.since = now if self.since is None else self.since
            self.weather, self._until, self.known = seen, now + float(rules.window), True
        elif now >= self._until or (self.since is not None and released >= self.since):
            self.since, self.weather = None, seen
        if self.since is None:
            return ""
        return f"storm: new critical alerts on {self.weather}; `hwagent limits release` ends it"

    def finding(self) -> Sample:
        """The component that alerts speak of."""
        return Sample(
            id=":".join(JOB),
            kind="fleet",
            attributes={"reporting": str(self.weather)},
            metrics={
                "storm": int(self.since is not None),
                "hosts": len(self.weather.hosts),
                "of": self.weather.of,
            },
        )


def weather(
    now: float, rules: Storm, fleet: Iterable[Mapping[str, Any]], released: float
) -> Weather:
    """Which members that are alive report new critical alerts."""
    alive = [m for m in fleet if m["status"] in ("alive", "suspect")]
    after = max(now - float(rules.window), released)
    troubled = (m["name"] for m in alive if any(_new(a, after) for a in m.get("alerts", ())))
    return Weather(tuple(sorted(troubled)), len(alive))


def _new(alert: Mapping[str, Any], after: float) -> bool:
    critical = alert["severity"] == Severity.CRITICAL and not alert["inhibited_by"]
    return critical and alert["since"] > after and alert["rule"] != RULE
