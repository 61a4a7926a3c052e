"""A fleet of racks in which things are pulled."""

from collections.abc import Iterable

import msgspec

from hwagent.testing.racks import Racks
from hwagent.topology.cause import Cause, Firing, causes
from hwagent.topology.fleet import Fleet
from hwagent.topology.graph import Node


class Floor:
    """A fleet of three racks, in which things are pulled; hosts tell what they then see."""

    def __init__(self, racks: int = 3, hosts: int = 4) -> None:
        self.racks = Racks(racks, hosts)
        self.fleet = Fleet()
        self.pulled: set[str] = set()
        self.alerts: list[Firing] = []
        for host, nodes in self.racks.parts():
            self.fleet.take(host, nodes)

    def pull(self, *ids: str, alive: Iterable[str] = ()) -> None:
        """Fails components; every host that is left tells which of its cards and supplies are off,
        and has the alerts that its rules would fire."""
        self._look({*self.pulled, *ids}, alive)

    def mend(self, *ids: str) -> None:
        """Puts components right again; of alerts only those are left that hosts would still see."""
        self.alerts = []
        self._look(self.pulled - set(ids))

    def _look(self, pulled: set[str], alive: Iterable[str] = ()) -> None:
        self.pulled = pulled
        down = self.fleet.graph.down(self.pulled)
        for host, nodes in self.racks.parts():
            if f"host:{host}" in down and host not in alive:
                continue
            self.fleet.take(host, [_seen(node, host, down) for node in nodes])
            for node in nodes:
                self._fire(host, node, down)

    def dead(self) -> list[str]:
        """Hosts that do not answer."""
        return [h for h in self.racks.names if f"host:{h}" in self.fleet.graph.down(self.pulled)]

    def top(self, me: str = "") -> list[Cause]:
        """The top-level causes."""
        return causes(self.fleet, self.alerts, self.dead(), me)

    def _fire(self, host: str, node: Node, down: set[str]) -> None:
        lost = any(c in down for c in self.fleet.graph.below(node.id))
        own = node.id.partition(":")[2].startswith(f"{host}/")
        if own and node.kind == "nic" and node.id in down:
            self.add(host, node.id, "NicLegDown", "warning")
        elif own and node.kind == "psu" and node.id in down:
            self.add(host, node.id, "PsuOffline", "critical")
        elif own and node.kind == "bond" and lost:
            worse = node.id in down
            self.add(host, node.id, "BondDown" if worse else "BondDegraded", "warning")

    def add(self, host: str, component: str, rule: str, severity: str = "critical") -> None:
        """One more alert."""
        one = Firing(host=host, component=component, rule=rule, severity=severity)
        self.alerts.append(one)


def _seen(node: Node, host: str, down: set[str]) -> Node:
    own = node.kind in ("nic", "psu") and node.id.partition(":")[2].startswith(f"{host}/")
    state = "down" if own and node.id in down else ""
    return msgspec.structs.replace(node, state=state)
