"""Everybody's status: changes, gaps, lives, ages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.cluster.codec import encode
from hwagent.cluster.compound import LENGTH, TooLarge
from hwagent.cluster.messages import StatusDelta, StatusPull
from hwagent.cluster.status import ASK_EVERY, GONE_MAX, Board, Statuses

ROOM = 1352


def own(values: dict[str, object] | None = None) -> Board:
    board = Board("a", 7, 0, own=True)
    board.write(values or {})
    return board


def copy_of(board: Board, now: float = 0) -> Board:
    other = Board("a", 7, now)
    for delta in board.deltas(now, 0, ROOM):
        assert other.take(now, delta)
    return other


def test_only_what_changed_is_told():
    board = own({"health": "ok", "load": 0.5})
    assert board.write({"health": "ok", "load": 0.5}) == board.version
    before = board.write({"health": "failed", "load": 0.5})
    (delta,) = board.deltas(0, before, ROOM)
    assert [key for key, _, _ in delta.changes] == ["health"]


def test_a_key_that_goes_is_a_change_too():
    board = own({"health": "ok", "alert:x": "DiskBad"})
    other = copy_of(board)
    before = board.write({"health": "ok"})
    for delta in board.deltas(0, before, ROOM):
        other.take(0, delta)
    assert other.values() == {"health": "ok"}


def test_a_gap_is_noticed_and_what_is_known_stays():
    board = own({"n": 1})
    other = copy_of(board)
    board.write({"n": 2})
    before = board.write({"n": 3})
    (late,) = board.deltas(0, before, ROOM)
    assert not other.take(0, late)
    assert other.values() == {"n": 1}
    assert other.version == 1


def test_a_large_status_comes_in_packets_and_whole():
    values = {f"alert:{i}": "x" * 200 for i in range(100)}
    board = own(values)
    deltas = list(board.deltas(0, 0, ROOM))
    assert len(deltas) > 10
    assert all(len(encode(d)) + LENGTH <= ROOM for d in deltas)
    assert copy_of(board).values() == values


@pytest.mark.parametrize(
    "values", [{"x": "é" * 900}, {"k" * 200: "v" * 990}, {f"k{i}": 1 for i in range(1001)}]
)
def test_what_fits_into_no_packet_is_refused_where_it_is_made(values):
    board = own({"health": "ok"})
    with pytest.raises(TooLarge):
        board.write(values)
    assert board.values() == {"health": "ok"}


def test_who_missed_what_was_forgotten_gets_everything():
    board = own({f"k{i}": i for i in range(500)})
    other = copy_of(board)
    board.write({"k1": 1})
    assert len(list(board._after(0))) <= GONE_MAX + 1
    for delta in board.deltas(0, other.version, ROOM):
        other.take(0, delta)
    assert other.values() == {"k1": 1}


def test_an_answer_says_how_old_it_is():
    board = own({"n": 1})
    assert board.age(1000) == 0
    other = Board("a", 7, 50)
    (delta,) = board.deltas(50, 0, ROOM)
    other.take(60, delta)
    assert other.age(65) == 5
    (second_hand,) = other.deltas(65, 0, ROOM)
    assert second_hand.age == 5000
    third = Board("a", 7, 66)
    third.take(66, second_hand)
    assert third.age(66) == 5
    third.confirm(70, 1000)
    assert third.age(70) == 1


def statuses(me: str = "me") -> Statuses:
    return Statuses(0, me, 1)


def test_what_another_life_said_is_ignored():
    mine = statuses()
    delta = StatusDelta("a", 7, 0, 1, 0, (("n", 1, 1),))
    assert mine.take(0, delta, session=8) is None
    assert mine.get("a") is None
    mine.take(0, delta, session=7)
    board = mine.get("a")
    assert board is not None
    assert board.values() == {"n": 1}


def test_a_new_life_starts_with_nothing():
    mine = statuses()
    mine.take(0, StatusDelta("a", 7, 0, 9, 0, (("n", 9, 1),)), 7)
    mine.take(0, StatusDelta("a", 8, 0, 1, 0, (("m", 1, 2),)), 8)
    board = mine.get("a")
    assert board is not None
    assert board.values() == {"m": 2}


def test_nobody_else_writes_my_status():
    mine = statuses()
    mine.mine.write({"n": 1})
    mine.take(0, StatusDelta("me", 1, 0, 99, 0, (("n", 99, 2),)), 1)
    assert mine.mine.values() == {"n": 1}


def test_a_gap_is_asked_for():
    mine = statuses()
    pull = mine.take(0, StatusDelta("a", 7, 3, 4, 0, (("n", 4, 1),)), 7)
    assert pull == StatusPull("a", 7, 0)
    assert mine.behind(0.1, "a", 7, 4) is None, "the answer is under way"
    assert mine.behind(ASK_EVERY, "a", 7, 4) == StatusPull("a", 7, 0)


def test_two_members_that_exchange_versions_know_the_same():
    one, two = statuses("one"), statuses("two")
    one.take(0, StatusDelta("a", 7, 0, 2, 0, (("n", 1, 1), ("m", 2, 2))), 7)
    two.take(0, StatusDelta("b", 9, 0, 1, 0, (("x", 1, 1),)), 9)
    for delta in one.newer_than(0, two.versions(0), ROOM):
        two.take(0, delta, 7)
    (pull,) = one.missing(0, two.versions(0), {"a": 7, "b": 9})
    for delta in two.answer(0, pull, ROOM):
        one.take(0, delta, 9)
    for owner in ("a", "b"):
        first, second = one.get(owner), two.get(owner)
        assert first is not None
        assert second is not None
        assert first.values() == second.values()


keys = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3), max_size=6)


@settings(max_examples=60)
@given(st.lists(keys, min_size=1, max_size=12), st.lists(st.booleans(), min_size=40, max_size=40))
def test_whatever_is_lost_the_last_pull_makes_it_whole(writes, losses):
    board, other, lost = own(), Board("a", 7, 0), iter(losses * 20)
    for values in writes:
        before = board.write(values)
        for delta in board.deltas(0, before, 60):
            if not next(lost):
                other.take(0, delta)
    while other.version < board.version:
        for delta in board.deltas(0, other.version, 60):
            other.take(0, delta)
    assert other.values() == board.values()
