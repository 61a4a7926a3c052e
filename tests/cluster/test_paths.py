"""Several networks to one member."""

from hwagent.cluster.messages import Endpoint
from hwagent.cluster.paths import FAILURES, LOOK_EVERY, Paths

A, B = Endpoint("a", "10.0.0.1", 7956), Endpoint("b", "10.1.0.1", 7956)


def test_probes_take_turns_over_all_networks():
    paths = Paths("me", ("a", "b"))
    assert {paths.next_probe("m", (A, B)) for _ in range(4)} == {A, B}


def test_only_networks_that_both_have_are_used():
    assert Paths("me", ("b",)).reachable((A, B)) == [B]


def test_names_that_match_nowhere_do_not_part_the_group():
    assert Paths("me", ("other",)).reachable((A,)) == [Endpoint("other", "10.0.0.1", 7956)]


def test_a_dead_network_is_reported_once_avoided_looked_at_again_and_restored():
    paths = Paths("me", ("a", "b"))
    found = [e for _ in range(2 * FAILURES) for e in paths.failed("m", "a", "b")]
    assert [(e.type, e.member, e.data) for e in found] == [
        ("path_degraded", "m", {"link": "a", "alive_by": "b"})
    ], "one member alone is no reason to doubt a whole network"
    assert paths.best("m", (A, B)) == B
    assert {paths.next_probe("m", (A, B)) for _ in range(4)} == {B}
    assert paths.to_look_at(100, "m", (A, B)) == [A]
    assert paths.to_look_at(101, "m", (A, B)) == []
    assert paths.to_look_at(100 + LOOK_EVERY, "m", (A, B)) == [A]
    assert [e.type for e in paths.worked("m", "a", 0.001)] == ["path_restored"]
    assert paths.best("m", (A, B)) == A


def test_with_all_networks_dead_it_is_still_tried():
    paths = Paths("me", ("a",))
    for _ in range(FAILURES):
        paths.failed("m", "a", "tcp")
    assert paths.best("m", (A,)) == A


def test_one_slow_answer_does_not_change_the_round_trip_time():
    paths = Paths("me", ("a",))
    for rtt in (0.001, 0.5, 0.002):
        paths.worked("m", "a", rtt)
    assert paths.rtts("m") == {"a": 0.002}


def test_a_network_that_fails_for_one_after_another_is_avoided_for_all():
    """Otherwise gossip to each member would be lost until that very member was asked thrice."""
    paths = Paths("me", ("a", "b"))
    found = [e for name in ("m", "n", "o") for e in paths.failed(name, "a", "b")]
    assert [(e.type, e.member) for e in found] == [("network_degraded", "me")]
    assert paths.degraded("me") == ["a"]
    assert paths.best("never asked", (A, B)) == B
    assert paths.to_look_at(100, "x", (A, B)) == [A]
    assert paths.to_look_at(100, "y", (A, B)) == [], "one look for the whole network"
    assert [e.type for e in paths.worked("x", "a", 0.001)] == ["network_restored"]
    assert paths.best("never asked", (A, B)) == A


def test_one_failure_is_enough_to_prefer_another_way():
    paths = Paths("me", ("a", "b"))
    paths.failed("m", "a", "b")
    assert paths.best("m", (A, B)) == B


def test_with_one_network_only_the_members_are_at_fault():
    paths = Paths("me", ("a",))
    found = [e for name in ("m", "n", "o") for e in paths.failed(name, "a", "tcp")]
    assert found == []
