"""The holder's decisions, against a simulated kernel."""

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hwagent.vip.effects import AddAddress, Announce, DelAddress, Effect, Place, Report
from hwagent.vip.ground import FORGIVING
from hwagent.vip.machine import ADOPTION, FIGHT, RETRY, TRUCE, Machine
from hwagent.vip.preparation import STARTING
from hwagent.vip.protocol import Vip
from hwagent.vip.ward import Word

A, B = "10.0.0.10/24", "fd00::10/64"
ETH0, ETH1 = Place("eth0", A), Place("eth1", A)
BOTH = ("eth0", "eth1")


class Host:
    """A machine with a kernel that does what it is told, and its own clock."""

    def __init__(self, *addresses: str, interfaces: tuple[str, ...] = BOTH) -> None:
        self.now = 1000.0
        self.machine = Machine(self.now)
        self.present: dict[Place, bool] = {}
        self.up = dict.fromkeys(BOTH, True)
        self.done: list[Effect] = []
        self.reports: list[Report] = []
        self.refuses: Callable[[Effect], str] = lambda _: ""
        self.machine.links(dict(self.up))
        if addresses:
            self.plan(*addresses, interfaces=interfaces)

    def settle(self) -> None:
        """Does all that the machine wants."""
        for _ in range(20):
            effects = self.machine.step(self.now)
            if not effects:
                break
            for effect in effects:
                self._perform(effect)
        self.reports += self.machine.news(self.now)

    def _perform(self, effect: Effect) -> None:
        if reason := self.refuses(effect):
            self.machine.failed(self.now, effect, reason)
            return
        self.done.append(effect)
        if isinstance(effect, AddAddress):
            assert effect.place not in self.present
            self.present[effect.place] = True
        elif isinstance(effect, DelAddress):
            del self.present[effect.place]

    def plan(self, *addresses: str, interfaces: tuple[str, ...] = BOTH) -> None:
        self.machine.plan(self.now, [Vip(address, interfaces) for address in addresses])
        self.settle()

    def fit(self, ttl: float = 5.0) -> None:
        self.machine.fitness(Word(True, "", self.now + ttl))
        self.settle()

    def unfit(self, reason: str) -> None:
        self.machine.fitness(Word(False, reason, self.now))
        self.settle()

    def link(self, name: str, up: bool) -> None:
        self.up[name] = up
        self.machine.links(dict(self.up))
        self.settle()

    def look(self) -> None:
        """The machine sees the kernel's addresses."""
        self.machine.addresses(self.now, dict(self.present))
        self.settle()

    def steal(self, place: Place) -> None:
        """Somebody else deletes an address."""
        self.present.pop(place, None)
        self.look()

    def wait(self, seconds: float) -> None:
        """Time passes; the machine is asked whenever it wants to be."""
        end = self.now + seconds
        while (due := self.machine.due(self.now)) is not None and due <= end:
            self.now = max(due, self.now + 0.0001)
            self.settle()
        self.now = max(end, self.now)
        self.settle()

    @property
    def ours(self) -> list[Place]:
        return [place for place, ours in self.present.items() if ours]

    def state(self, address: str = A) -> tuple[str, str]:
        ward = next(ward for ward in self.machine.wards() if ward.address == address)
        return ward.state, ward.reason

    def announced(self) -> list[Place]:
        return [effect.place for effect in self.done if isinstance(effect, Announce)]


def test_held_on_plan_and_word_and_announced() -> None:
    host = Host(A, B)
    assert host.state() == ("released", "no word of the agent yet")
    host.fit()
    assert host.ours == [ETH0, Place("eth0", B)]
    assert host.announced() == [ETH0, Place("eth0", B)]
    assert [(r.type, r.interface) for r in host.reports] == [("held", "eth0")] * 2


def test_the_word_runs_out_and_the_address_goes() -> None:
    host = Host(A)
    host.fit(ttl=5)
    host.wait(4.9)
    assert host.ours == [ETH0]
    host.wait(0.2)
    assert host.ours == []
    assert host.state() == ("released", "the agent's last word has run out")


