"""Several agents' cores in virtual time, each on a simulated server, with permits and gossip.

The servers' kernels go on whatever happens to the agents. Letters arrive within the step; what a
member says of itself is heard by the others one step later. A rebuild takes some 40 s.
"""

from pathlib import Path
from random import Random
from typing import Any

import msgspec

from hwagent.cluster.report import make, read, values
from hwagent.collect.registry import COLLECTORS
from hwagent.config import Config, Duration, convert
from hwagent.config.source import parse
from hwagent.daemon import storm
from hwagent.daemon.core import Core
from hwagent.daemon.fleetwide import allowed, rules_of
from hwagent.daemon.loading import known_vocabulary, rule_set
from hwagent.daemon.permits import Letter, Permits
from hwagent.daemon.schedule import Schedule
from hwagent.daemon.storm import Brake
from hwagent.lease import Now
from hwagent.model import Outcome, Result
from hwagent.testing.scenario import Scenario
from hwagent.testing.server import Description
from hwagent.testing.simulation import START, Simulation

#: Seconds in a step.
STEP = 2.5
ARRAY = {
    "name": "md0",
    "size": 8_000_000_000,
    "members": [{"device": "sda1", "slot": 0}, {"device": "sdb1", "slot": 1}],
}
SERVER = {"disks": [{"name": "sda"}, {"name": "sdb"}, {"name": "sdc"}], "arrays": [ARRAY]}
SPARE = {"disk": "disk:wwn-0x5000c500a1b20002", "arrays": ["md0"]}


class Member:
    """One host: a simulated server, and an agent while it lives."""

    def __init__(self, fleet: "Fleet", name: str, path: Path, config: Config) -> None:
        self.fleet, self.name, self.config = fleet, name, config
        description = msgspec.convert({"name": name, **SERVER}, Description)
        day = Duration(86400)
        scenario = Scenario(
            description=name, host=description, config=config, events=[], duration=day
        )
        self.sim = Simulation(scenario, path)
        self.permits: Permits | None = None
        self.brake = Brake()
        self.past: list[Outcome] = []
        self.reachable = True
        self.start()

    def start(self) -> None:
        """The agent starts: it knows what the journal kept, and reads everything anew."""
        rules = rule_set(self.config)
        sim = self.sim
        sim.core = Core(self.name, self.config, rules, known_vocabulary())
        sim._schedule, sim._known = Schedule(), {}
        sim.now = self.fleet.time
        plan = rules_of(self.config)
        if plan is not None:
            nonce = self.fleet.random.getrandbits(60)
            self.permits = Permits(self.now(), self.name, nonce, plan, Random(nonce))
        self.brake = Brake()
        self.alive = True
        sim._round()
        sim._apply(sim.core.reconcile(sim.now, [], self.past))
        sim._apply(sim.core.first_round_done(sim.now))

    def kill(self) -> None:
        """The agent is gone without a word; the kernel goes on."""
        self.past, self.alive, self.permits = list(self.sim.core.outcomes), False, None

    def now(self) -> Now:
        """The host's clocks."""
        return Now(self.fleet.time, self.fleet.time, self.fleet.time)

    def row(self) -> dict[str, Any]:
        """What it says of itself by gossip."""
        core = self.sim.core
        report = make(core.components(), core.alerts(), [])
        report.busy, report.done = core.busy(), core.planner.disruptive(self.fleet.time)
        told = msgspec.to_builtins(read(values(report)))
        return {"name": self.name, "status": "alive", **told}

    def turn(self) -> None:
        """One step of the agent."""
        sim, time = self.sim, self.fleet.time
        sim.now = time
        sim._round()
        sim._apply(sim.core.tick(time))
        if self.permits is not None:
            self.fleet.post(self, self.permits.want(self.now(), sim.core.permits(time)))
            self.fleet.post(self, self.permits.tick(self.now()))
        rows = self.fleet.heard(self)
        rules = self.config.limits.fleet.storm
        text = self.brake.look(time, rules, rows, self.fleet.released)
        if self.brake.known:
            sim._apply(sim.core.found(time, storm.JOB, [self.brake.finding()]))
        args = (self.config, self.name, rows, self.permits, True, text)
        sim._apply(sim.core.allow(time, allowed(self.now(), *args)))

    def rebuilding(self) -> bool:
        """Whether the kernel fills a member now."""
        return self.sim.server.array("md0").sync_action == "recover"

    def degraded(self) -> bool:
        """Whether the array lacks a member."""
        return self.sim.server.array("md0").degraded > 0

    def outcomes(self, result: Result) -> list[str]:
        """What became of adding the spare, with details."""
        return [
            o.detail
            for o in self.sim.core.outcomes
            if o.result is result and o.action.name == "array_add_spare"
        ]

    def firing(self) -> set[str]:
        """Rules that fire."""
        return {a.rule for a in self.sim.core.alerts() if a.state == "firing"}


class Fleet:
    """Hosts h1, h2, ..., all of which vote."""

    def __init__(self, place: Path, size: int = 3, **limits: Any) -> None:
        self.time = START
        self.random = Random(1)
        self.released = 0.0
        self.most = 0
        self.members: dict[str, Member] = {}
        self._rows: dict[str, dict[str, Any]] = {}
        self._dead: dict[str, float] = {}
        names = [f"h{n + 1}" for n in range(size)]
        data = {
            "mode": "act",
            "spares": [SPARE],
            "collectors": {name: {"enabled": name in ("md", "disk")} for name in COLLECTORS},
            "cluster": {"networks": [{"bind": "127.0.0.1"}]},
            "limits": {"fleet": {"voters": names, "storm": {"share": 0}, **limits}},
        }
        config = convert(parse(msgspec.json.encode(data), "test"), Config)
        for name in names:
            self.members[name] = Member(self, name, place / name, config)

    def post(self, sender: Member, letters: list[Letter]) -> None:
        """Letters arrive at once, and so do their answers."""
        for letter in letters:
            to = self.members[letter.to]
            if to.permits is not None and to.reachable and sender.reachable:
                self.post(to, to.permits.receive(to.now(), sender.name, letter.data))

    def heard(self, by: Member) -> list[dict[str, Any]]:
        """What a member knows of all; who is silent for some steps has failed."""
        rows = []
        for name, row in self._rows.items():
            other = self.members[name]
            apart = other is not by and not (by.reachable and other.reachable)
            failed = apart or self.time - self._dead.get(name, self.time) > 2 * STEP
            rows.append({**row, "status": "failed" if failed else "alive"})
        return rows

    def run(self, seconds: float) -> None:
        """Lets time pass, step by step."""
        for _ in range(int(seconds / STEP)):
            self.step()

    def until(self, condition: Any, seconds: float) -> bool:
        """Lets time pass until a condition holds."""
        for _ in range(int(seconds / STEP)):
            if condition():
                return True
            self.step()
        return bool(condition())

    def step(self) -> None:
        """One step of everything."""
        self.time += STEP
        for member in self.members.values():
            member.sim.server.advance(STEP)
        for member in self.members.values():
            if member.alive:
                member.turn()
        for name, member in self.members.items():
            if member.alive:
                self._rows[name] = member.row()
                self._dead.pop(name, None)
            else:
                self._dead.setdefault(name, self.time)
        self.most = max(self.most, sum(m.rebuilding() for m in self.members.values()))

    def hosts(self) -> list[Member]:
        """All members."""
        return list(self.members.values())
