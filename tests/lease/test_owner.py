"""An owner, by the rules of LEASE.md: its voters are played by the test."""

import math
from random import Random
from typing import Any

import pytest

from hwagent.lease import (
    AddAddress,
    Announce,
    DelAddress,
    Group,
    Report,
    Send,
    SetGate,
    Standing,
    Word,
)
from hwagent.lease.effects import Effect
from hwagent.lease.messages import FINAL, Accept, Ack, Claim, Heartbeat, Offer, Refusal, Release
from hwagent.lease.owner import Owner
from tests.lease.groups import ABC, OTHER, VIP, at, electorate, group

TERM = 0.3 * 0.98 * 0.9
NONCE = 9
FUTURE = 1 << 50


class Desk:
    """An owner named a, its clock, and the effects of the last step."""

    def __init__(self, its_group: Group | None = None, *vips: str, rank: int = 0) -> None:
        self.time = 1.0
        self.left: dict[str, float] = {}
        self.owner = Owner(
            "a", NONCE, its_group or group(), Random(1), lambda _, vip: self.left.get(vip, 0.0)
        )
        self.effects: list[Effect] = []
        self.fit(*vips or (VIP,), rank=rank)

    def fit(self, *vips: str, ttl: float = 60.0, **how: Any) -> None:
        standing = Standing(**{"rank": 0, **how})
        word = Word(dict.fromkeys(vips, standing), at(self.time).boot + ttl)
        self.owner.fitness(at(self.time), word)
        self.tick()

    def tick(self, later: float = 0.0) -> None:
        self.time += later
        self.owner.tick(at(self.time))
        self.effects = self.owner.take()

    def ack(self, voter: str, seq: int | None = None, *refusals: Refusal, **others: Any) -> None:
        """The voter's answer to the newest heartbeat, or to an older one."""
        answer = {
            "group": "g",
            "voter": voter,
            "nonce": ord(voter),
            "owner": NONCE,
            "seq": self.seq if seq is None else seq,
            "sets": (0, ABC.digest),
            "clock": int(self.time * 1000),
            "refusals": refusals,
        }
        source = others.pop("source", f"{voter}.0")
        self.owner.ack(at(self.time), source, Ack(**{**answer, **others}))
        self.effects = self.owner.take()
        self.owner.tick(at(self.time))
        self.effects += self.owner.take()

    @property
    def seq(self) -> int:
        return self.owner._beats.seq

    def own(self) -> None:
        """The VIPs are won, and the voters know that."""
        self.ack("a")
        self.ack("b")
        self.tick(0.01)
        self.ack("a")
        self.ack("b")

    def wish(self, successor: str) -> None:
        """Somebody wants the VIP moved."""
        self.owner.move(at(self.time), VIP, successor)
        self.tick()

    def accept(self, member: str, epoch: int | None = None) -> None:
        """A member accepts the VIP, by default with the epoch that it has."""
        epoch = self.owner.held().get(VIP, 0) if epoch is None else epoch
        answer = Accept(group="g", member=member, vip=VIP, epoch=epoch)
        self.owner.accepted(at(self.time), answer)
        self.tick()

    def move(self, successor: str) -> None:
        """The VIP is moved to a member that takes it."""
        self.wish(successor)
        self.accept(successor)

    def of(self, kind: type) -> list[Any]:
        """The effects of a kind, or the messages."""
        sent = [e.message for e in self.effects if isinstance(e, Send)]
        return [e for e in [*self.effects, *sent] if isinstance(e, kind)]

    @property
    def gate(self) -> float:
        """The deadline that was last written, since the owner's time began."""
        return self.of(SetGate)[-1].deadline - 1000


def busy(ms: int, holder: str, held: bool = True, epoch: int = 5) -> Refusal:
    return Refusal(VIP, ms, epoch, holder, held)


def test_rule_3_a_lease_begins_with_the_sending_and_not_with_the_ack() -> None:
    desk = Desk()
    desk.ack("a")
    assert desk.of(SetGate) == []
    desk.time += 0.14
    desk.ack("b")
    assert desk.gate == pytest.approx(1.0 + TERM)


def test_rule_3_the_newest_heartbeat_that_a_majority_acked_counts() -> None:
    desk = Desk()
    desk.own()
    desk.tick(0.1)
    desk.ack("c")
    assert desk.of(SetGate) == []
    desk.ack("b")
    assert desk.gate == pytest.approx(1.11 + TERM)


