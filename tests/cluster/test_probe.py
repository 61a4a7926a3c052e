"""One probe round, the order of probes, and pinging for others."""

import random

from hwagent.cluster.awareness import Awareness
from hwagent.cluster.messages import Endpoint
from hwagent.cluster.probe import NACK_SHARE, Order, Round
from hwagent.cluster.profile import LAN, LOCAL, WAN
from hwagent.cluster.relay import RELAYS_MAX, Relay, Relays

WHERE = Endpoint("", "10.0.0.1", 7956)


def test_awareness_rises_falls_and_is_clamped():
    awareness = Awareness(8)
    awareness.apply(-5)
    assert awareness.score == 0
    awareness.apply(3)
    assert awareness.scale(0.5) == 2.0
    awareness.apply(100)
    assert awareness.score == 7
    assert awareness.scale(1) == 8, "S = 8: from 1 s to 8 s"
    awareness.apply(-1)
    assert awareness.score == 6


def test_a_nack_of_somebody_who_was_not_asked_counts_for_nothing():
    round = Round(0, 1, "t", "lan", 0.5)
    round.go_indirect(1.0, {"a", "b", "c"})
    round.nack("x")
    round.nack("a")
    round.nack("a")
    assert round.blame() == 2
    assert "1 of 3 helpers" in round.evidence()


def test_who_has_no_helpers_blames_itself_a_little():
    round = Round(0, 1, "t", "lan", 0.5)
    round.go_indirect(1.0, set())
    assert round.blame() == 1


def test_nacks_arrive_before_the_deadline_at_the_default_timings():
    """Trap: memberlist's helpers wait a whole timeout, and the nack comes after the deadline."""
    for profile in (LAN, WAN, LOCAL):
        rest = profile.probe_interval - profile.probe_timeout
        assert profile.probe_timeout + NACK_SHARE * rest < profile.probe_interval


def test_everybody_is_probed_once_a_round_and_a_newcomer_within_two():
    order = Order(random.Random(1))
    names = {f"n{i}" for i in range(20)}
    for name in sorted(names):
        order.add(name)
    for _ in range(20):
        order.take()  # the first round: they were added in order
    assert {order.take() for _ in range(20)} == names
    order.take()
    order.add("new")
    assert "new" in {order.take() for _ in range(2 * 21 - 1)}


def test_who_is_removed_is_not_probed_and_nobody_is_skipped():
    order = Order(random.Random(2))
    for i in range(5):
        order.add(f"n{i}")
    seen = [order.take(), order.take()]
    order.remove(seen[0])
    seen += [order.take() for _ in range(3)]
    assert sorted(seen) == [f"n{i}" for i in range(5)]
    assert seen[0] not in {order.take() for _ in range(8)}


def relay(nack_at: float = 0.4, until: float = 0.5) -> Relay:
    return Relay("origin", WHERE, 7, "t", nack_at, until)


def test_a_helper_says_once_that_it_heard_nothing_and_still_passes_a_late_ack_on():
    relays = Relays()
    relays.begin(1, relay())
    assert relays.silent(0.39) == []
    assert [r.number for r in relays.silent(0.4)] == [7]
    assert relays.silent(0.45) == []
    assert relays.answered(1, "t") is not None
    assert relays.answered(1, "t") is None


def test_an_ack_of_somebody_else_answers_nothing():
    relays = Relays()
    relays.begin(1, relay())
    assert relays.answered(1, "x") is None
    assert relays.answered(2, "t") is None
    assert relays.answered(1, "t") is not None


def test_requests_to_help_are_bounded_and_end():
    relays = Relays()
    assert all(relays.begin(i, relay()) for i in range(RELAYS_MAX))
    assert not relays.begin(RELAYS_MAX, relay())
    relays.silent(0.5)
    assert len(relays) == 0
