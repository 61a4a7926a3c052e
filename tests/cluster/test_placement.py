"""Placement: shares, few moves, fitness, zones, together and apart."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.cluster.placement import Vip, place, score, succession
from hwagent.cluster.weights import HYSTERESIS, SHARE_MIN, Fitness, Host, weights


def hosts(*given: float, **more: object) -> list[Host]:
    return [Host(f"h{i}", weight=w, **more) for i, w in enumerate(given)]


def vips(count: int) -> list[Vip]:
    return [Vip(f"10.0.{i >> 8}.{i & 255}") for i in range(count)]


def put(of: list[Host], what: list[Vip], before: dict[str, str] | None = None) -> dict[str, str]:
    return place(of, what, weights(of, {}), before or {})


def even(of: list[Host], placed: dict[str, str], slack: float = 1) -> bool:
    """Within 10 % of the weights, or ``slack`` addresses where that is less."""
    count, total = Counter(placed.values()), sum(h.weight for h in of)
    return all(
        abs(count[h.name] - share) <= max(slack, 0.1 * share + 1e-9)
        for h in of
        if (share := len(placed) * h.weight / total) >= 0
    )


weight = st.sampled_from([0.5, 1.0, 1.0, 1.5, 2.0, 4.0])


@settings(max_examples=60, deadline=None)
@given(st.lists(weight, min_size=5, max_size=5))
def test_100_addresses_over_5_hosts_are_within_ten_percent_of_the_weights(given_weights):
    of = hosts(*given_weights)
    before = put(of, vips(100))
    assert even(of, before)
    for lost in of:
        rest = [h for h in of if h is not lost]
        after = put(rest, vips(100), before)
        assert even(rest, after)
        assert all(after[v] == host for v, host in before.items() if host != lost.name)


@settings(max_examples=60, deadline=None)
@given(st.lists(weight, min_size=2, max_size=7), st.integers(1, 120), st.data())
def test_a_lost_host_moves_only_its_own(given_weights, count, data):
    of, what = hosts(*given_weights), vips(count)
    before = put(of, what)
    lost = data.draw(st.sampled_from([h for h in of if h.name in before.values()]))
    rest = [h for h in of if h is not lost]
    after = put(rest, what, before)
    assert {v for v in after if after[v] != before[v]} == {
        v for v, host in before.items() if host == lost.name
    }
    assert even(rest, after, slack=2), "what was not lost is not moved to make it more even"


@pytest.mark.parametrize(
    ("given_weights", "count", "lost"),
    [
        ((4, 0.5, 2, 2, 1, 4), 5, 0),
        ((1.5, 1.5, 4, 0.5, 1, 2), 15, 3),
        ((1.5, 1, 2, 1, 4, 2), 16, 1),
    ],
)
def test_a_loss_is_no_occasion_to_make_the_rest_more_even(given_weights, count, lost):
    of, what = hosts(*given_weights), vips(count)
    before = put(of, what)
    after = put([h for h in of if h is not of[lost]], what, before)
    assert all(after[v] == host for v, host in before.items() if host != of[lost].name)


@settings(max_examples=60, deadline=None)
@given(st.lists(weight, min_size=2, max_size=7), st.integers(1, 120))
def test_a_new_host_takes_its_share_and_hardly_anything_else_moves(given_weights, count):
    """A move or two between the others may put right what was as even as it could be without it."""
    of, what = hosts(*given_weights), vips(count)
    before = put(of[:-1], what)
    after = put(of, what, before)
    moved = [after[v] for v in after if after[v] != before[v]]
    assert sum(host != of[-1].name for host in moved) <= 2
    assert even(of, after)
    assert put(of, what, after) == after, "and then it rests"


@settings(max_examples=30, deadline=None)
@given(st.lists(weight, min_size=1, max_size=6), st.integers(0, 60), st.randoms())
def test_the_order_in_which_things_are_named_does_not_matter(given_weights, count, rng):
    of, what = hosts(*given_weights), vips(count)
    expected = put(of, what)
    rng.shuffle(of)
    rng.shuffle(what)
    assert put(of, what) == expected
    assert put(of, what, expected) == expected, "and what stands well stays"


def test_without_bounds_the_hash_alone_is_in_proportion_to_the_weights():
    given_weights = {"a": 1.0, "b": 2.0, "c": 3.0}
    won = Counter(
        max(given_weights, key=lambda h: score(str(i), h, given_weights[h])) for i in range(6000)
    )
    assert abs(won["a"] - 1000) < 120
    assert abs(won["c"] - 3000) < 150


def test_a_degraded_host_gives_everything_to_a_better_one():
    of = [Host("a", Fitness.DEGRADED), Host("b")]
    assert set(put(of, vips(10), {v.name: "a" for v in vips(10)}).values()) == {"b"}


def test_a_degraded_host_keeps_what_nobody_better_may_hold():
    of = [Host("a", Fitness.DEGRADED), Host("b"), Host("c", Fitness.UNFIT)]
    only = Vip("10.0.0.1", hosts=("a", "c"))
    assert put(of, [only], {"10.0.0.1": "a"}) == {"10.0.0.1": "a"}
    sick = [Host("a", Fitness.DEGRADED), Host("b", Fitness.DEGRADED)]
    held = {v.name: "b" for v in vips(2)}
    assert put(sick, vips(2), held) != {}
    assert put(sick, vips(1), {"10.0.0.0": "b"}) == {"10.0.0.0": "b"}, "no move among equals"


@pytest.mark.parametrize("host", [Host("a", Fitness.UNFIT), Host("a", weight=0)])
def test_who_is_unfit_or_weighs_nothing_holds_nothing(host):
    assert put([host], vips(3), {v.name: "a" for v in vips(3)}) == {}


def test_addresses_that_belong_together_stay_together():
    what = [Vip(f"10.0.0.{i}", together=f"service-{i % 4}") for i in range(16)]
    placed = put(hosts(1, 1, 1, 1), what)
    for group in range(4):
        assert len({placed[v.name] for v in what if v.together == f"service-{group}"}) == 1
    assert len(set(placed.values())) == 4


def test_addresses_that_must_be_apart_are_as_far_apart_as_possible():
    of = [
        Host("a1", zone=("site1", "room1", "rack1")),
        Host("a2", zone=("site1", "room1", "rack1")),
        Host("a3", zone=("site1", "room1", "rack2")),
        Host("b1", zone=("site2", "room1", "rack1")),
    ]
    zone = {h.name: h.zone for h in of}
    two = [Vip("10.0.0.1", apart="dns"), Vip("10.0.0.2", apart="dns")]
    placed = put(of, two)
    assert {zone[h][0] for h in placed.values()} == {"site1", "site2"}
    three = [*two, Vip("10.0.0.3", apart="dns")]
    placed = put(of, three)
    assert len(set(placed.values())) == 3
    assert len({zone[h] for h in placed.values()}) == 3, "not in one rack"


def test_with_fewer_hosts_than_addresses_none_is_left_out():
    three = [Vip(f"10.0.0.{i}", apart="dns") for i in range(3)]
    placed = put(hosts(1, 1), three)
    assert len(placed) == 3
    assert set(placed.values()) == {"h0", "h1"}


def test_addresses_that_came_to_share_a_host_part_again():
    two = [Vip("10.0.0.1", apart="dns"), Vip("10.0.0.2", apart="dns")]
    placed = put(hosts(1, 1), two, {"10.0.0.1": "h0", "10.0.0.2": "h0"})
    assert set(placed.values()) == {"h0", "h1"}


def test_a_pinned_address_goes_to_its_host_while_that_is_not_unfit():
    what = [*vips(9), Vip("10.9.9.9", pin="h1")]
    placed = put(hosts(1, 1, 1), what, {"10.9.9.9": "h0"})
    assert placed["10.9.9.9"] == "h1"
    sick = [Host("h0"), Host("h1", Fitness.DEGRADED), Host("h2")]
    assert put(sick, what)["10.9.9.9"] == "h1", "an operator's word outweighs a warning"


def test_a_pin_gives_nothing_to_nobody():
    what = [Vip("10.9.9.9", hosts=("h0", "h2"), pin="h1")]
    assert put(hosts(1, 1, 1), what)["10.9.9.9"] in ("h0", "h2"), "h1 may not hold it"
    away = [Host("h0"), Host("h1", Fitness.UNFIT)]
    pinned = [Vip("10.9.9.9", pin="h1")]
    assert put(away, pinned) == {"10.9.9.9": "h0"}
    assert put([Host("h0")], pinned) == {"10.9.9.9": "h0"}, "h1 is not there"
    back = [Host("h0"), Host("h1")]
    assert put(back, pinned, {"10.9.9.9": "h0"}) == {"10.9.9.9": "h1"}


def test_what_is_pinned_is_part_of_the_load_of_its_host():
    what = [Vip(f"10.0.0.{i}", pin="h0" if i < 5 else "") for i in range(10)]
    assert Counter(put(hosts(1, 1), what).values()) == {"h0": 5, "h1": 5}


def test_addresses_that_stay_together_follow_a_pin_even_to_a_host_without_weight():
    what = [Vip("10.0.0.1", together="a", pin="h1"), Vip("10.0.0.2", together="a")]
    assert put(hosts(1, 0), what) == {"10.0.0.1": "h1", "10.0.0.2": "h1"}


def test_the_successor_is_known_beforehand_and_fit_ones_go_first():
    of = [*hosts(1, 1, 1), Host("sick", Fitness.DEGRADED), Host("away", Fitness.UNFIT)]
    order = succession(of, Vip("10.0.0.1"), weights(of, {}))
    assert order[-1] == "sick"
    assert sorted(order) == ["h0", "h1", "h2", "sick"]
    without = [h for h in of if h.name != order[0]]
    assert succession(without, Vip("10.0.0.1"), weights(of, {})) == order[1:]


def test_weights_follow_the_load_with_hysteresis():
    host = Host("a", weight=2, load=0.0)
    first = weights([host], {})
    assert first == {"a": 2}
    assert weights([Host("a", weight=2, load=0.2)], first) == first
    second = weights([Host("a", weight=2, load=0.5)], first)
    assert second == {"a": 1}
    assert weights([Host("a", weight=2, load=0.4)], second) == second
    assert weights([Host("a", weight=2, load=1)], second) == {"a": 2 * SHARE_MIN}
    assert weights([Host("a", weight=1, load=0)], first) == {"a": 1}, "configured: at once"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_a_load_that_swings_within_the_band_moves_nothing(loads):
    before = {"a": 1.0}
    for load in loads:
        before = weights([Host("a", load=load * HYSTERESIS)], before)
    assert before == {"a": 1.0}
