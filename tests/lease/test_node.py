"""Hosts of a group together, on a network that loses nothing and takes no time."""

from random import Random

import pytest

from hwagent.lease import (
    AddAddress,
    DelAddress,
    Group,
    Node,
    Report,
    Send,
    SetGate,
    Standing,
    Word,
    decode,
    encode,
)
from hwagent.lease.effects import Effect
from hwagent.lease.messages import Heartbeat
from tests.lease.groups import ABC, OTHER, VIP, at, electorate, group


class Rack:
    """Nodes by name; what they do is done at once, what they send arrives at once."""

    def __init__(self, its_group: Group, *names: str) -> None:
        self.time = 0.0
        self.down: set[str] = set()
        self.gates: dict[str, dict[str, float]] = {name: {} for name in names}
        self.reports: list[tuple[str, str, str]] = []
        self.packets = 0
        self.nodes = {
            name: Node(at(0), name, i, its_group, Random(i)) for i, name in enumerate(names, 1)
        }

    def fit(self, name: str, *vips: str, rank: int = 0, willing: bool = True) -> None:
        word = Word({vip: Standing(rank, willing) for vip in vips}, at(self.time + 60).boot)
        self.do(name, self.nodes[name].fitness(at(self.time), word))

    def do(self, name: str, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, SetGate):
                self.gates[name] |= dict.fromkeys(effect.vips, effect.deadline - 1000)
            elif isinstance(effect, Report):
                self.reports.append((name, effect.vip, effect.type))
            elif isinstance(effect, Send):
                self.deliver(name, effect)

    def deliver(self, name: str, effect: Send) -> None:
        self.packets += 1
        target = effect.to.split(".")[0]
        if target in self.nodes and not self.down & {name, target}:
            message = decode(encode(effect.message))
            answer = self.nodes[target].receive(at(self.time), f"{name}.0", message)
            self.do(target, answer)

    def run(self, seconds: float) -> None:
        """Wakes each node when it wants to be woken."""
        end = self.time + seconds
        while (now := min(node.due() for node in self.nodes.values()) - 1000) <= end:
            self.time = max(self.time, now + 1e-6)
            for name, node in self.nodes.items():
                if node.due() <= at(self.time).boot and name not in self.down:
                    self.do(name, node.tick(at(self.time)))
                elif name in self.down:
                    node.tick(at(self.time))
        self.time = end

    def owners(self, vip: str = VIP) -> list[str]:
        return [n for n, gates in self.gates.items() if gates.get(vip, 0.0) > self.time]


@pytest.mark.parametrize("names", ["a", "ab", "abc", "abcde"])
def test_a_group_has_one_owner_once_the_voters_speak(names: str) -> None:
    rack = Rack(group(electorate(*names)), *names)
    for rank, name in enumerate(names):
        rack.fit(name, VIP, rank=rank)
    rack.run(0.25)
    assert rack.owners() == []
    rack.run(0.75)
    assert rack.owners() == ["a"]
    rack.run(3)
    assert rack.owners() == ["a"]
    assert [r for r in rack.reports if r[2] == "held"] == [("a", VIP, "held")]


def test_a_crash_costs_the_rest_of_the_lease() -> None:
    rack = Rack(group(), *"abc")
    for rank, name in enumerate("abc"):
        rack.fit(name, VIP, rank=rank)
    rack.run(2)
    assert rack.owners() == ["a"]
    crashed, ends = rack.time, rack.gates["a"][VIP]
    rack.down.add("a")
    while rack.owners() != ["b"]:
        rack.run(0.001)
        assert rack.time < crashed + 0.31
    assert rack.time > ends


def test_a_planned_move_takes_no_time_but_the_packets() -> None:
    rack = Rack(group(), *"abc")
    for rank, name in enumerate("abc"):
        rack.fit(name, VIP, OTHER, rank=rank)
    rack.run(2)
    rack.do("a", rack.nodes["a"].move(at(rack.time), VIP, "c"))
    assert (rack.owners(VIP), rack.owners(OTHER)) == (["c"], ["a"])
    rack.run(2)
    assert (rack.owners(VIP), rack.owners(OTHER)) == (["c"], ["a"])


@pytest.mark.parametrize("rank", [1, 9, 2000])
def test_a_move_goes_at_once_to_any_willing_host_whatever_its_rank(rank: int) -> None:
    rack = Rack(group(members={"m": ("m.0",)}), *"abcm")
    rack.fit("a", VIP)
    rack.fit("b", VIP, rank=1)
    rack.fit("m", VIP, rank=rank)
    rack.run(2)
    rack.do("a", rack.nodes["a"].move(at(rack.time), VIP, "m"))
    assert rack.owners() == ["m"]
    rack.run(2)
    assert rack.owners() == ["m"]


