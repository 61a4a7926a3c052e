"""Every item of the checklist of gossip (SWIM, Lifeguard, and what users of memberlist complain
about) is a test with its number; here is what each of them is, and that it is there."""

import pytest

from tests.checklists.named import missing, numbered

ITEMS = {
    1: "a crash is seen by all within the bound",
    2: "no false death at 10 % loss, 1000 members, an hour; queue bounded",
    3: "a starved member fails nobody else",
    4: "the local health multiplier rises, falls and is clamped",
    5: "nacks arrive before the deadline at default timings; a true crash leaves it at 0",
    6: "one accuser twice is one",
    7: "the timer equals the formula for each number of accusers",
    8: "up to three members use the shortest time",
    9: "who is suspected hears it in its next ping",
    10: "a refutation exceeds any accusation, the greatest number included",
    11: "a stale alive never resurrects; a stored incarnation never falls",
    12: "the incarnation survives a restart, or the generation does",
    13: "a restart of all converges",
    14: "the same name at a new address: taken over in bounded time",
    15: "a name or address used twice: both named, the others stay up",
    16: "leaving is not failing; rejoin after leave",
    17: "a partition of any length merges again by itself",
    18: "a one-way link: the target stays alive, the link is reported",
    19: "a link that only TCP passes is warned of",
    20: "no packet above the MTU with seal and label; oversize refused where it is made",
    21: "cut packets, garbage, bombs: counted, no change of state",
    22: "replayed ciphertext changes nothing",
    23: "keys rotate with a member down, and it returns; one step can be taken back",
    24: "the sealing key cannot be removed; a wrong label is dropped",
    25: "queues are bounded, refutations never shed, user data not starved",
    26: "memory is flat under seven days of new names",
    27: "a jump of the wall clock has no effect",
    28: "after a pause of 120 s it suspects itself first",
    29: "a verdict names its accusers and evidence and replays from its seed",
    30: "the same seed gives the same trace at 10,000 members",
}

#: What memberlist and others stumbled over, by the test in which we do not.
TRAPS = {
    "late nacks (memberlist's helpers nack after the deadline)": [
        "cluster/test_checklist_detection.py::test_05_nacks_that_come_after_the_round_are_ignored",
        "cluster/test_checklist_detection.py::"
        "test_05_a_true_crash_leaves_healthy_members_healthy_at_the_default_timings",
    ],
    "no re-merge after a partition (memberlist#222)": [
        "cluster/test_checklist_life.py::test_17_a_partition_of_any_length_merges_by_itself",
        "cluster/test_rejoin.py::test_in_a_group_the_dead_are_called_now_and_then_by_somebody",
    ],
    "stale resurrection (al8n/memberlist#197)": [
        "cluster/test_checklist_detection.py::test_11_what_is_stale_brings_nobody_back",
        "cluster/test_membership.py::"
        "test_death_of_somebody_unknown_is_remembered_against_what_is_stale",
    ],
    "live ones stay dead after a mass restart (memberlist#311)": [
        "cluster/test_checklist_life.py::"
        "test_12_a_member_that_was_found_dead_at_a_high_incarnation_comes_back",
        "cluster/test_checklist_life.py::test_13_a_restart_of_everybody_at_once_converges",
    ],
    "more than 255 parts in a packet (memberlist#239)": [
        "cluster/test_codec.py::test_parts_come_out_as_they_went_in",
    ],
    "a duel of two hosts with one name (consul#2430)": [
        "cluster/test_checklist_life.py::"
        "test_15_two_hosts_with_one_name_are_both_named_and_nobody_falls",
        "cluster/test_membership.py::"
        "test_another_host_with_this_name_is_reported_and_no_duel_begins",
    ],
    "an address that nobody can call is advertised (EastGuard#53)": [
        "cluster/test_node.py::test_an_address_that_is_everybodys_is_not_advertised",
    ],
    "a key file that was written since is ignored (consul#719)": [
        "seal/test_keystore.py::test_a_key_file_that_was_written_since_comes_first",
    ],
    "encryption cannot be switched on while it runs (serf#292)": [
        "cluster/test_checklist_wire.py::test_a_running_fleet_goes_from_plain_to_sealed_without_a_stop",
    ],
}


@pytest.mark.parametrize("number", ITEMS)
def test_each_item_is_a_test_with_its_number(number: int) -> None:
    assert numbered("cluster", number), ITEMS[number]


def test_no_test_has_a_number_that_is_none() -> None:
    assert [n for n in range(100) if numbered("cluster", n)] == list(ITEMS)


@pytest.mark.parametrize("trap", TRAPS)
def test_each_trap_is_a_test(trap: str) -> None:
    assert missing(*TRAPS[trap]) == []