def test_rule_3_the_own_vote_is_one_like_all_others() -> None:
    desk = Desk()
    desk.ack("b")
    assert desk.owner.held() == {}
    desk.ack("c")
    assert list(desk.owner.held()) == [VIP]


def test_rule_4_address_then_epoch_then_gate_then_announcement() -> None:
    desk = Desk()
    desk.ack("a")
    desk.ack("b")
    kinds = [type(e) for e in desk.effects if not isinstance(e, Send)]
    assert kinds == [AddAddress, Report, SetGate, Announce]


def test_rule_4_the_gate_shuts_and_the_address_goes_before_anything_is_sent() -> None:
    desk = Desk()
    desk.own()
    desk.move("b")
    kinds = [type(e) for e in desk.effects if not isinstance(e, Report)]
    assert kinds[:3] == [SetGate, DelAddress, Send]
    assert desk.gate == -1000
    (told,) = {e.message for e in desk.effects if isinstance(e, Send)} & set(desk.of(Release))
    assert (told.successor, told.claims[0].vip) == ("b", VIP)


def test_rule_6_a_lease_that_ran_out_is_asked_for_anew_whatever_is_in_the_queue() -> None:
    desk = Desk()
    desk.own()
    (epoch,) = desk.owner.held().values()
    last = desk.seq
    desk.time += 0.28
    desk.ack("a", last)
    assert [r.type for r in desk.of(Report)] == ["lapsed"]
    assert desk.of(SetGate) == []
    desk.ack("a")
    desk.ack("b")
    assert desk.owner.held()[VIP] > epoch


def test_rule_6_a_late_grant_is_void() -> None:
    desk = Desk()
    first = desk.seq
    desk.ack("a")
    desk.time += 0.27
    desk.ack("b", first)
    assert desk.of(SetGate) == []
    assert desk.owner.held() == {}


def test_rule_7_the_epoch_is_above_what_was_heard_and_the_wall_clock() -> None:
    desk = Desk()
    wall = int(at(1.0).wall * 1000)
    first = desk.of(Heartbeat)[0].claims[0].epoch
    assert first == wall
    desk.ack("b", None, Refusal(VIP, 0, wall + 5000))
    assert desk.owner.held() == {}
    desk.tick(0.01)
    assert desk.of(Heartbeat)[0].claims[0].epoch == wall + 5001


def test_rule_7_a_higher_epoch_is_told_when_a_majority_knows_it() -> None:
    desk = Desk()
    desk.own()
    (epoch,) = desk.owner.held().values()
    desk.tick(0.1)
    desk.ack("c", None, Refusal(VIP, 0, epoch + 5000))
    assert desk.owner.held() == {VIP: epoch}
    desk.tick(0.01)
    assert desk.of(Report) == []
    desk.ack("a")
    desk.ack("c")
    assert desk.owner.held() == {VIP: epoch + 5001}
    assert [r.epoch for r in desk.of(Report)] == [epoch + 5001]


def test_rule_8_acks_of_heartbeats_before_a_claim_do_not_count_for_it() -> None:
    desk = Desk()
    desk.own()
    before = desk.seq
    desk.move("b")
    desk.tick(0.4)
    desk.ack("a", before)
    desk.ack("b", before)
    assert desk.owner.held() == {}


def test_rule_8_also_for_heartbeats_sent_at_the_same_reading_of_the_clock() -> None:
    """Seed 427 of the first simulation: two heartbeats, one time, the second with a new claim."""
    desk = Desk()
    first = desk.seq
    desk.owner.fitness(at(desk.time), Word({VIP: Standing(0), OTHER: Standing(0)}, math.inf))
    desk.tick(0.01)
    desk.ack("a", first)
    desk.ack("b", first)
    assert list(desk.owner.held()) == [VIP]
    desk.ack("a")
    desk.ack("b")
    assert list(desk.owner.held()) == [VIP, OTHER]


def test_rule_10_it_asks_again_when_the_voters_said() -> None:
    desk = Desk()
    desk.ack("b", None, busy(80, "b"))
    desk.ack("c", None, busy(90, "b"))
    desk.tick(0.01)
    assert [beat.claims for beat in desk.of(Heartbeat)] == [()] * 3
    assert desk.owner.due() == pytest.approx(at(1.06).boot)  # the second try of that
    desk.tick(0.05)
    desk.ack("a")
    desk.ack("b")
    desk.ack("c")
    assert desk.owner.due() == pytest.approx(at(1.08).boot)


