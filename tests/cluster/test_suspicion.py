"""Lifeguard's dogpile: memberlist's table of times, and who counts as an accuser."""

import pytest

from hwagent.cluster.suspicion import Suspicion, remaining


@pytest.mark.parametrize(
    ("confirmed", "elapsed", "left"),
    [(0, 0, 30), (1, 2, 14), (2, 3, 4.810), (3, 4, -2), (4, 5, -3), (5, 10, -8)],
)
def test_the_time_left_is_memberlists(confirmed, elapsed, left):
    assert remaining(confirmed, 3, elapsed, 2, 30) == pytest.approx(left, abs=0.001)


def test_without_anybody_who_could_confirm_the_shortest_time_holds_at_once():
    assert Suspicion(100, "a", 0, 4, 24).deadline == 104


def test_each_accuser_shortens_the_time_and_counts_once():
    suspicion = Suspicion(0, "a", 2, 4, 24)
    assert suspicion.deadline == 24
    assert not suspicion.confirm("a")
    assert suspicion.deadline == 24
    assert suspicion.confirm("b")
    between = suspicion.deadline
    assert 4 < between < 24
    assert suspicion.confirm("c")
    assert suspicion.deadline == 4
    assert not suspicion.confirm("d"), "more than were wanted are not passed on"
    assert suspicion.accusers == ["a", "b", "c"]


def test_standing_still_gives_the_suspect_its_time_back():
    suspicion = Suspicion(0, "a", 2, 4, 24)
    suspicion.postpone(120)
    suspicion.confirm("b")
    suspicion.confirm("c")
    assert suspicion.deadline == 124