def test_a_word_that_is_repeated_keeps_the_address_without_a_change() -> None:
    host = Host(A)
    for _ in range(10):
        host.fit(ttl=5)
        host.wait(1)
    assert host.ours == [ETH0]
    assert sum(isinstance(effect, AddAddress) for effect in host.done) == 1


def test_a_word_that_comes_too_late_counts_for_nothing() -> None:
    host = Host(A)
    host.fit(ttl=-1)
    assert host.ours == []


def test_unfit_gives_up_at_once_and_says_why() -> None:
    host = Host(A)
    host.fit()
    host.unfit("ArrayFailed on array:md0")
    assert host.ours == []
    assert host.state() == ("released", "unfit: ArrayFailed on array:md0")
    assert host.reports[-1] == Report(A, "released", "", "unfit: ArrayFailed on array:md0")


def test_a_pulled_cable_moves_it_and_it_stays_there() -> None:
    host = Host(A)
    host.fit(600)
    host.link("eth0", False)
    assert host.ours == [ETH1]
    host.link("eth0", True)
    assert host.ours == [ETH1]
    host.link("eth1", False)
    assert host.ours == [ETH0]
    assert host.announced() == [ETH0, ETH1, ETH0]


def test_the_old_place_is_left_before_the_new_one_is_taken() -> None:
    host = Host(A)
    host.fit(600)
    host.link("eth0", False)
    assert host.done[-3:] == [DelAddress(ETH0), AddAddress(ETH1), Announce(ETH1)]


def test_a_moved_address_is_announced_for_five_seconds_and_only_where_it_is() -> None:
    host = Host(A)
    host.fit(600)
    host.wait(0.5)
    host.link("eth0", False)
    host.done.clear()
    host.wait(10)
    assert host.announced() == [ETH1] * 3


def test_no_carrier_anywhere_is_released_and_comes_back() -> None:
    host = Host(A)
    host.fit(600)
    host.link("eth0", False)
    host.link("eth1", False)
    assert host.ours == []
    assert host.state() == ("released", "no carrier on eth0, eth1")
    host.link("eth1", True)
    assert host.ours == [ETH1]


def test_a_link_that_went_and_came_is_announced_on_again() -> None:
    host = Host(A)
    host.fit(600)
    host.wait(20)
    host.done.clear()
    host.machine.flapped(host.now, "eth0")
    host.settle()
    assert host.announced() == [ETH0]


def test_deleted_by_somebody_it_is_put_back_and_announced() -> None:
    host = Host(A)
    host.fit(600)
    host.wait(20)
    host.done.clear()
    host.steal(ETH0)
    assert host.done == [AddAddress(ETH0), Announce(ETH0)]
    assert [r.type for r in host.reports] == ["held", "put_back"]


def test_deleted_again_it_is_given_up_for_a_while() -> None:
    host = Host(A)
    host.fit(600)
    host.steal(ETH0)
    host.wait(FIGHT / 2)
    host.steal(ETH0)
    assert host.ours == []
    assert host.state()[0] == "conflict"
    assert host.reports[-1].type == "conflict"
    host.wait(TRUCE + 1)
    assert host.ours == [ETH0]


def test_deleted_now_and_then_it_is_put_back_each_time() -> None:
    host = Host(A)
    host.fit(3600)
    for _ in range(5):
        host.wait(FIGHT + 1)
        host.steal(ETH0)
        assert host.ours == [ETH0]


def test_an_address_that_went_with_its_link_was_stolen_by_nobody() -> None:
    host = Host(B)
    host.fit(600)
    place = Place("eth0", B)
    for _ in range(3):  # IPv6 addresses go when the link is switched off
        host.machine.flapped(host.now, "eth0")
        host.steal(place)
        assert host.state(B)[0] == "held"
    assert host.ours == [place]


def test_what_the_guardian_took_during_a_stall_is_put_back_without_complaint() -> None:
    host = Host(A)
    host.fit(600)
    for _ in range(3):
        host.wait(FORGIVING + 1)
        host.machine.stalled(host.now)
        host.steal(ETH0)
    assert host.ours == [ETH0]
    assert [r.type for r in host.reports] == ["held"]