def test_a_move_to_a_host_that_does_not_take_it_leaves_it_where_it_is() -> None:
    rack = Rack(group(), *"abc")
    rack.fit("a", VIP)
    rack.fit("b", VIP, rank=1, willing=False)
    rack.fit("c", VIP, rank=2)
    rack.run(2)
    rack.do("a", rack.nodes["a"].move(at(rack.time), VIP, "b"))
    for _ in range(100):
        rack.run(0.01)
        assert rack.owners() == ["a"]
    rack.fit("b", VIP, rank=1)
    rack.run(1)
    assert rack.owners() == ["a"], "nobody waits for it any more"
    assert [r[2] for r in rack.reports if r[1] == VIP] == ["held"]
    rack.do("a", rack.nodes["a"].move(at(rack.time), VIP, "b"))
    assert rack.owners() == ["b"]


def test_a_move_to_a_host_whose_agent_is_silent_leaves_it_where_it_is() -> None:
    rack = Rack(group(), *"abc")
    rack.fit("a", VIP)
    rack.fit("b", VIP, rank=1)
    rack.fit("c", VIP, rank=2)
    rack.run(2)
    rack.nodes["b"].prolong(at(rack.time).boot)
    rack.do("a", rack.nodes["a"].move(at(rack.time), VIP, "b"))
    rack.run(2)
    assert rack.owners() == ["a"]


def test_an_offer_that_is_lost_is_made_again() -> None:
    rack = Rack(group(), *"abc")
    rack.fit("a", VIP)
    rack.fit("b", VIP, rank=1)
    rack.run(2)
    rack.down.add("b")
    rack.do("a", rack.nodes["a"].move(at(rack.time), VIP, "b"))
    rack.run(0.05)
    rack.down.clear()
    assert rack.owners() == ["a"]
    rack.run(0.06)
    assert rack.owners() == ["b"]


def test_the_address_is_there_while_the_gate_is_open() -> None:
    rack = Rack(group(), *"abc")
    rack.fit("a", VIP)
    seen: list[Effect] = []
    perform = rack.do
    rack.do = lambda name, effects: (seen.extend(effects), perform(name, effects))[1]
    rack.run(1)
    rack.do("a", rack.nodes["a"].close(at(rack.time)))
    local = [e for e in seen if isinstance(e, AddAddress | SetGate | DelAddress)]
    assert isinstance(local[0], AddAddress)
    assert isinstance(local[-1], DelAddress)
    assert local[-2] == SetGate((VIP,), 0.0)


def test_the_will_frees_what_a_dead_holder_held() -> None:
    rack = Rack(group(), *"abc")
    rack.fit("a", VIP)
    rack.fit("b", VIP, rank=1)
    rack.run(2)
    will = rack.nodes["a"].will()
    rack.down.add("a")
    rack.gates["a"].clear()
    for name in "bc":
        rack.do(name, rack.nodes[name].receive(at(rack.time), "a.0", will))
    rack.run(0.06)
    assert rack.owners() == ["b"]


def test_an_unfit_owner_hands_over_and_keeps_it_if_nobody_is_fit() -> None:
    rack = Rack(group(), *"abc")
    rack.fit("a", VIP)
    rack.run(2)
    rack.fit("a", VIP, willing=False)
    rack.run(2)
    assert rack.owners() == ["a"]
    rack.fit("c", VIP, rank=1)
    rack.run(0.5)
    assert rack.owners() == ["c"]


def test_preemption_brings_a_vip_back_and_stickiness_does_not() -> None:
    for preempt, owner in ((True, "a"), (False, "b")):
        rack = Rack(group(preempt=preempt), *"abc")
        rack.fit("b", VIP, rank=1)
        rack.run(1)
        rack.fit("a", VIP)
        rack.run(2)
        assert rack.owners() == [owner]


def test_a_member_without_a_vote_may_own() -> None:
    its_group = group(members={"m": ("m.0",)})
    rack = Rack(its_group, *"abcm")
    rack.fit("m", VIP)
    rack.run(2)
    assert rack.owners() == ["m"]


def test_voters_are_replaced_without_a_gap() -> None:
    new = electorate("c", "d", "e")
    rack = Rack(group(), *"abcde")
    rack.fit("c", VIP)
    rack.run(2)
    both = group(new, previous=ABC)
    for name, node in rack.nodes.items():
        rack.do(name, node.reconfigure(at(rack.time), both))
        rack.run(0.07)
    for name, node in rack.nodes.items():
        rack.do(name, node.reconfigure(at(rack.time), group(new)))
        rack.run(0.07)
    rack.run(1)
    rack.down |= {"a", "b", "d"}
    rack.run(2)
    assert rack.owners() == ["c"]
    assert [r[2] for r in rack.reports if r[1] == VIP] == ["held"]


