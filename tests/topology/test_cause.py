"""One cause, one alert: three racks, in which one thing after the other is pulled."""

from collections.abc import Iterable

import msgspec

from hwagent.testing.racks import Racks
from hwagent.topology.cause import Cause, Firing, causes, firing
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
        self.pulled |= set(ids)
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


def beneath(cause: Cause) -> set[str]:
    return {c.component for c in cause.everything()} - {cause.component}


def test_a_switch_that_dies_is_the_one_cause_of_all_that_its_hosts_see():
    floor = Floor()
    floor.pull("switch:r2-sw1")
    (cause,) = floor.top()
    assert cause.component == "switch:r2-sw1"
    assert "r2h1, r2h2, r2h3 and 1 more" in cause.judged
    assert beneath(cause) == {
        *(f"nic:r2h{n}/eno1" for n in range(1, 5)),
        *(f"bond:r2h{n}/bond0" for n in range(1, 5)),
    }
    assert all(a.rule for c in cause.everything() for a in c.alerts)
    nics = {c.component: c for c in cause.follows}
    assert [c.component for c in nics["nic:r2h1/eno1"].follows] == ["bond:r2h1/bond0"]


def test_what_has_nothing_to_do_with_it_stays_a_cause_of_its_own():
    floor = Floor()
    floor.pull("switch:r2-sw1", "nic:r3h1/eno2")
    floor.add("r1h1", "disk:r1h1/sda", "DiskFailing")
    floor.add("r2h1", "fan:r2h1/1", "FanStopped")
    assert [c.component for c in floor.top()] == [
        "disk:r1h1/sda", "fan:r2h1/1", "switch:r2-sw1", "nic:r3h1/eno2",
    ]  # fmt: skip


def test_one_cable_is_a_cable_and_no_switch():
    floor = Floor()
    floor.pull("nic:r1h1/eno1")
    (cause,) = floor.top()
    assert cause.component == "nic:r1h1/eno1"
    assert beneath(cause) == {"bond:r1h1/bond0"}


def test_a_feed_that_dies_explains_the_switches_that_hang_on_it_alone():
    floor = Floor()
    floor.pull("feed:a")
    (cause,) = floor.top()
    assert cause.component == "feed:a"
    assert "psu:r1h1/PSU1" in beneath(cause)
    assert "nic:r3h4/eno1" in beneath(cause), "by way of switches that hang on that feed alone"


def test_a_rack_that_goes_dark_explains_its_hosts():
    floor = Floor()
    floor.pull("rack:r3")
    (cause,) = floor.top()
    assert cause.component == "rack:r3"
    assert beneath(cause) == {f"host:r3h{n}" for n in range(1, 5)}
    assert all(c.judged == "does not answer" for c in cause.follows)


def test_alerts_that_a_dead_host_told_last_follow_from_its_death():
    floor = Floor()
    floor.add("r1h1", "temperature:r1h1/cpu", "TemperatureCritical")
    floor.pull("host:r1h1")
    (cause,) = floor.top()
    assert (cause.component, beneath(cause)) == ("host:r1h1", {"temperature:r1h1/cpu"})


def test_a_monitor_that_is_contradicted_does_not_call_a_switch_dead():
    floor = Floor()
    floor.add("r1h1", "switch:r2-sw1", "SwitchUnreachable")
    floor.pull("nic:r2h1/eno1")
    tops = {c.component: c for c in floor.top()}
    assert set(tops) == {"switch:r2-sw1", "nic:r2h1/eno1"}
    assert tops["switch:r2-sw1"].judged == ""
    assert beneath(tops["switch:r2-sw1"]) == set(), "its other links are up"


def test_an_accusation_is_shown_with_the_switch_that_all_call_dead():
    floor = Floor()
    floor.add("r1h1", "switch:r2-sw1", "SwitchUnreachable")
    floor.pull("switch:r2-sw1")
    (cause,) = floor.top()
    assert [a.rule for a in cause.alerts] == ["SwitchUnreachable"]
    assert "bond:r2h4/bond0" in beneath(cause)


def test_who_reaches_nobody_is_cut_off_itself_and_does_not_call_the_world_dead():
    floor = Floor()
    others = [h for h in floor.racks.names if h != "r1h1"]
    (cause,) = causes(floor.fleet, [], others, me="r1h1")
    assert cause.component == "host:r1h1"
    assert "reaches 1 of 12 hosts" in cause.judged


def test_both_ends_of_a_cable_are_one_cause():
    floor = Floor()
    floor.pull("nic:r1h1/eno1")
    floor.add("r2h2", "port:r1-sw1/r1h1", "PortDown", "warning")
    (cause,) = floor.top()
    assert beneath(cause) == {"bond:r1h1/bond0", "port:r1-sw1/r1h1"}


def test_the_port_of_a_host_that_died_follows_from_its_death():
    floor = Floor()
    floor.pull("host:r1h1")
    floor.add("r2h2", "port:r1-sw1/r1h1", "PortDown", "warning")
    (cause,) = floor.top()
    assert (cause.component, beneath(cause)) == ("host:r1h1", {"port:r1-sw1/r1h1"})


def test_a_switch_without_any_host_of_ours_is_dead_if_it_does_not_answer():
    floor = Floor()
    floor.add("r1h1", "switch:core1", "SwitchUnreachable")
    floor.add("r2h1", "switch:core1", "SwitchUnreachable")
    (cause,) = floor.top()
    assert "does not answer" in cause.judged
    assert [a.host for a in cause.alerts] == ["r1h1", "r2h1"]


def test_two_switches_are_two_causes():
    floor = Floor()
    floor.pull("switch:r1-sw1", "switch:r3-sw2")
    assert [c.component for c in floor.top()] == ["switch:r1-sw1", "switch:r3-sw2"]


def test_components_of_alerts_get_the_name_of_their_host_unless_they_are_a_switch_s():
    told = {"rule": "R", "severity": "critical", "since": 1, "summary": "s"}
    named = [
        firing("h1", {**told, "component": id}, {"sw1"}).component
        for id in ("nic:eno1", "host:h1", "switch:sw1", "port:sw1/Ethernet1", "filesystem:/")
    ]
    assert named == [
        "nic:h1/eno1",
        "host:h1",
        "switch:sw1",
        "port:sw1/Ethernet1",
        "filesystem:h1//",
    ]
