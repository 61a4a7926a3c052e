"""Hosts of three racks that tell people of what is pulled there, in virtual time.

All see the same racks; what a host says is heard by the others one second later.
"""

from typing import Any, NamedTuple

import msgspec

from hwagent.config.schema import Notify
from hwagent.config.units import Duration
from hwagent.daemon.picture import Own, Part
from hwagent.model import Alert, AlertState, Severity
from hwagent.respond.notify import Picture, Schedule
from hwagent.topology.cause import Firing, causes
from hwagent.topology.telling import Teller, may_follow
from tests.topology.pulling import Floor

HOLD = 10
NOW = 1_700_000_000.0


class Said(NamedTuple):
    """One alert as people were told of it, ``at`` seconds after the start."""

    at: float
    host: str
    status: str
    rule: str
    component: str
    severity: str
    beneath: tuple[str, ...]


class Member:
    """One host: what it has told, and what it says that it tells."""

    def __init__(self, world: "World", name: str) -> None:
        self.world, self.name = world, name
        self.schedule = Schedule(Notify(hold=Duration(HOLD)), name)
        self.schedule.explained(NOW, Picture(shared=True))
        self.part = Part(name)
        self.alive = self.reachable = True
        #: It is alive and does nothing; it is of an older version, or tells other people.
        self.hangs = self.other = False
        self.problem = ""
        self.firing: dict[tuple[str, str], Alert] = {}

    def row(self) -> Teller:
        """What the others hear of it."""
        return Teller(self.name, self.part.tells, not self.schedule.failing())

    def turn(self, rows: list[Teller], dead: list[str], alerts: list[Firing]) -> None:
        """One second."""
        now = self.world.now
        own = {(f.rule, f.component): _alert(f, now) for f in alerts if f.host == self.name}
        news = [alert for key, alert in own.items() if key not in self.firing]
        over = [alert for key, alert in self.firing.items() if key not in own]
        self.firing = {key: self.firing.get(key, alert) for key, alert in own.items()}
        resolved = [msgspec.structs.replace(a, state=AlertState.RESOLVED) for a in over]
        deliveries = self.schedule.changed(now, [*news, *resolved])
        deliveries += self.schedule.explained(now, self._picture(rows, dead, alerts))
        deliveries += self.schedule.tick(now)
        for delivery in deliveries:
            self.schedule.delivered(now, delivery.receiver, self.problem)
            if not self.problem:
                self.world.hear(self.name, delivery.payload)

    def _picture(self, rows: list[Teller], dead: list[str], alerts: list[Firing]) -> Picture:
        if 2 * len(dead) > len(self.world.members):
            return Picture()
        graph = self.world.floor.fleet.graph
        own = {
            (f.rule, f.component): Own(
                self.firing[f.rule, f.component].key,
                may_follow(graph, f.component, self.name, f.severity == "critical"),
            )
            for f in alerts
            if f.host == self.name
        }
        found = causes(self.world.floor.fleet, alerts, dead)
        return self.part.look(found, [self.row(), *rows], own)


class World:
    """Racks with hosts in them; ``told`` is all that people heard."""

    def __init__(self, racks: int = 3, hosts: int = 2) -> None:
        self.floor = Floor(racks, hosts)
        self.now = NOW
        self.members = {name: Member(self, name) for name in self.floor.racks.names}
        self.told: list[Said] = []

    def run(self, seconds: int) -> list[Said]:
        """Lets time pass; what people were told meanwhile."""
        before = len(self.told)
        for _ in range(seconds):
            self._step()
        return self.told[before:]

    def _step(self) -> None:
        self.now += 1
        dead = {*self.floor.dead(), *(m.name for m in self.members.values() if not m.alive)}
        rows = {name: m.row() for name, m in self.members.items() if not m.other}
        for name, member in self.members.items():
            if name in dead or member.hangs:
                continue
            lost = {n for n, m in self.members.items() if not (m.reachable and member.reachable)}
            lost = (lost | dead) - {name}
            seen = [f for f in self.floor.alerts if f.host not in lost]
            heard = [row for n, row in rows.items() if n != name and n not in lost]
            member.turn(heard, sorted(lost), seen)

    def hear(self, host: str, payload: dict[str, Any]) -> None:
        """A message has arrived."""
        for item in payload["alerts"]:
            at = self.now - NOW
            words = (item["status"], item["rule"], item["component"], item["severity"])
            self.told.append(Said(at, host, *words, tuple(item["beneath"])))


def _alert(firing: Firing, now: float) -> Alert:
    """An alert as its host has it: without the host's name."""
    kind, _, name = firing.component.partition(":")
    return Alert(
        rule=firing.rule,
        component=f"{kind}:{name.removeprefix(f'{firing.host}/')}",
        kind=kind,
        state=AlertState.FIRING,
        severity=Severity(firing.severity),
        since=now,
    )
