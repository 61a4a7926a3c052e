"""Vivaldi: estimates come near the truth, nonsense moves nobody."""

import math
import random
import struct

import pytest

from hwagent.cluster.coordinates import DIMENSIONS, Coordinate, Locator, distance, unpack


def test_estimates_come_near_the_measured_times():
    """Three sites, 1 ms within one and 20 to 60 ms between them."""
    rng = random.Random(1)
    sites = [rng.randrange(3) for _ in range(15)]
    between = {(0, 1): 0.020, (0, 2): 0.060, (1, 2): 0.050}

    def rtt(i: int, j: int) -> float:
        pair = (min(sites[i], sites[j]), max(sites[i], sites[j]))
        return between.get(pair, 0.001) * rng.uniform(0.95, 1.1)

    locators = [Locator(random.Random(i)) for i in range(15)]
    for _ in range(600):
        for i, locator in enumerate(locators):
            j = rng.choice([k for k in range(15) if k != i])
            locator.measured(locators[j].here, rtt(i, j))
    errors = [
        abs(distance(locators[i].here, locators[j].here) - rtt(i, j))
        for i in range(15)
        for j in range(i)
        if sites[i] != sites[j]
    ]
    assert sorted(errors)[len(errors) // 2] < 0.004


def test_a_coordinate_survives_the_wire():
    here = Coordinate((0.25, -0.0371) * (DIMENSIONS // 2), 0.5, -0.000125, 0.0625)
    there = unpack(here.pack())
    assert len(here.pack()) == 2 * (DIMENSIONS + 3)
    assert there is not None
    assert there.vector == pytest.approx(here.vector, rel=1e-3)
    assert there.adjustment == pytest.approx(here.adjustment, rel=1e-3)
    assert unpack(Coordinate((1e9,) * DIMENSIONS).pack()) is not None, "and is bounded there"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_rogue_coordinate_is_none(value):
    """Serf: PingDelegateRogueCoordinate."""
    for place in range(DIMENSIONS + 3):
        fields = [0.1] * (DIMENSIONS + 3)
        fields[place] = value
        assert unpack(struct.pack(f"<{DIMENSIONS + 3}e", *fields)) is None
    assert unpack(struct.pack(f"<{DIMENSIONS + 3}e", *[0] * 10, -1)) is None, "its error"
    assert unpack(b"") is None
    assert unpack(b"\0" * 40) is None


@pytest.mark.parametrize("rtt", [-1, 11, math.nan, math.inf])
def test_an_impossible_time_moves_nobody(rtt):
    locator = Locator(random.Random(1))
    before = locator.here
    locator.measured(Coordinate(), rtt)
    assert locator.here == before


def test_two_members_at_the_same_place_move_apart():
    locator = Locator(random.Random(1))
    locator.measured(Coordinate(), 0.1)
    assert math.hypot(*locator.here.vector) > 0
