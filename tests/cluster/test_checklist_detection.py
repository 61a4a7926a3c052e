"""The checklist of gossip.md, section 7: finding the dead, and nobody else (items 1 to 11)."""

import os

import pytest

from hwagent.cluster.messages import Alive, Dead, Suspect
from hwagent.cluster.profile import LAN, LOCAL, WAN, Profile
from tests.cluster.sim import Net, Node

#: With HWAGENT_LONG=1 the long runs are as long as the checklist says.
LONG = bool(os.environ.get("HWAGENT_LONG"))


def dead_everywhere(net: Net, name: str) -> bool:
    return all(n.states().get(name) == "dead" for n in net.nodes.values() if n.up)


def bound(profile: Profile, size: int) -> float:
    """Until somebody probes it (99 %: five intervals), the round, the suspicion, the spreading."""
    return 7 * profile.probe_interval + profile.suspicion_min(size) * 1.5 + 2


@pytest.mark.parametrize("size", [2, 3, 5, 16, 64])
@pytest.mark.parametrize("seed", range(3))
def test_01_a_crash_is_seen_by_all_within_the_bound(size, seed):
    net = Net(seed)
    nodes = net.group(size)
    net.run(5)
    net.kill(nodes[-1])
    assert net.until(lambda: dead_everywhere(net, nodes[-1].name), bound(LAN, size))
    assert not net.believed_dead()


def test_02_nobody_alive_is_found_dead_at_ten_percent_loss():
    size, seconds = (1000, 3600) if LONG else (32, 200)
    net = Net(1, loss=0.1)
    nodes = net.group(size)
    net.run(seconds)
    assert net.believed_dead() == []
    assert all(len(n.swim.out.news) <= 2 * size for n in nodes)


def starve(net: Net, node: Node, seconds: float, still: float, awake: float) -> None:
    """The process gets no processor for ``still`` seconds, again and again."""
    end = net.now + seconds
    while net.now < end:
        net.pause(node)
        net.run(still)
        net.resume(node)
        net.run(awake)


@pytest.mark.parametrize(("still", "awake"), [(0.9, 0.1), (4, 0.5), (12, 0.2)])
def test_03_a_starved_member_fails_nobody_else(still, awake):
    net = Net(3)
    nodes = net.group(16)
    starve(net, nodes[0], 180, still, awake)
    assert [v for v in net.believed_dead() if v[1] != nodes[0].name] == []
    net.run(60)
    assert all(len(n.alive()) == 16 for n in nodes)


def test_04_health_falls_while_its_own_network_fails_and_recovers():
    net = Net(4)
    nodes = net.group(8)
    net.run(10)
    assert nodes[0].swim.awareness.score == 0
    net.cut([nodes[0]], nodes[1:])
    net.run(20)
    assert nodes[0].swim.awareness.score > 0
    assert all(n.swim.awareness.score == 0 for n in nodes[1:])
    net.run(120)
    assert nodes[0].swim.awareness.score <= LAN.awareness_max_multiplier - 1
    net.heal()
    assert net.until(lambda: nodes[0].swim.awareness.score == 0, 300)


@pytest.mark.parametrize("profile", [LAN, WAN, LOCAL], ids=["lan", "wan", "local"])
def test_05_a_true_crash_leaves_healthy_members_healthy_at_the_default_timings(profile):
    """Trap: late nacks. In memberlist each crash costs a healthy prober up to 3."""
    net = Net(5, profile)
    nodes = net.group(8)
    net.run(5)
    net.kill(nodes[3])
    worst = 0

    def seen() -> bool:
        nonlocal worst
        worst = max(worst, *(n.swim.awareness.score for n in nodes if n.up))
        return dead_everywhere(net, nodes[3].name)

    assert net.until(seen, 120)
    assert worst == 0


def test_05_nacks_that_come_after_the_round_are_ignored():
    net = Net(5)
    nodes = net.group(4)
    net.delay = (0.6, 0.7)  # everything later than a round lasts
    net.run(10)
    assert nodes[0].swim.awareness.score > 0, "the helpers' silence counts"
    net.delay = (0.001, 0.002)
    assert net.until(lambda: all(n.swim.awareness.score == 0 for n in nodes), 120)
    assert not net.believed_dead()


