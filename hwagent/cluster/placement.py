"""Which host should hold which virtual IP. Pure; the leases decide who does.

Weighted rendezvous hashing (Thaler and Ravishankar 1998; weights by -w / ln h) with a bound on what
each host bears: its share of the weights, ten percent more or less. What stands well stays: a lost
host moves only its own, a new one takes only what brings it to its share.

- An address that is pinned to a host goes there unless that host is unfit, whatever else is said
  here; then it goes where it would go without the pin: a pin gives nothing to nobody.
- Fit hosts first. A degraded one keeps or gets an address only where no fit one may have it; an
  unfit one never.
- Addresses with the same ``together`` go to one host.
- Addresses with the same ``apart`` go to different hosts, and as far from each other as the zones
  allow; where there are fewer hosts than addresses, the fewest share one.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from .weights import Fitness, Host

#: A host may bear so much more or less than its share before something is moved for it.
TOLERANCE = 0.1


class Vip(msgspec.Struct, frozen=True):
    """One address; ``hosts`` are those that may hold it, all if empty; ``pin`` one of them."""

    name: str
    hosts: tuple[str, ...] = ()
    together: str = ""
    apart: str = ""
    pin: str = ""


def place(
    hosts: Iterable[Host],
    vips: Iterable[Vip],
    weights: Mapping[str, float],
    before: Mapping[str, str],
) -> dict[str, str]:
    """The host of each address; one that nobody may hold is missing."""
    board = _Board(hosts, vips, weights)
    homeless = board.keep(before)
    board.place_rest()
    if not 0 < homeless < board.size:  # one thing at a time: a loss moves what was lost
        board.relieve()
        board.balance()
    return board.result()


def succession(hosts: Iterable[Host], vip: Vip, weights: Mapping[str, float]) -> list[str]:
    """Who should hold an address, and who after that one: the order in which they may ask."""
    able = [h for h in hosts if h.fitness is not Fitness.UNFIT and _may(h, [vip], weights)]
    key = vip.together or vip.name
    ranked = sorted(able, key=lambda h: (h.fitness, -score(key, h.name, weights[h.name]), h.name))
    return [h.name for h in ranked]


def score(key: str, host: str, weight: float) -> float:
    """The rendezvous score of a host for a key; the highest wins, in proportion to the weights."""
    digest = hashlib.blake2b(f"{key}\0{host}".encode(), digest_size=8).digest()
    share = (int.from_bytes(digest, "big") + 1) / (2**64 + 1)
    return -weight / math.log(share)


class _Unit:
    """Addresses that go to one host together."""

    def __init__(self, key: str, vips: Sequence[Vip]) -> None:
        self.key = key
        self.vips = vips
        self.size = len(vips)
        self.apart = frozenset(v.apart for v in vips if v.apart)
        self.pins = tuple(v.pin for v in vips if v.pin)


class _Board:
    """Who holds what while it is worked out."""

    def __init__(
        self, hosts: Iterable[Host], vips: Iterable[Vip], weights: Mapping[str, float]
    ) -> None:
        self._hosts = {h.name: h for h in hosts}
        self._weights = weights
        self._units = _units(vips)
        self.size = len(self._units)
        self._free = {u.key: self._allowed(u) for u in self._units}
        self._able = {u.key: self._pinned(u) or self._free[u.key] for u in self._units}
        self._at: dict[str, str] = {}
        self._count: Counter[str] = Counter()
        self._share = self._shares()

    def result(self) -> dict[str, str]:
        return {v.name: self._at[u.key] for u in self._units if u.key in self._at for v in u.vips}

    def keep(self, before: Mapping[str, str]) -> int:
        """What has a host that may have it stays; returns how many have none."""
        there = [(u, self._held_by(u, before)) for u in self._units]
        wanted = [(u, host) for u, host in there if host in self._able[u.key]]
        wanted.sort(key=lambda p: (-self._score(p[0], p[1]), p[0].key))
        for unit, host in wanted:
            if not self._crowded(unit, host):
                self._put(unit, host)
        return self.size - len(wanted)

    def place_rest(self) -> None:
        """Everything that has no host yet."""
        rest = [u for u in self._units if u.key not in self._at and self._able[u.key]]
        for unit in sorted(rest, key=lambda u: (-u.size, u.key)):
            self._put(unit, min(self._able[unit.key], key=lambda h: self._cost(unit, h)))

    def relieve(self) -> None:
        """What belongs least to a host that bears too much goes to the emptiest that has room."""
        for rich in sorted(self._share):
            mine = [u for u in self._units if self._at.get(u.key) == rich]
            for unit in sorted(mine, key=lambda u: (self._score(u, rich), u.key)):
                if self._count[rich] <= self._most(rich):
                    break
                if (target := self._roomy(unit, rich)) is not None:
                    self._count[rich] -= unit.size
                    self._put(unit, target)

    def balance(self) -> None:
        """Few moves to hosts that bear much less than their share, from those that bear more."""
        for poor in sorted(self._share):
            while self._count[poor] < self._least(poor):
                unit = self._gift(poor)
                if unit is None:
                    break
                self._count[self._at[unit.key]] -= unit.size
                self._put(unit, poor)

    # How good a place is

    def _cost(self, unit: _Unit, host: str) -> tuple[float, ...]:
        near = self._nearness(unit, host)
        if self._count[host] + unit.size > self._most(host):  # the emptiest by its share
            return near, 2, (self._count[host] + unit.size) / max(self._share[host], 1e-9), 0
        content = self._count[host] >= self._least(host)
        return near, content, 0, -self._score(unit, host)

    def _nearness(self, unit: _Unit, host: str) -> float:
        """How near the next address of the same ``apart`` is: the host itself, rack, room, site."""
        if not unit.apart:
            return 0
        return max(
            (
                self._closeness(host, self._at[other.key])
                for other in self._units
                if other is not unit and other.key in self._at and other.apart & unit.apart
            ),
            default=0,
        )

    def _closeness(self, one: str, other: str) -> int:
        if one == other:
            return 100
        pairs = zip(self._hosts[one].zone, self._hosts[other].zone)
        shared = 0
        for a, b in pairs:
            if a != b:
                break
            shared += 1
        return shared

    def _crowded(self, unit: _Unit, host: str) -> bool:
        """Whether an address of the same ``apart`` is here although another host would do."""
        here = self._nearness(unit, host)
        if not here:
            return False
        return any(self._nearness(unit, other) < here for other in self._able[unit.key])

    def _roomy(self, unit: _Unit, rich: str) -> str | None:
        able = [
            h
            for h in self._able[unit.key]
            if h != rich
            and self._count[h] + unit.size <= self._most(h)
            and self._nearness(unit, h) <= self._nearness(unit, rich)
        ]
        return max(able, key=lambda h: (self._share[h] - self._count[h], h), default=None)

    def _gift(self, poor: str) -> _Unit | None:
        able = [
            u
            for u in self._units
            if u.key in self._at
            and self._at[u.key] != poor
            and poor in self._able[u.key]
            and self._worth(self._at[u.key], poor, u.size)
            and self._count[poor] + u.size <= self._most(poor)
            and self._nearness(u, poor) <= self._nearness(u, self._at[u.key])
        ]
        return max(able, key=lambda u: (self._excess(u), self._score(u, poor), u.key), default=None)

    def _worth(self, rich: str, poor: str, size: int) -> bool:
        """Whether a move is worth it: the rich one has too much, or the poor one far too little."""
        over = self._count[rich] - self._share[rich]
        under = self._share[poor] - self._count[poor]
        after = abs(over - size) + abs(under - size)
        return over >= size - 1e-9 or (under > 1 and abs(over) + abs(under) - after > 0.5)

    def _excess(self, unit: _Unit) -> float:
        host = self._at[unit.key]
        return self._count[host] / max(self._share[host], 1e-9)

    def _score(self, unit: _Unit, host: str) -> float:
        return score(unit.key, host, self._weights[host])

    # What a host bears

    def _shares(self) -> dict[str, float]:
        """The part of all addresses that each host should bear, by its weight.

        What is pinned counts as a part of it, so that others go where nothing is pinned.
        """
        found: dict[str, float] = dict.fromkeys(self._hosts, 0.0)
        for unit in self._units:
            able = self._free[unit.key]
            total = sum(self._weights[h] for h in able)
            for host in able:
                found[host] += unit.size * self._weights[host] / total
        return found

    def _most(self, host: str) -> int:
        share = self._share[host]
        return max(math.ceil(share - 1e-9), math.floor(share * (1 + TOLERANCE) + 1e-9))

    def _least(self, host: str) -> int:
        share = self._share[host]
        return min(math.floor(share + 1e-9), math.ceil(share * (1 - TOLERANCE) - 1e-9))

    def _put(self, unit: _Unit, host: str) -> None:
        self._at[unit.key] = host
        self._count[host] += unit.size

    def _allowed(self, unit: _Unit) -> list[str]:
        """The hosts of the best fitness that may hold it."""
        able = [
            h
            for h in self._hosts.values()
            if h.fitness is not Fitness.UNFIT and _may(h, unit.vips, self._weights)
        ]
        best = min((h.fitness for h in able), default=Fitness.UNFIT)
        return sorted(h.name for h in able if h.fitness is best)

    def _pinned(self, unit: _Unit) -> list[str]:
        """The host that the unit is pinned to, unless that may not hold it now.

        A weight of 0 is no reason: who pins an address means it. Of several pins for addresses that
        stay together the first one counts.
        """
        for name in unit.pins:
            host = self._hosts.get(name)
            able = host is not None and host.fitness is not Fitness.UNFIT
            if able and all(not v.hosts or name in v.hosts for v in unit.vips):
                return [name]
        return []

    @staticmethod
    def _held_by(unit: _Unit, before: Mapping[str, str]) -> str:
        there = Counter(before[v.name] for v in unit.vips if v.name in before)
        return there.most_common(1)[0][0] if there else ""


def _may(host: Host, vips: Iterable[Vip], weights: Mapping[str, float]) -> bool:
    wanted = weights.get(host.name, 0) > 0
    return wanted and all(not v.hosts or host.name in v.hosts for v in vips)


def _units(vips: Iterable[Vip]) -> list[_Unit]:
    groups: dict[str, list[Vip]] = {}
    for vip in sorted(vips, key=lambda v: v.name):
        groups.setdefault(vip.together or vip.name, []).append(vip)
    return [_Unit(key, group) for key, group in sorted(groups.items())]