def test_a_voter_set_that_does_not_name_the_one_before_is_refused() -> None:
    node = Node(at(0), "a", 1, group(), Random(1))
    with pytest.raises(ValueError, match="declare"):
        node.reconfigure(at(0), group(electorate("a", "b")))


def test_a_minority_owns_nothing() -> None:
    rack = Rack(group(electorate(*"abcde")), *"abcde")
    for rank, name in enumerate("abcde"):
        rack.fit(name, VIP, rank=rank)
    rack.run(2)
    rack.down |= {"c", "d", "e"}
    rack.run(1)
    assert rack.owners() == []
    rack.down.clear()
    rack.run(1)
    assert len(rack.owners()) == 1


def cut(rack: Rack) -> None:
    """Each hears itself only."""
    deliver = rack.deliver
    rack.deliver = lambda name, e: deliver(name, e) if e.to.startswith(name) else None


def test_where_one_voter_is_enough_two_hosts_settle_after_a_partition() -> None:
    rack = Rack(group(electorate(*"ab"), quorum="any"), *"ab")
    rack.fit("a", VIP)
    rack.fit("b", VIP, rank=1)
    rack.run(2)
    assert rack.owners() == ["a"]
    deliver = rack.deliver
    cut(rack)
    rack.run(2)
    assert rack.owners() == ["a", "b"]
    rack.deliver = deliver
    rack.run(1)
    assert rack.owners() == ["b"]
    assert ("b", VIP, "conflict") in rack.reports


def test_of_two_that_are_cut_off_the_one_without_the_gateway_goes_silent() -> None:
    rack = Rack(group(electorate(*"ab"), quorum="any"), *"ab")
    rack.fit("a", VIP)
    rack.fit("b", VIP, rank=1)
    rack.run(2)
    assert rack.owners() == ["a"]
    deliver = rack.deliver
    cut(rack)
    rack.nodes["a"].alone(False)
    for _ in range(100):
        rack.run(0.01)
        assert len(rack.owners()) <= 1
    assert rack.owners() == ["b"]
    rack.nodes["b"].alone(False)
    rack.run(1)
    assert rack.owners() == []
    rack.nodes["a"].alone(True)
    rack.run(1)
    assert rack.owners() == ["a"]
    rack.nodes["b"].alone(True)
    rack.deliver = deliver
    rack.run(2)
    assert len(rack.owners()) == 1


def test_a_gateway_that_is_silent_costs_nothing_while_the_other_host_answers() -> None:
    rack = Rack(group(electorate(*"ab"), quorum="any"), *"ab")
    rack.nodes["a"].alone(False)
    rack.nodes["b"].alone(False)
    rack.fit("a", VIP)
    rack.fit("b", VIP, rank=1)
    rack.run(3)
    assert rack.owners() == ["a"]
    assert [r[2] for r in rack.reports] == ["held"]


def asked(rack: Rack) -> int:
    """Packets of a host that is cut off with one that nobody answers, in ten seconds."""
    rack.fit("a", VIP)
    rack.run(2)
    cut(rack)
    rack.run(1)
    before = rack.packets
    rack.run(10)
    return rack.packets - before


def test_a_host_that_is_cut_off_asks_no_more_often_than_one_of_a_minority() -> None:
    pair = Rack(group(electorate(*"ab"), quorum="any"), *"ab")
    pair.nodes["a"].alone(False)
    assert asked(pair) <= asked(Rack(group(electorate(*"ab")), *"ab"))


def test_messages_of_another_group_are_nobodys() -> None:
    node = Node(at(0), "a", 1, group(), Random(1))
    beat = Heartbeat(group="x", owner="b", nonce=2, seq=1, sets=group().sets, lease=300, digest=1)
    assert node.receive(at(1), "b.0", beat) == []


def test_a_thousand_vips_are_renewed_by_one_packet_to_each_voter() -> None:
    vips = [f"10.1.{i // 250}.{i % 250}" for i in range(1000)]
    rack = Rack(group(), *"abc")
    rack.fit("a", *vips)
    rack.run(2)
    assert all(rack.owners(vip) == ["a"] for vip in vips)
    before = rack.packets
    rack.run(1)
    assert rack.packets - before == pytest.approx(60, abs=6)
