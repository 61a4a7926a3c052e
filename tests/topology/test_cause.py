"""One cause, one alert: three racks, in which one thing after the other is pulled."""

from hwagent.topology.cause import Cause, causes, firing
from tests.topology.pulling import Floor


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
        for id in (
            "nic:eno1",
            "host:h1",
            "switch:sw1",
            "port:sw1/Ethernet1",
            "filesystem:/",
            "vip:10.0.0.1",
            "fleet:storm",
        )
    ]
    assert named == [
        "nic:h1/eno1",
        "host:h1",
        "switch:sw1",
        "port:sw1/Ethernet1",
        "filesystem:h1//",
        "vip:10.0.0.1",
        "fleet:storm",
    ]


def test_a_storm_follows_from_what_most_of_its_hosts_have_in_common():
    floor = Floor()
    floor.pull("feed:a")
    floor.add("r1h1", "fan:r1h1/1", "FanStopped")
    for host in floor.racks.names:
        floor.add(host, "fleet:storm", "FleetStorm")
    tops = {c.component: c for c in floor.top()}
    assert set(tops) == {"feed:a", "fan:r1h1/1"}
    assert "fleet:storm" in beneath(tops["feed:a"])


def test_a_storm_of_many_causes_stays_one():
    floor = Floor()
    for host in floor.racks.names:
        floor.add(host, f"disk:{host}/sda", "DiskFailing")
        floor.add(host, "fleet:storm", "FleetStorm")
    assert "fleet:storm" in {c.component for c in floor.top()}


def test_a_host_that_was_stopped_is_in_no_trouble_and_tells_nothing_of_its_switch():
    floor = Floor(hosts=3)
    floor.pull("nic:r2h1/eno1", "nic:r2h2/eno1")
    floor.add("r2h3", "fan:r2h3/1", "FanStopped")
    (cause,) = causes(floor.fleet, floor.alerts, left=["r2h3"])
    assert cause.component == "switch:r2-sw1"


def test_a_severity_that_is_not_known_counts_as_warning():
    told = {"component": "nic:a", "rule": "R", "severity": "doom", "since": 1, "summary": "s"}
    assert firing("h1", told, ()).severity == "warning"