def test_rule_10_a_lower_rank_asks_later() -> None:
    desk = Desk(rank=2)
    assert desk.of(Heartbeat) == []
    assert desk.owner.due() == pytest.approx(at(1.06).boot)


def test_rule_10_what_the_own_voter_has_promised_is_not_asked_for() -> None:
    desk = Desk()
    desk.left[OTHER] = 0.2
    desk.fit(VIP, OTHER)
    claimed = [claim.vip for beat in desk.of(Heartbeat) for claim in beat.claims or ()]
    assert OTHER not in claimed


def test_the_successor_asks_at_once_and_the_others_wait() -> None:
    given = Release(group="g", owner="b", nonce=1, seq=5, claims=(Claim(VIP, 3),), successor="a")
    for successor, asked in (("a", True), ("c", False)):
        desk = Desk(rank=3)
        told = Release(
            group="g", owner="b", nonce=1, seq=5, claims=given.claims, successor=successor
        )
        desk.owner.released(at(desk.time), told)
        desk.tick()
        assert bool(desk.of(Heartbeat)) is asked


def test_acks_count_once_a_voter_and_only_from_its_address() -> None:
    desk = Desk()
    desk.ack("b")
    desk.ack("b")
    desk.ack("c", source="x.0")
    desk.ack("d", source="d.0")
    assert desk.owner.held() == {}


def test_two_boots_alive_under_one_name_count_for_nobody() -> None:
    desk = Desk()
    desk.ack("a")
    desk.ack("b", nonce=1)
    assert desk.owner.held() != {}
    desk.tick(0.1)
    desk.ack("a")
    desk.ack("b", nonce=2)
    desk.ack("b", nonce=1)
    assert [r.type for r in desk.of(Report)] == []
    desk.tick(0.1)
    desk.ack("a")
    desk.ack("b", nonce=2)
    assert desk.of(SetGate) == []
    desk.ack("c")
    assert desk.gate == pytest.approx(1.2 + TERM, abs=0.01)


def test_a_clock_that_stood_still_costs_everything() -> None:
    desk = Desk()
    desk.own()
    desk.tick(0.1)
    desk.ack("b", clock=int(desk.time * 1000) + 100)
    kinds = [r.type for r in desk.of(Report)]
    assert kinds == ["clock", "lost"]
    assert desk.owner.held() == {}


def test_a_voter_without_the_list_gets_it() -> None:
    desk = Desk()
    desk.own()
    desk.tick(0.1)
    desk.ack("b", unknown=True)
    lists = {e.to: e.message.claims is not None for e in desk.effects if isinstance(e, Send)}
    assert lists == {"a.0": False, "b.0": True, "c.0": True}


def test_another_voter_set_is_reported_once() -> None:
    desk = Desk()
    desk.ack("b", foreign=True)
    assert [r.type for r in desk.of(Report)] == ["foreign"]
    desk.ack("b", foreign=True)
    assert desk.of(Report) == []


def test_a_transition_needs_a_majority_of_both_sets() -> None:
    desk = Desk(group(electorate("a", "d", "e"), previous=ABC))
    desk.ack("a")
    desk.ack("b")
    assert desk.owner.held() == {}
    desk.ack("d")
    assert list(desk.owner.held()) == [VIP]


def test_the_previous_set_is_asked_until_most_of_the_new_one_dropped_it() -> None:
    new = electorate("a", "d", "e")
    desk = Desk(group(new, previous=ABC))
    desk.owner.reconfigure(group(new))
    desk.ack("a", sets=(ABC.digest, new.digest))
    desk.ack("d", sets=(0, new.digest))
    assert desk.owner.held() == {}
    desk.ack("a", sets=(0, new.digest))
    desk.tick(0.01)
    desk.ack("a", sets=(0, new.digest))
    desk.ack("d", sets=(0, new.digest))
    assert list(desk.owner.held()) == [VIP]


def test_an_ack_counts_for_the_lease_that_was_asked_for() -> None:
    """Seed 361 of the first simulation: made longer while the ack was on its way."""
    desk = Desk(group(lease=0.2))
    desk.owner.reconfigure(group())
    first = desk.seq
    desk.ack("a", first)
    desk.ack("b", first)
    assert desk.gate == pytest.approx(1.0 + 0.2 * 0.98 * 0.9)


def test_a_second_try_if_no_majority_answered_the_first() -> None:
    desk = Desk()
    desk.own()
    assert desk.owner.due() == pytest.approx(at(1.11).boot)
    desk.tick(0.1)
    assert desk.owner.due() == pytest.approx(at(1.16).boot)


