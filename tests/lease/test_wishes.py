"""Moves that people want: an owner offers, the one that is named accepts, nobody else does."""

import pytest

from hwagent.lease import Report, Send
from hwagent.lease.messages import FINAL, Accept, Offer, Release
from tests.lease.groups import VIP, at, group
from tests.lease.test_owner import Desk


def named(successor: str) -> Offer:
    """The offer of somebody else's VIP to one host."""
    return Offer(group="g", owner="b", vip=VIP, epoch=3, rank=FINAL, successor=successor)


def test_a_move_is_offered_to_the_one_it_is_for_and_released_when_that_accepts() -> None:
    desk = Desk(group(members={"m": ("m.0", "m.1")}))
    desk.own()
    desk.wish("m")
    offers = [e for e in desk.effects if isinstance(e, Send) and isinstance(e.message, Offer)]
    assert [(e.to, e.message.successor) for e in offers] == [("m.0", "m"), ("m.1", "m")]
    assert list(desk.owner.held()) == [VIP]
    desk.accept("m")
    assert desk.owner.held() == {}
    assert desk.of(Release)[0].successor == "m"
    assert [r.reason for r in desk.of(Report)] == ["moved to m"]


def test_a_move_is_offered_as_often_as_heartbeats_are_sent_and_for_a_lease() -> None:
    desk = Desk()
    desk.own()
    desk.wish("b")
    began, times = desk.time, [0.0]
    while desk.time < began + 0.9:
        desk.tick(0.01)
        times += [desk.time - began for _ in desk.of(Offer)]
        desk.ack("a")
        desk.ack("b")
        assert list(desk.owner.held()) == [VIP]
    assert times == pytest.approx([0.0, 0.1, 0.2], abs=0.011)
    assert desk.owner.due() > at(desk.time).boot
    desk.accept("b")
    assert list(desk.owner.held()) == [VIP], "too late"
    desk.move("b")
    assert desk.owner.held() == {}


def test_only_the_host_that_is_named_gets_what_is_moved_and_only_by_its_epoch() -> None:
    desk = Desk()
    desk.own()
    desk.wish("b")
    desk.accept("c")
    desk.accept("a")
    desk.accept("b", epoch=1)
    assert list(desk.owner.held()) == [VIP]
    desk.wish("c")
    desk.accept("b")
    assert list(desk.owner.held()) == [VIP], "the later wish counts"
    desk.accept("c")
    assert desk.owner.held() == {}


def test_what_is_moved_to_this_host_itself_or_not_held_here_is_offered_to_nobody() -> None:
    desk = Desk()
    desk.wish("b")
    assert desk.of(Offer) == []
    desk.own()
    desk.wish("a")
    assert desk.of(Offer) == []
    desk.accept("a")
    assert list(desk.owner.held()) == [VIP]


def test_a_wish_ends_with_the_holding() -> None:
    desk = Desk()
    desk.own()
    desk.wish("b")
    desk.fit()
    desk.fit(VIP)
    desk.own()
    assert list(desk.owner.held()) == [VIP]
    desk.tick(0.1)
    assert desk.of(Offer) == []
    desk.accept("b")
    assert list(desk.owner.held()) == [VIP]


def test_a_host_that_is_named_accepts_at_once_if_it_is_willing_and_another_does_not() -> None:
    for successor, how, accepts in (
        ("a", {"rank": 5}, 1),
        ("a", {"rank": 5000}, 1),
        ("a", {"rank": 0, "willing": False}, 0),
        ("c", {"rank": 0}, 0),
    ):
        desk = Desk()
        desk.fit(VIP, **how)
        desk.owner.offered(at(desk.time), "b.0", named(successor))
        desk.tick()
        assert len(desk.of(Accept)) == accepts


def test_a_host_whose_agents_word_has_lapsed_does_not_accept_what_it_is_named_for() -> None:
    desk = Desk()
    desk.fit(VIP, ttl=0.1)
    desk.tick(0.2)
    desk.owner.offered(at(desk.time), "b.0", named("a"))
    assert desk.owner.take() == []
