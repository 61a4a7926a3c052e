"""memberlist's formulas, at the sizes for which its documentation and code give figures."""

import pytest

from hwagent.cluster.profile import LAN, LOCAL, PROFILES, WAN


@pytest.mark.parametrize(("members", "sends"), [(1, 4), (9, 4), (10, 8), (999, 12), (10_000, 20)])
def test_an_update_is_sent_by_the_logarithm_of_the_group(members, sends):
    assert LAN.retransmit_limit(members) == sends


@pytest.mark.parametrize(
    ("members", "least", "most"), [(3, 4, 24), (1000, 12, 72), (10_000, 16, 96), (100_000, 20, 120)]
)
def test_suspicion_lasts_by_the_logarithm_of_the_group(members, least, most):
    assert LAN.suspicion_min(members) == pytest.approx(least)
    assert LAN.suspicion_max(members) == pytest.approx(most)


@pytest.mark.parametrize(("members", "seconds"), [(2, 30), (32, 30), (64, 60), (1000, 180)])
def test_everything_is_exchanged_less_often_in_a_large_group(members, seconds):
    assert LAN.push_pull_every(members) == seconds


def test_a_small_group_has_nobody_who_could_confirm():
    assert [LAN.confirmations(n) for n in (1, 2, 3, 4, 5)] == [0, 0, 0, 2, 2]


def test_profiles_are_memberlists():
    assert PROFILES == {"lan": LAN, "wan": WAN, "local": LOCAL}
    shape = ("probe_interval", "probe_timeout", "indirect_checks", "retransmit_mult")
    assert [getattr(LAN, name) for name in shape] == [1, 0.5, 3, 4]
    assert [getattr(WAN, name) for name in shape] == [5, 3, 3, 4]
    assert [getattr(LOCAL, name) for name in shape] == [1, 0.2, 1, 2]
