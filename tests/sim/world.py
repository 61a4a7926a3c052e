"""The world in virtual time: hosts, networks, agents, faults, and the checks at every event."""

import heapq
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any, NamedTuple

from msgspec.structs import replace

from hwagent.lease import Electorate, Group, Report, Send, Standing, Word, encode

from .clock import Clock
from .faults import Faults, Noise
from .host import Host
from .plan import Plan, addresses, clock

#: How often an agent says that its host is fit, and for how long that holds, in leases.
WORD, TTL = 1.3, 4.0
#: Seconds between looks at the end, and how many in a row must find every VIP answered.
GAP, LOOKS = 0.11, 3


class Violation(NamedTuple):
    """What must not be: two gates open, a store that went back, an opening after the lease."""

    time: float
    kind: str
    what: str


class World(Faults):
    """Runs one plan."""

    def __init__(self, plan: Plan, trace: Callable[[str], None] | None = None) -> None:
        self.plan, self.trace = plan, trace
        self.time = 0.0
        self.violations: list[Violation] = []
        self.unserved: list[str] = []
        self._done = False
        self._random = Random(plan.seed * 2 + 1)
        self._order = count()
        self._events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._nonces = count(1)
        self._opened: dict[str, dict[str, float]] = {}
        self._stored: dict[str, tuple[int, str, int]] = {}
        self._noises: list[Noise] = []
        self._cuts: list[tuple[str, str, int]] = []
        self._wire: tuple[Any, bytes] = (None, b"")
        self._silent_agents = dict.fromkeys(plan.spare, "agent frozen")
        self._applied: dict[str, Group] = {}
        self.hosts: list[Host] = []
        self._at_address: dict[str, list[Host]] = {}
        for name in (*plan.hosts, *plan.witnesses, *plan.spare):
            self._add(name, name, addresses(name, plan.paths), clock(plan, name, self._random))

    def run(self) -> None:
        """From the start to the looks at the end; stops at the first violation."""
        for host in list(self.hosts):
            self.at(self._random.random() * 0.02, host.start)
            self.at(0.03 + self._random.random() * 0.02, self._agent, host)
        for fault in self.plan.faults:
            self.at(fault.at, getattr(self, f"do_{fault.kind}"), *fault.args)
        self.at(self.plan.calm, self._look, 0)
        events = self._events
        while events and not self._done:
            self.time, _, call, args = heapq.heappop(events)
            call(*args)
            self._done = self._done or bool(self.violations)

    def at(self, time: float, call: Callable[..., None], *args: Any) -> None:
        """Calls something at a true time."""
        heapq.heappush(self._events, (max(time, self.time), next(self._order), call, args))

    def nonce(self) -> int:
        """A boot nonce."""
        return next(self._nonces)

    # Checks

    def fault(self, kind: str, what: str) -> None:
        """Something is wrong."""
        self.violations.append(Violation(self.time, kind, what))
        self._say(f"VIOLATION {kind}: {what}")

    def open(self, host: Host, vip: str, until: float) -> None:
        """A gate lets packets pass until a true time."""
        self._say(f"{host.key} opens {vip} until {until:.4f}")
        doors = self._opened.setdefault(vip, {})
        for key, closes in doors.items():
            if key != host.key and closes > self.time:
                self.fault("overlap", f"{vip} on {key} until {closes:.6f} and on {host.key}")
        doors[host.key] = until

    def shut(self, host: Host, vip: str) -> None:
        """A gate is shut now."""
        if self._opened.get(vip, {}).pop(host.key, 0.0) > self.time:
            self._say(f"{host.key} shuts {vip}")

    def store(self, host: Host, vip: str, epoch: int) -> None:
        """A write behind the VIP, with the epoch of its owner."""
        writer = (epoch, host.key, host.process)
        last = self._stored.get(vip, writer)
        if epoch < last[0] or (epoch == last[0] and writer != last):
            self.fault("fence", f"{vip}: {writer} writes after {last}")
        self._stored[vip] = writer

    def told(self, host: Host, report: Report) -> None:
        """A host reports."""
        self._say(f"{host.key} {report.vip} {report.type} {report.epoch} {report.reason}")

    def owners(self, vip: str) -> list[str]:
        """Hosts that answer for a VIP now."""
        return [key for key, until in self._opened.get(vip, {}).items() if until > self.time]

    def _look(self, good: int) -> None:
        """All is calm: after the promised time every VIP must be answered, and stay so."""
        missing = self._missing()
        good = 0 if missing else good + 1
        late = self.time > self.plan.calm + self.plan.promise
        if missing and late:
            self.unserved = missing
            self._say(f"UNSERVED {missing}")
        self._done = good == LOOKS or bool(self.unserved)
        self.at(self.time + GAP, self._look, good)

    def _missing(self) -> list[str]:
        """VIPs that nobody answers for although somebody could."""
        voting = {host.name for host in self.hosts if host.node is not None}
        voting.discard(self.plan.wrong)
        found = []
        for vip, fit in self.plan.lists.items():
            able = [h for h in self.hosts if h.name in fit and h.node is not None]
            able = [h for h in able if h.name != self.plan.wrong]
            served = any(self._can_serve(host.group, voting) for host in able)
            if served and not self.owners(vip):
                found.append(vip)
        return found

    def _can_serve(self, group: Group, voting: set[str]) -> bool:
        return all(len(voting & e.voters.keys()) >= e.majority for e in group.electorates)

    def _say(self, what: str) -> None:
        if self.trace is not None:
            self.trace(f"{self.time:9.5f} {what}")

    # Network

    def send(self, host: Host, effect: Send) -> None:
        """A packet leaves a host."""
        if self._wire[0] is not effect.message:
            self._wire = (effect.message, encode(effect.message))
        data = self._wire[1]
        name, _, path = effect.to.rpartition(".")
        if effect.to in host.addresses:
            self.at(self.time + 1e-5, host.receive, effect.to, data)
            return
        source = host.addresses[int(path)]
        if self._cuts and self._is_cut(host.name, name, int(path)):
            return
        delays = [self._delay()]
        for noise in self._noises:
            if noise.source in ("", host.name) and noise.target in ("", name):
                delays = self._disturb(noise, delays)
        for target in self._at_address.get(effect.to, ()):
            for delay in delays:
                self.at(self.time + delay, target.receive, source, data)

    def _delay(self) -> float:
        return self.plan.delay * (0.5 + self._random.random())

    def _disturb(self, noise: Noise, delays: list[float]) -> list[float]:
        found = []
        for delay in delays:
            if self._random.random() < noise.drop:
                continue
            extra = self._random.expovariate(1 / noise.delay) if noise.delay else 0.0
            found.append(delay + extra)
            if self._random.random() < noise.copy:
                found.append(delay + extra + 2 * self._random.random() * (noise.delay + 0.01))
        return found

    def _is_cut(self, source: str, target: str, path: int) -> bool:
        return any(
            a in ("", source) and b in ("", target) and p in (-1, path) for a, b, p in self._cuts
        )

    def _for(self, items: list[Any], item: Any, seconds: float) -> None:
        items.append(item)
        self.at(self.time + seconds, items.remove, item)

    # Agents

    def _agent(self, host: Host) -> None:
        if host not in self.hosts:
            return
        group = self.plan.group
        self.at(self.time + WORD * group.lease, self._agent, host)
        way = self._silent_agents.get(host.name, "")
        if way != "agent frozen":
            self._word(host, way)

    def _word(self, host: Host, way: str) -> None:
        standings = {} if way == "unable" else self._standings(host.name, way != "unwilling")
        until = host.now().boot + TTL * self.plan.group.lease
        if standings or way == "unable":
            host.take(lambda node, now: node.fitness(now, Word(standings, until)))

    def _standings(self, name: str, willing: bool) -> dict[str, Standing]:
        lists = self.plan.lists.items()
        return {v: Standing(names.index(name), willing) for v, names in lists if name in names}

    # Hosts

    def _add(self, key: str, name: str, paths: tuple[str, ...], its_clock: Clock) -> Host:
        host = Host(self, key, name, paths, its_clock)
        if name == self.plan.wrong:
            host.group = self._wrong(host.group, name)
        self.hosts.append(host)
        for address in paths:
            self._at_address.setdefault(address, []).append(host)
        return host

    def _wrong(self, group: Group, name: str) -> Group:
        other = self._random.choice([n for n in group.voters.voters if n != name])
        voters = {n: group.voters.voters[n] for n in (name, other)}
        return replace(group, voters=Electorate(voters, group.longest))

    def _named(self, name: str) -> Host:
        return next(host for host in self.hosts if host.key == name)


def run(plan: Plan, trace: Callable[[str], None] | None = None) -> World:
    """Runs a plan to its end."""
    world = World(plan, trace)
    world.run()
    return world