def test_a_foreign_address_is_a_conflict_and_is_not_touched() -> None:
    host = Host()
    host.present = {Place("eth1", "10.0.0.10/32"): False}
    host.look()
    host.plan(A)
    host.fit(600)
    assert host.done == []
    assert host.state() == ("conflict", "configured on eth1 by somebody else")
    host.present.clear()
    host.look()
    assert host.ours == [ETH0]


def test_the_same_address_on_an_interface_outside_the_plan_does_not_matter() -> None:
    host = Host()
    host.present = {Place("lo", "10.0.0.10/32"): False}
    host.look()
    host.plan(A)
    host.fit()
    assert host.ours == [ETH0]


def test_an_address_that_lost_its_tag_is_still_ours() -> None:
    host = Host(A)
    host.fit()
    host.present[ETH0] = False
    host.look()
    host.unfit("x")
    assert host.present == {}


@pytest.mark.parametrize("where", [ETH0, ETH1])
def test_a_tagged_address_of_the_holder_before_is_adopted(where: Place) -> None:
    host = Host()
    host.present = {where: True}
    host.look()
    host.plan(A)
    host.fit()
    assert host.done == [Announce(where)]
    assert host.ours == [where]


def test_of_two_tagged_ones_one_is_kept() -> None:
    host = Host()
    host.present = {ETH0: True, ETH1: True}
    host.look()
    host.plan(A)
    host.fit()
    assert host.ours == [ETH0]


def test_tagged_addresses_that_nobody_wants_go() -> None:
    host = Host()
    host.present = {ETH0: True, Place("eth0", "10.0.0.99/24"): True, Place("eth0", B): False}
    host.look()
    assert len(host.ours) == 2
    host.plan(A)
    assert host.ours == [ETH0]
    host.wait(ADOPTION + 0.1)
    assert host.present == {Place("eth0", B): False}


def test_a_new_plan_leaves_what_stays_alone() -> None:
    host = Host(A, B)
    host.fit(600)
    host.wait(20)
    host.done.clear()
    host.plan(A)
    assert host.done == [DelAddress(Place("eth0", B))]
    assert host.reports[-1] == Report(B, "released", "", "not in the plan any more")


def test_a_new_order_of_interfaces_moves_nothing_but_a_lost_interface_does() -> None:
    host = Host(A)
    host.fit(600)
    host.plan(A, interfaces=("eth1", "eth0"))
    assert host.ours == [ETH0]
    host.plan(A, interfaces=("eth1",))
    assert host.ours == [ETH1]


def test_one_ip_twice_in_a_plan_is_refused_and_the_old_plan_stays() -> None:
    host = Host(A)
    host.fit()
    with pytest.raises(ValueError, match="stands twice"):
        host.plan(A, "10.0.0.10/32")
    host.settle()
    assert host.ours == [ETH0]


def test_what_leaves_the_plan_is_announced_no_more_and_its_time_means_nothing() -> None:
    host = Host()
    host.machine.plan(host.now, [Vip(A, BOTH, "", 5.0, 20.0), Vip(B, BOTH)])
    host.fit(600)
    assert host.state() == ("preparing", STARTING)
    assert host.announced() == [Place("eth0", B)]
    host.plan()
    host.wait(60)
    assert host.ours == []
    assert host.announced() == [Place("eth0", B)]


def test_released_on_request_until_the_next_plan() -> None:
    host = Host(A)
    host.fit(600)
    assert host.machine.release(A)
    host.settle()
    assert host.ours == []
    assert host.state() == ("released", "released on request")
    host.fit(600)
    assert host.ours == []
    host.plan(A)
    assert host.ours == [ETH0]
    assert not host.machine.release("10.9.9.9/24")


def test_where_the_kernel_refuses_the_next_interface_is_taken() -> None:
    host = Host(A)
    host.refuses = lambda effect: "no room" if effect == AddAddress(ETH0) else ""
    host.fit(600)
    assert host.ours == [ETH1]
    assert host.announced() == [ETH1]
    assert [(r.type, r.interface) for r in host.reports] == [("failed", "eth0"), ("held", "eth1")]


