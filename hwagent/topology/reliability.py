"""How often things fail and how long they stay so: defaults with their sources, and what was seen.

Where no field study was found the number is marked as ours. They are there to be replaced, by
``topology.reliability`` or by experience; what follows from them ranks better than it measures.
"""

from collections.abc import Iterable, Mapping

import msgspec

from hwagent.config.topology import Reliability

#: Seconds of a year, and minutes.
YEAR = 365.25 * 86400
MINUTES = YEAR / 60
_HOUR = 3600.0


class Rate(msgspec.Struct, frozen=True):
    """Failures of one such component in a year, seconds until one is mended, and who says so."""

    per_year: float
    repair: float
    source: str = "configuration"

    @property
    def unavailable(self) -> float:
        """The share of time that one is broken: of the two means, mending of both together."""
        broken = self.per_year * self.repair
        return broken / (YEAR + broken)


_SOCC = "Vishwanath and Nagappan, SoCC 2010: 8 % of servers a year, disks 78 % of that"
_DEAN = "Dean, LADIS 2009: first year of a cluster of 1,800 servers"
DEFAULTS: Mapping[str, Rate] = {
    "disk": Rate(0.0157, 24 * _HOUR, "Backblaze, Drive Stats 2024: 1.57 % a year; mended: ours"),
    "host": Rate(0.02, 12 * _HOUR, f"{_SOCC}; mended: ours"),
    "card": Rate(0.004, 12 * _HOUR, f"{_SOCC}, controllers 5 %; mended: ours"),
    "nic": Rate(0.01, 4 * _HOUR, "ours: port, module and cable together"),
    "port": Rate(0.005, 4 * _HOUR, "ours"),
    "switch": Rate(0.05, 4 * _HOUR, "Gill et al., SIGCOMM 2011: 5 % of switches in racks a year; "
                   "mended: ours"),
    "psu": Rate(0.02, 24 * _HOUR, "ours; makers promise 100,000 h to 500,000 h"),
    "feed": Rate(0.3, 6 * _HOUR, f"{_DEAN}: about one PDU failure among some three, 6 h"),
    "rack": Rate(0.05, 4 * _HOUR, f"{_DEAN}: 20 of some 40 racks, 1 to 6 h; a tenth of it is ours, "
                 "since switches and feeds are counted by themselves"),
    "room": Rate(0.1, 24 * _HOUR, f"{_DEAN}: 0.5 overheatings, 1 to 2 days; a fifth of it is ours"),
    "site": Rate(0.4, 4 * _HOUR, "Uptime Institute, Tier III: 1.6 h a year"),
}  # fmt: skip
#: Of what is not in the table.
OTHER = Rate(0.05, 4 * _HOUR, "ours, for a kind without a number")


class Rates:
    """The rate of each component: by id, by kind, by what was seen, by default."""

    def __init__(
        self, said: Mapping[str, Reliability] = {}, learned: Mapping[str, Rate] = {}
    ) -> None:
        self._said = said
        self._learned = learned
        self._known: dict[str, Rate] = {}

    def of(self, id: str) -> Rate:
        """The rate of a component."""
        kind = id.partition(":")[0]
        key = id if id in self._said else kind
        if key not in self._known:
            rate = self._learned.get(kind) or DEFAULTS.get(kind, OTHER)
            for said in (kind, id):
                rate = _over(rate, self._said.get(said))
            self._known[key] = rate
        return self._known[key]


def _over(rate: Rate, said: Reliability | None) -> Rate:
    if said is None:
        return rate
    per_year = rate.per_year if said.failures_per_year is None else said.failures_per_year
    repair = rate.repair if said.repair is None else float(said.repair)
    return Rate(per_year, repair)


class Seen(msgspec.Struct, frozen=True):
    """What was seen of one kind: how many failures in how many years of all of them together, and
    the seconds that they lasted in sum."""

    failures: int
    years: float
    broken: float = 0.0


def learned(seen: Mapping[str, Seen]) -> dict[str, Rate]:
    """Rates with experience: the default counts as one failure seen in its own mean time.

    That is the mean of a gamma distribution with the default as its prior: a month without a
    failure says little, ten years of disks say much.
    """
    found = {}
    for kind, one in seen.items():
        prior = DEFAULTS.get(kind, OTHER)
        per_year = (1 + one.failures) / (1 / prior.per_year + one.years)
        repair = (prior.repair + one.broken) / (1 + one.failures)
        text = f"{one.failures} failures seen in {one.years:.3g} years, and by default: "
        found[kind] = Rate(per_year, repair, text + prior.source)
    return found


def seen(
    spans: Iterable[tuple[str, float, float]], counts: Mapping[str, int], seconds: float
) -> dict[str, Seen]:
    """What a journal of so many seconds tells: ``spans`` are kind, begin and end of each failure,
    ``counts`` how many there are of each kind."""
    failures: dict[str, list[float]] = {kind: [] for kind in counts}
    for kind, begin, end in spans:
        if kind in failures:
            failures[kind].append(max(0.0, end - begin))
    return {
        kind: Seen(len(failures[kind]), count * seconds / YEAR, sum(failures[kind]))
        for kind, count in counts.items()
        if count
    }
