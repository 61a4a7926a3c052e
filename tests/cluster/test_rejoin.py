"""Whom to call when, so that the lost are found."""

import random

from hwagent.cluster.member import Member, State
from hwagent.cluster.messages import Alive, Endpoint
from hwagent.cluster.rejoin import ALONE_EVERY, Rejoin


def member(name: str, host: str, state: State = State.ALIVE) -> Member:
    return Member(Alive(name, 1, (Endpoint("", host, 7956),), 1), 0, state)


SEED = Endpoint("", "10.9.9.9", 7956)


def test_who_is_alone_calls_seeds_and_the_dead_often():
    rejoin = Rejoin(0, 30, random.Random(1))
    rejoin.seeds = (SEED,)
    lost = member("a", "10.0.0.1", State.DEAD)
    assert set(rejoin.take(10, [lost])) == {SEED, *lost.endpoints}
    assert rejoin.due == 10 + ALONE_EVERY


def test_in_a_group_the_dead_are_called_now_and_then_by_somebody():
    rejoin = Rejoin(0, 30, random.Random(1))
    others = [member(f"n{i}", f"10.0.0.{i}") for i in range(9)]
    others.append(member("a", "10.0.1.1", State.DEAD))
    calls = sum(bool(rejoin.take(i * 30, others)) for i in range(900))
    assert 60 <= calls <= 140, "with a probability of dead to alive: one in nine"


def test_who_left_is_not_called():
    rejoin = Rejoin(0, 30, random.Random(1))
    assert rejoin.take(0, [member("a", "10.0.0.1", State.LEFT)]) == []


def test_a_seed_that_nobody_of_the_group_is_at_is_called_every_time():
    """Without this two halves that were started apart never hear of each other."""
    rejoin = Rejoin(0, 30, random.Random(1))
    rejoin.seeds = (SEED,)
    assert rejoin.take(0, [member("a", "10.0.0.1")]) == [SEED]
    assert rejoin.take(30, [member("a", SEED.host)]) == []