def test_refused_everywhere_it_is_tried_again_and_reported_once() -> None:
    host = Host(A, interfaces=("eth0",))
    host.refuses = lambda _: "Operation not permitted"
    host.fit(600)
    host.wait(5 * RETRY)
    assert host.state() == ("released", "eth0: Operation not permitted")
    assert [r.type for r in host.reports] == ["failed"]
    host.refuses = lambda _: ""
    host.wait(RETRY + 0.1)
    assert host.ours == [ETH0]


def test_an_address_that_cannot_be_taken_away_is_tried_again() -> None:
    host = Host(A)
    host.fit(600)
    host.refuses = lambda effect: "busy" if isinstance(effect, DelAddress) else ""
    host.unfit("x")
    assert host.ours == [ETH0]
    host.refuses = lambda _: ""
    host.wait(RETRY + 0.1)
    assert host.ours == []


def test_beside_another_holder_nothing_is_touched() -> None:
    host = Host()
    host.machine.bar("another holder")
    host.present = {ETH0: True}
    host.look()
    host.plan(B)
    host.fit(600)
    host.wait(100)
    assert host.present == {ETH0: True}
    assert host.state(B) == ("released", "another holder")


def test_the_end_gives_everything_up() -> None:
    host = Host(A, B)
    host.fit(600)
    host.machine.close()
    host.settle()
    assert host.present == {}


class Storm(RuleBasedStateMachine):
    """Anything in any order: what must never be true, and what must come true in the end."""

    @initialize()
    def start(self) -> None:
        self.host = Host(A, B)
        self.fit_until = 0.0
        self.foreign: set[Place] = set()

    @rule(ttl=st.floats(0.1, 60))
    def fit(self, ttl: float) -> None:
        self.fit_until = self.host.now + ttl
        self.host.fit(ttl)

    @rule()
    def unfit(self) -> None:
        self.fit_until = 0.0
        self.host.unfit("x")

    @rule(name=st.sampled_from(BOTH), up=st.booleans())
    def link(self, name: str, up: bool) -> None:
        self.host.link(name, up)

    @rule(seconds=st.floats(0.001, 100))
    def wait(self, seconds: float) -> None:
        self.host.wait(seconds)

    @rule(name=st.sampled_from(BOTH), address=st.sampled_from([A, B]))
    def steal(self, name: str, address: str) -> None:
        self.foreign.discard(Place(name, address))
        self.host.steal(Place(name, address))

    @rule(name=st.sampled_from(BOTH), prefix=st.sampled_from(["/24", "/32"]))
    def intrude(self, name: str, prefix: str) -> None:
        place = Place(name, "10.0.0.10" + prefix)
        if place not in self.host.present:
            self.host.present[place] = False
            self.foreign.add(place)
            self.host.look()

    @rule(addresses=st.sets(st.sampled_from([A, B])))
    def plan(self, addresses: set[str]) -> None:
        self.host.plan(*sorted(addresses))

    @rule(address=st.sampled_from([A, B]))
    def release(self, address: str) -> None:
        self.host.machine.release(address)
        self.host.settle()

    @invariant()
    def never(self) -> None:
        if not hasattr(self, "host"):
            return
        ours = self.host.ours
        planned = {ward.address for ward in self.host.machine.wards()}
        assert len({place.address for place in ours}) == len(ours), "on two interfaces"
        assert not ours or self.host.now < self.fit_until, "held while unfit"
        for place in ours:
            assert self.host.up[place.interface], "held without carrier"
            assert place.address in planned, "held beyond the plan"
        assert self.foreign <= self.host.present.keys(), "took what is not ours"
        told = {w.place for w in self.host.machine.wards() if w.state == "held"}
        assert told == set(ours), "status differs from the kernel"

    def teardown(self) -> None:
        for place in self.foreign:
            self.host.present.pop(place)
        self.foreign.clear()
        self.host.look()
        self.host.link("eth1", True)
        self.plan({A, B})
        self.fit(10_000)
        self.host.wait(TRUCE + FIGHT)
        self.never()
        assert {place.address for place in self.host.ours} == {A, B}, "fit, carrier, but not held"


TestStorm = Storm.TestCase
TestStorm.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
