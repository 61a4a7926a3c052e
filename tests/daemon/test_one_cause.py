"""One cause, one message: six hosts in three racks, in virtual time."""

from tests.daemon.telling_world import HOLD, Said, World


def heads(told: list[Said]) -> list[tuple[str, str, str, str]]:
    return [(t.host, t.status, t.rule, t.component) for t in told]


def test_a_switch_that_dies_is_told_once_with_all_that_follows():
    world = World()
    world.floor.pull("switch:r2-sw1")
    (said,) = world.run(120)
    assert (said.rule, said.component, said.severity) == (
        "SwitchDown", "switch:r2-sw1", "critical",
    )  # fmt: skip
    assert said.host == "r1h1", "the lowest that lives"
    assert set(said.beneath) == {
        "nic:r2h1/eno1", "bond:r2h1/bond0", "nic:r2h2/eno1", "bond:r2h2/bond0",
    }  # fmt: skip
    assert said.at <= 2 * HOLD


def test_when_it_is_over_that_is_told_once_too():
    world = World()
    world.floor.pull("switch:r2-sw1")
    world.run(60)
    world.floor.mend("switch:r2-sw1")
    assert heads(world.run(60)) == [("r1h1", "resolved", "SwitchDown", "switch:r2-sw1")]


def test_a_symptom_that_is_seen_before_its_cause_does_not_go_out_first():
    world = World()
    world.floor.pull("nic:r2h1/eno1")
    assert world.run(HOLD - 3) == []
    world.floor.pull("switch:r2-sw1")
    (said,) = world.run(60)
    assert said.component == "switch:r2-sw1"


def test_a_cable_is_told_by_its_host_with_the_bond_beneath_it():
    world = World()
    world.floor.pull("nic:r2h1/eno1")
    (said,) = world.run(60)
    assert (said.host, said.rule, said.component) == ("r2h1", "NicLegDown", "nic:eno1")
    assert said.beneath == ("bond:r2h1/bond0",)


def test_a_critical_alert_that_can_follow_from_nothing_does_not_wait():
    world = World()
    world.floor.add("r1h2", "fan:r1h2/1", "FanStopped")
    (said,) = world.run(60)
    assert (said.host, said.at) == ("r1h2", 1)


def test_what_persists_after_its_cause_is_told_by_itself():
    world = World()
    world.floor.pull("switch:r2-sw1")
    world.run(60)
    world.floor.mend("switch:r2-sw1")
    world.floor.pull("nic:r2h2/eno1")
    first, second = world.run(60)
    assert (first.status, first.component) == ("resolved", "switch:r2-sw1")
    assert (second.host, second.rule, second.component) == ("r2h2", "NicLegDown", "nic:eno1")
    assert second.at - first.at >= HOLD - 1, "it could have ended a moment later"


def test_when_the_host_that_tells_dies_another_one_does():
    world = World()
    world.floor.pull("switch:r2-sw1")
    world.run(3)
    world.members["r1h1"].alive = False
    told = world.run(60)
    assert ("r1h2", "firing", "SwitchDown", "switch:r2-sw1") in heads(told)
    assert ("r1h2", "firing", "HostDown", "host:r1h1") in heads(told)
    assert len(told) == 2


def test_a_host_that_comes_with_a_lower_name_tells_nothing_twice():
    world = World()
    world.members["r1h1"].alive = False
    world.run(60)
    world.floor.pull("switch:r2-sw1")
    assert heads(world.run(60)) == [("r1h2", "firing", "SwitchDown", "switch:r2-sw1")]
    world.members["r1h1"].alive = True
    assert heads(world.run(60)) == [("r1h2", "resolved", "HostDown", "host:r1h1")]


def test_who_is_cut_off_tells_its_own_alerts_and_calls_nobody_dead():
    world = World()
    lonely = world.members["r2h1"]
    lonely.reachable = False
    world.run(30)
    world.floor.pull("switch:r2-sw1")
    told = world.run(60)
    assert {t.rule for t in told if t.host == "r2h1"} == {"NicLegDown", "BondDegraded"}


def test_a_host_that_hangs_is_waited_for_only_so_long():
    """It should tell, and says nothing: those that see symptoms tell them."""
    world = World()
    world.members["r1h1"].hangs = True
    world.floor.pull("switch:r2-sw1")
    assert world.run(3 * HOLD - 2) == []
    assert {t.component for t in world.run(HOLD)} == {"nic:eno1", "bond:bond0"}


def test_a_host_that_tells_other_people_or_is_of_an_older_version_counts_for_nothing():
    world = World()
    world.members["r1h1"].other = True
    world.floor.pull("switch:r2-sw1")
    assert ("r1h2", "firing", "SwitchDown", "switch:r2-sw1") in heads(world.run(60))


def test_who_cannot_reach_its_receivers_leaves_it_to_the_next():
    world = World()
    world.members["r1h1"].problem = "connection refused"
    world.floor.pull("switch:r2-sw1")
    assert ("r1h2", "firing", "SwitchDown", "switch:r2-sw1") in heads(world.run(60))


def test_a_rack_that_goes_dark_is_told_once_though_its_hosts_die_one_after_the_other():
    world = World()
    world.members["r3h1"].alive = False
    world.run(4)
    world.members["r3h2"].alive = False
    world.floor.pull("rack:r3")
    (said,) = world.run(60)
    assert (said.component, set(said.beneath)) == ("rack:r3", {"host:r3h1", "host:r3h2"})


def test_an_alert_on_a_switch_that_two_hosts_have_is_told_by_one():
    world = World()
    for host in ("r2h1", "r2h2"):
        world.floor.add(host, "switch:r2-sw1", "SwitchRestarted", "warning")
    assert heads(world.run(60)) == [("r2h1", "firing", "SwitchRestarted", "switch:r2-sw1")]


def test_a_switch_that_is_found_silent_after_it_was_told_is_not_told_again():
    world = World()
    world.floor.pull("switch:r2-sw1")
    world.run(60)
    world.floor.add("r1h1", "switch:r2-sw1", "SwitchUnreachable")
    assert world.run(60) == []


def test_a_cause_is_told_as_severely_as_the_worst_that_follows_and_again_if_that_comes_later():
    world = World()
    world.floor.pull("nic:r2h1/eno1")
    assert [t.severity for t in world.run(60)] == ["warning"]
    world.floor.add("r2h1", "bond:r2h1/bond0", "BondDown", "critical")
    (said,) = world.run(60)
    assert (said.component, said.severity) == ("nic:eno1", "critical")


def test_a_cause_that_comes_and_goes_keeps_its_symptom_from_nobody():
    world = World()
    told = []
    for _ in range(30):
        world.floor.pull("switch:r2-sw1")
        told += world.run(1)
        world.floor.mend("switch:r2-sw1")
        world.floor.pull("nic:r2h1/eno1")
        told += world.run(1)
    assert "nic:eno1" in {t.component for t in told}
