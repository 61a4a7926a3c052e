"""A voter, by the rules of LEASE.md."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.lease.messages import FINAL, Claim
from hwagent.lease.voter import Voter
from tests.lease.groups import (
    ABC,
    OTHER,
    VIP,
    electorate,
    granted,
    group,
    heartbeat,
    release,
)

ONE, TWO = Claim(VIP, 100), Claim(VIP, 200)


@pytest.fixture
def voter() -> Voter:
    """A voter that has been silent for long enough at time 1."""
    return Voter(0.0, "a", 7, group())


def test_rule_1_a_vip_is_promised_to_one_owner(voter: Voter) -> None:
    assert granted(voter.heartbeat(1.0, heartbeat("a", 1, ONE)))
    ack = voter.heartbeat(1.1, heartbeat("b", 1, TWO))
    assert ack is not None
    (refusal,) = ack.refusals
    assert (refusal.vip, refusal.holder, refusal.ms, refusal.held) == (VIP, "a", 200, False)


def test_rule_1_a_promise_ends_a_lease_after_the_newest_heartbeat(voter: Voter) -> None:
    voter.heartbeat(1.0, heartbeat("a", 1, ONE))
    voter.heartbeat(1.2, heartbeat("a", 2, ONE, known=True))
    assert not granted(voter.heartbeat(1.499, heartbeat("b", 1, TWO)))
    assert granted(voter.heartbeat(1.5, heartbeat("b", 2, TWO)))


def test_rule_1_a_release_frees_at_once(voter: Voter) -> None:
    voter.heartbeat(1.0, heartbeat("a", 1, ONE))
    voter.release(1.01, release("a", 2, ONE))
    assert voter.freed() == {VIP}
    assert granted(voter.heartbeat(1.02, heartbeat("b", 1, TWO)))


def test_rule_1_a_claim_left_out_of_the_list_is_free(voter: Voter) -> None:
    other = Claim(OTHER, 100)
    voter.heartbeat(1.0, heartbeat("a", 1, ONE, other))
    voter.heartbeat(1.1, heartbeat("a", 2, other))
    assert granted(voter.heartbeat(1.2, heartbeat("b", 1, TWO)))
    assert not granted(voter.heartbeat(1.2, heartbeat("b", 2, TWO, Claim(OTHER, 200))))


def test_rule_2_a_digest_that_is_not_known_grants_nothing(voter: Voter) -> None:
    ack = voter.heartbeat(1.0, heartbeat("a", 1, ONE, known=True))
    assert ack is not None
    assert ack.unknown
    assert granted(voter.heartbeat(1.01, heartbeat("b", 1, TWO)))


def test_rule_2_an_expired_claim_that_another_got_is_not_renewed(voter: Voter) -> None:
    voter.heartbeat(1.0, heartbeat("a", 1, ONE))
    voter.heartbeat(1.4, heartbeat("b", 1, TWO))
    assert not granted(voter.heartbeat(1.41, heartbeat("a", 2, ONE, known=True)))


def test_rule_5_a_voter_is_silent_for_m_after_its_start() -> None:
    voter = Voter(0.0, "a", 7, group(electorate("a", "b", "c", longest=0.5)))
    sets = group(electorate("a", "b", "c", longest=0.5)).sets
    assert voter.heartbeat(0.499, heartbeat("a", 1, ONE, sets=sets)) is None
    assert granted(voter.heartbeat(0.5, heartbeat("a", 2, ONE, known=True, sets=sets)))


def test_rule_6_older_sequence_numbers_are_ignored(voter: Voter) -> None:
    other = Claim(OTHER, 100)
    voter.heartbeat(1.0, heartbeat("a", 5, ONE, other))
    assert voter.heartbeat(1.1, heartbeat("a", 4, other)) is None
    assert not granted(voter.heartbeat(1.2, heartbeat("b", 1, TWO)))


def test_rule_6_the_same_number_by_another_path_is_answered(voter: Voter) -> None:
    voter.heartbeat(1.0, heartbeat("a", 5, ONE))
    assert granted(voter.heartbeat(1.1, heartbeat("a", 5, ONE)))


def test_rule_7_the_epoch_must_grow_with_the_owner(voter: Voter) -> None:
    voter.heartbeat(1.0, heartbeat("a", 1, TWO))
    voter.release(1.1, release("a", 2, TWO))
    ack = voter.heartbeat(1.2, heartbeat("b", 1, ONE))
    assert ack is not None
    (refusal,) = ack.refusals
    assert (refusal.ms, refusal.epoch) == (0, 200)
    assert not granted(voter.heartbeat(1.2, heartbeat("b", 2, TWO)))
    assert granted(voter.heartbeat(1.2, heartbeat("b", 3, Claim(VIP, 201))))


def test_rule_7_a_release_of_another_boot_or_epoch_frees_nothing(voter: Voter) -> None:
    voter.heartbeat(1.0, heartbeat("a", 1, TWO))
    voter.release(1.0, release("a", 9, nonce=1))
    voter.release(1.0, release("a", 2, ONE))
    assert not granted(voter.heartbeat(1.1, heartbeat("b", 1, Claim(VIP, 300))))


def test_a_release_is_not_overtaken_by_an_older_heartbeat(voter: Voter) -> None:
    voter.release(1.0, release("a", 2, ONE))
    assert voter.heartbeat(1.1, heartbeat("a", 1, ONE)) is None
    assert granted(voter.heartbeat(1.2, heartbeat("b", 1, TWO)))


def test_nothing_of_an_owner_counts_after_its_will(voter: Voter) -> None:
    voter.heartbeat(1.0, heartbeat("a", 1, ONE))
    voter.release(1.1, release("a", FINAL))
    assert voter.heartbeat(1.1, heartbeat("a", 2, ONE)) is None
    assert granted(voter.heartbeat(1.2, heartbeat("b", 1, TWO)))


@pytest.mark.parametrize(
    ("mine", "its", "answered"),
    [
        ((None, "abc"), (None, "abc"), True),
        ((None, "abc"), (None, "cde"), False),
        ((None, "abc"), ("abc", "cde"), True),
        ((None, "cde"), ("abc", "cde"), True),
        ((None, "abc"), ("cde", "efg"), False),
        (("abc", "cde"), ("abc", "cde"), True),
        (("abc", "cde"), (None, "abc"), True),
        (("abc", "cde"), (None, "cde"), False),
    ],
)
def test_only_its_own_voter_set_or_a_declared_transition_is_answered(
    mine: tuple[str | None, str], its: tuple[str | None, str], answered: bool
) -> None:
    old, new = [electorate(*names) if names else None for names in mine]
    assert new is not None
    voter = Voter(0.0, "c", 7, group(new, previous=old))
    sets = [electorate(*names).digest if names else 0 for names in its]
    ack = voter.heartbeat(1.0, heartbeat("a", 1, ONE, sets=(sets[0], sets[1])))
    assert granted(ack) is answered


def test_a_voter_that_drops_the_previous_set_goes_on_for_m() -> None:
    new = electorate("c", "d", "e")
    voter = Voter(0.0, "c", 7, group(new, previous=ABC))
    voter.reconfigure(1.0, group(new))
    alone = (0, new.digest)
    assert not granted(voter.heartbeat(1.29, heartbeat("d", 1, ONE, sets=alone)))
    assert granted(voter.heartbeat(1.3, heartbeat("d", 2, ONE, sets=alone)))


def test_the_longer_lease_counts_and_none_longer_than_m_is_granted(voter: Voter) -> None:
    voter.reconfigure(0.5, group(lease=0.2))
    voter.heartbeat(1.0, heartbeat("a", 1, ONE, lease=300))
    voter.heartbeat(1.01, heartbeat("a", 2, ONE, lease=150))
    assert not granted(voter.heartbeat(1.299, heartbeat("b", 1, TWO)))
    assert granted(voter.heartbeat(1.3, heartbeat("b", 2, TWO)))
    assert not granted(voter.heartbeat(1.4, heartbeat("b", 3, TWO, lease=301)))


def test_a_voter_whose_name_another_uses_is_silent(voter: Voter) -> None:
    assert voter.heartbeat(1.0, heartbeat("b", 1, ONE, heard=(("a", 8),))) is None
    assert voter.cloned(1.1)
    assert voter.heartbeat(1.29, heartbeat("b", 2, ONE)) is None
    assert granted(voter.heartbeat(1.3, heartbeat("b", 3, ONE, heard=(("a", 7),))))


def test_it_knows_who_holds_what(voter: Voter) -> None:
    voter.heartbeat(1.0, heartbeat("a", 1, Claim(VIP, 100, True), Claim(OTHER, 100)))
    assert voter.holders(1.2) == {VIP: ("a", 100)}
    assert voter.left(1.1, VIP, ord("a")) == 0
    assert voter.left(1.1, VIP, ord("b")) == pytest.approx(0.2)
    assert voter.holders(1.3) == {}


Step = tuple[str, float, int, bool]
steps = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from([0.0, 0.01, 0.1, 0.29, 0.31]),
        st.integers(1, 3),
        st.booleans(),
    ),
    max_size=40,
)


@given(steps)
def test_two_promises_for_one_vip_never_live_at_the_same_time(script: list[Step]) -> None:
    """Whatever is asked for and given back in whatever order: one promise at a time."""
    voter, now, seq = Voter(0.0, "a", 7, group()), 1.0, 0
    promised: dict[str, tuple[int, float]] = {}
    for owner, later, epoch, gives_back in script:
        now, seq = now + later, seq + 1
        claim = Claim(VIP, epoch)
        if gives_back:
            voter.release(now, release(owner, seq, claim))
        ack = None if gives_back else voter.heartbeat(now, heartbeat(owner, seq, claim))
        if gives_back == (promised.get(owner, (epoch, 0.0))[0] == epoch):
            promised.pop(owner, None)  # released, or left out of the list for another epoch
        if granted(ack):
            assert all(o == owner or until <= now for o, (_, until) in promised.items())
            promised[owner] = (epoch, now + 0.3)
