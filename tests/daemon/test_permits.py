"""Permits by lease: never too many at once, freed by a crash, none without a quorum."""

from random import Random

import pytest

from tests.daemon.permit_world import LEASE, World


def ready(hosts: int = 3, voters: int = 3, seed: int = 0, **kinds: int) -> World:
    """A fleet whose voters have been up for long enough to vote."""
    world = World(hosts, voters, seed, **(kinds or {"rebuild": 1}))
    world.run(LEASE + 1)
    return world


def test_one_host_gets_the_permit_and_the_next_one_gets_it_when_that_gives_it_back():
    world = ready()
    for name in world.nodes:
        world.want(name, rebuild=1)
    assert world.run(10, lambda: bool(world.who()))
    (first,) = world.who()
    world.run(300)
    assert world.who() == [first], "it is held for as long as it is wanted"
    other = next(n for n in world.nodes if n != first)
    assert world.nodes[other].why(world.now(other), "rebuild") == f"held by {first}"
    world.want(first)
    assert world.run(10, lambda: bool(world.who())), "the next one goes on by itself, and soon"
    assert world.who() != [first]
    assert world.most == {"rebuild": 1}


def test_a_crash_of_the_holder_frees_its_permit_after_the_lease_and_not_before():
    world = ready()
    world.want("h1", rebuild=1)
    assert world.run(10, lambda: world.who() == ["h1"])
    world.want("h2", rebuild=1)
    world.run(100)
    world.kill("h1")
    at = world.time
    assert world.run(2 * LEASE, lambda: world.who() == ["h2"])
    assert 0.5 * LEASE < world.time - at < 1.3 * LEASE


def test_without_a_quorum_nobody_begins_and_the_reason_says_so():
    world = ready()
    world.cut("h3")
    world.want("h3", rebuild=1)
    world.run(LEASE)
    assert world.who() == []
    why = world.nodes["h3"].why(world.now("h3"), "rebuild")
    assert why == "no quorum: 1 of 3 voters answer"
    world.cuts.clear()
    assert world.run(LEASE, lambda: world.who() == ["h3"]), "and goes on by itself"


def test_a_holder_that_is_cut_off_loses_it_before_another_gets_it():
    world = ready()
    world.want("h3", rebuild=1)
    assert world.run(10, lambda: world.who() == ["h3"])
    world.cut("h3")
    world.want("h1", rebuild=1)
    assert world.run(3 * LEASE, lambda: world.who() == ["h1"])
    assert world.most == {"rebuild": 1}


def test_an_agent_that_has_just_started_says_so_and_asks_after_the_lease():
    world = World(3, 3, rebuild=1)
    world.want("h1", rebuild=1)
    world.run(LEASE / 2)
    assert world.who() == []
    assert "has just started" in world.nodes["h1"].why(world.now("h1"), "rebuild")
    assert world.run(LEASE, lambda: world.who() == ["h1"])


def test_a_host_without_a_vote_gets_permits_too():
    world = ready(hosts=5, voters=3)
    world.want("h5", rebuild=1)
    assert world.run(10, lambda: world.who() == ["h5"])
    world.want("h4", rebuild=1)
    world.run(60)
    assert world.who() == ["h5"]


def test_of_several_permits_of_a_kind_each_is_found_and_none_is_given_twice():
    world = ready(hosts=4, voters=3, disruptive=5)
    for name in world.nodes:
        world.want(name, disruptive=2)
    world.run(120)
    held = sorted(world.held(name)["disruptive"] for name in world.nodes)
    assert sum(held) == 5, "8 are wanted, 5 there are"
    assert world.most == {"disruptive": 5}
    rich = next(name for name in world.nodes if world.held(name)["disruptive"] == 2)
    world.want(rich)
    assert world.run(60, lambda: sum(world.held(n)["disruptive"] for n in world.nodes) == 5)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_there_are_never_too_many_and_in_the_end_all_are_served(seed):
    """Loss, cuts, crashes and restarts at random; the same seed gives the same run."""
    chance = Random(seed)
    world = ready(hosts=5, voters=chance.choice((3, 5)), seed=seed, rebuild=1, disruptive=3)
    world.loss = chance.choice((0.0, 0.1, 0.3))
    for _ in range(25):
        name = chance.choice(["h1", "h2", "h3", "h4", "h5"])
        if name not in world.nodes:
            world.start(name)
        elif chance.random() < 0.3:
            world.kill(name)
        elif chance.random() < 0.3:
            world.cut(name)
        elif chance.random() < 0.5:
            world.cuts.clear()
        if name in world.nodes:
            world.want(name, rebuild=chance.choice((0, 1)), disruptive=chance.choice((0, 1, 2)))
        world.run(chance.uniform(1, LEASE))
    world.loss = 0.0
    world.cuts.clear()
    for name in ("h1", "h2", "h3", "h4", "h5"):
        if name not in world.nodes:
            world.start(name)
        world.want(name)
    for name in world.nodes:
        world.want(name, rebuild=1)
        assert world.run(5 * LEASE, lambda n=name: world.who() == [n]), name
        world.want(name)
    assert world.most["rebuild"] <= 1
    assert world.most["disruptive"] <= 3