def test_06_one_accuser_twice_is_one():
    net = Net(6)
    nodes = net.group(8)
    members = nodes[0].swim.members
    for _ in range(5):
        members.suspect(net.now, Suspect("n5", members.get("n5").incarnation, "n1"))
    assert members.get("n5").suspicion.accusers == ["n1"]
    assert members.get("n5").suspicion.deadline == net.now + LAN.suspicion_max(8)


@pytest.mark.parametrize(("accusers", "seconds"), [(1, 24), (2, 11.38), (3, 4)])
def test_07_the_timer_is_the_formula_for_each_number_of_accusers(accusers, seconds):
    net = Net(7)
    members = net.group(8)[0].swim.members
    for i in range(accusers):
        members.suspect(net.now, Suspect("n5", members.get("n5").incarnation, f"n{i + 1}"))
    assert members.get("n5").suspicion.deadline - net.now == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize("size", [2, 3])
def test_08_a_group_of_two_or_three_uses_the_shortest_time(size):
    net = Net(8)
    members = net.group(size)[0].swim.members
    members.suspect(net.now, Suspect("n1", members.get("n1").incarnation, "n0"))
    assert members.get("n1").suspicion.deadline - net.now == LAN.suspicion_min(size) == 4


def test_09_who_is_suspected_hears_it_in_its_next_ping():
    """Lifeguard's buddy: the news queue is empty, only the ping can say it."""
    net = Net(9)
    nodes = net.group(4)
    net.run(30)
    net.tcp = False
    members = nodes[0].swim.members
    members.suspect(net.now, Suspect("n2", members.get("n2").incarnation, "n9"))
    assert not len(nodes[0].swim.out.news)
    assert net.until(lambda: bool(nodes[2].named("accused", "n2")), 8)
    assert net.until(lambda: nodes[0].states()["n2"] == "alive", 2)
    assert not net.believed_dead()


@pytest.mark.parametrize("incarnation", [1, 2**32, 2**63 - 1])
def test_10_a_refutation_outdoes_any_accusation(incarnation):
    net = Net(10)
    nodes = net.group(4)
    said = Suspect("n2", incarnation, "n9")
    for node in nodes:
        node.swim._follow(node.swim.members.suspect(net.now, said))
        node.act(node.swim._done(net.now))
    assert net.until(lambda: all(n.states()["n2"] == "alive" for n in nodes), 10)
    assert not net.believed_dead()


def test_11_what_is_stale_brings_nobody_back():
    net = Net(11)
    nodes = net.group(5)
    stale = nodes[4].swim.members.me.alive
    net.kill(nodes[4])
    assert net.until(lambda: dead_everywhere(net, "n4"), 60)
    for node in nodes[:4]:
        for said in (stale, Dead("n4", 0, "n9"), Suspect("n4", 0, "n9")):
            before = node.swim.members.get("n4").incarnation
            if isinstance(said, Alive):
                node.swim.members.alive(net.now, said)
            elif isinstance(said, Dead):
                node.swim.members.dead(net.now, said)
            else:
                node.swim.members.suspect(net.now, said)
            assert node.swim.members.get("n4").incarnation == before
    net.run(60)
    assert dead_everywhere(net, "n4")


def first_accusation(size: int, seed: int) -> float:
    net = Net(seed)
    nodes = net.group(size)
    net.run(3)
    net.kill(nodes[-1])
    start = net.now
    assert net.until(lambda: any(n.named("suspected") for n in nodes), 30, every=0.01)
    return net.now - start


def test_detection_does_not_take_longer_in_a_larger_group():
    """SWIM: the time to the first accusation does not depend on the size."""
    mean = {n: sum(first_accusation(n, seed) for seed in range(6)) / 6 for n in (8, 48)}
    assert mean[48] < mean[8] + 1.5
