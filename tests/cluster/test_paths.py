"""Several networks to one member."""

from hwagent.cluster.messages import Endpoint
from hwagent.cluster.paths import FAILURES, LOOK_EVERY, Paths

A, B = Endpoint("a", "10.0.0.1", 7956), Endpoint("b", "10.1.0.1", 7956)


def test_probes_take_turns_over_all_networks():
    paths = Paths(("a", "b"))
    assert {paths.next_probe("m", (A, B)) for _ in range(4)} == {A, B}


def test_only_networks_that_both_have_are_used():
    assert Paths(("b",)).reachable((A, B)) == [B]


def test_names_that_match_nowhere_do_not_part_the_group():
    assert Paths(("other",)).reachable((A,)) == [Endpoint("other", "10.0.0.1", 7956)]


def test_a_dead_network_is_reported_once_avoided_looked_at_again_and_restored():
    paths = Paths(("a", "b"))
    found = [e for _ in range(2 * FAILURES) for e in paths.failed("m", "a", "b")]
    assert [(e.type, e.data) for e in found] == [("path_degraded", {"link": "a", "alive_by": "b"})]
    assert paths.best("m", (A, B)) == B
    assert {paths.next_probe("m", (A, B)) for _ in range(4)} == {B}
    assert paths.to_look_at(100, "m", (A, B)) == [A]
    assert paths.to_look_at(101, "m", (A, B)) == []
    assert paths.to_look_at(100 + LOOK_EVERY, "m", (A, B)) == [A]
    assert [e.type for e in paths.worked("m", "a", 0.001)] == ["path_restored"]
    assert paths.best("m", (A, B)) == A


def test_with_all_networks_dead_it_is_still_tried():
    paths = Paths(("a",))
    for _ in range(FAILURES):
        paths.failed("m", "a", "tcp")
    assert paths.best("m", (A,)) == A


def test_one_slow_answer_does_not_change_the_round_trip_time():
    paths = Paths(("a",))
    for rtt in (0.001, 0.5, 0.002):
        paths.worked("m", "a", rtt)
    assert paths.rtts("m") == {"a": 0.002}