def test_two_candidates_do_not_keep_each_other_out() -> None:
    """A round against a rival is short, though a third voter has not answered."""
    desk = Desk()
    desk.ack("a")
    desk.ack("b", None, busy(290, "b", held=False))
    desk.tick(0.016)
    assert desk.of(Heartbeat)[0].claims == ()
    assert desk.owner.due() < at(1.2).boot


def test_unfit_it_gives_up_what_it_cannot_hold() -> None:
    desk = Desk()
    desk.own()
    desk.fit()
    assert desk.owner.held() == {}
    assert desk.of(Release)[0].successor == ""


def test_unwilling_it_keeps_what_nobody_takes_and_hands_over_to_who_accepts() -> None:
    desk = Desk()
    desk.own()
    (epoch,) = desk.owner.held().values()
    desk.fit(VIP, willing=False)
    desk.tick(0.2)
    assert {offer.vip for offer in desk.of(Offer)} == {VIP}
    assert list(desk.owner.held()) == [VIP]
    accept = Accept(group="g", member="c", vip=VIP, epoch=epoch)
    desk.owner.accepted(at(desk.time), accept)
    desk.tick()
    assert desk.owner.held() == {}
    assert desk.of(Release)[0].successor == "c"


def test_an_agent_that_says_nothing_any_more_makes_the_host_unwilling() -> None:
    desk = Desk()
    desk.fit(VIP, ttl=0.1)
    desk.own()
    desk.tick(0.19)
    assert desk.of(Offer) != []


def test_one_that_yields_gives_it_to_a_better_host_only_and_is_not_barred_from_it() -> None:
    desk = Desk(rank=1)
    desk.tick(0.03)
    desk.own()
    desk.fit(VIP, rank=1, yields=True)
    desk.tick(0.2)
    assert {offer.rank for offer in desk.of(Offer)} == {1}, "not everybody's: only a better one's"
    desk.fit(VIP, rank=0, yields=True)
    desk.tick(0.2)
    assert desk.of(Offer) == []


@pytest.mark.parametrize(("preempt", "offered"), [(False, False), (True, True)])
def test_a_fit_host_that_is_not_the_best_keeps_it_unless_preempted(
    preempt: bool, offered: bool
) -> None:
    desk = Desk(group(preempt=preempt), rank=1)
    desk.tick(0.03)
    desk.own()
    desk.tick(0.2)
    assert bool(desk.of(Offer)) is offered


def test_only_a_host_that_stands_better_accepts() -> None:
    desk = Desk(rank=1)
    for rank, accepts in ((0, 0), (1, 0), (2, 1)):
        assert accepted(desk, rank, again=0.2) == accepts


def accepted(desk: Desk, rank: int, again: float) -> int:
    """Offers of another owner's VIP, twice: how often it was accepted."""
    found = 0
    for wait in (0.0, again):
        desk.tick(wait)
        offer = Offer(group="g", owner="b", vip=VIP, epoch=3, rank=rank)
        desk.owner.offered(at(desk.time), "b.0", offer)
        desk.tick()
        found += len(desk.of(Accept))
    return found


def test_the_best_rank_accepts_at_once_and_the_others_a_round_later() -> None:
    """So an address that is pinned to a host goes there, though all others would take it."""
    assert accepted(Desk(rank=0), FINAL, again=0.2) == 2
    assert accepted(Desk(rank=1), FINAL, again=0.2) == 1
    assert accepted(Desk(rank=2), FINAL, again=0.2) == 0
    assert accepted(Desk(rank=1), FINAL, again=5.0) == 0, "an offer after a break is a first one"


def test_where_one_voter_is_enough_the_later_of_two_owners_stays() -> None:
    for epoch, stays in ((1, True), (FUTURE, False)):
        desk = Desk(group(quorum="any"))
        desk.ack("a")
        assert list(desk.owner.held()) == [VIP]
        desk.ack("b", None, busy(200, "b", epoch=epoch))
        assert bool(desk.owner.held()) is stays


def test_a_configuration_that_cannot_work_is_refused() -> None:
    for wrong in ({"lease": 0.4}, {"interval": 0.3}, {"lease": 0.1005, "interval": 0.01}):
        with pytest.raises(ValueError, match=r"lease|milliseconds"):
            group(**wrong)
    with pytest.raises(ValueError, match="at least one voter"):
        electorate()
