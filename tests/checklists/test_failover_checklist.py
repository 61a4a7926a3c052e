"""What users of keepalived and its like must have, each item by the tests that show it here; those
that are not done, or only in part, say why. That the named tests exist is tested; what they say,
they say themselves."""

from typing import NamedTuple

import pytest

from tests.checklists.named import missing


class Item(NamedTuple):
    """One thing that must be: the tests that show it, and what of it is not so, and why."""

    what: str
    shown: tuple[str, ...]
    lacks: str = ""


MUST = [
    Item(
        "crash failover within 4 s by default, tunable; clean stop within 1 s",
        (
            "config/test_groups.py::test_a_group_of_three_voters_has_keepalived_like_times",
            "lease/test_node.py::test_a_crash_costs_the_rest_of_the_lease",
            "lease/test_node.py::test_a_planned_move_takes_no_time_but_the_packets",
            "fleet/test_fleet.py::test_one_host_answers_whatever_happens_to_it",
        ),
    ),
    Item(
        "address and gate gone on crash, kill -9, SIGSTOP, start as non-owner",
        (
            "gate/test_gate.py::test_it_shuts_by_itself_whatever_becomes_of_its_owner",
            "gate/test_gate.py::test_a_write_that_comes_late_opens_nothing",
            "vip/test_guardian.py::test_a_killed_holders_addresses_go",
            "vip/test_guardian.py::"
            "test_a_frozen_holder_loses_its_addresses_and_takes_them_back_when_it_thaws",
            "vip/test_holder.py::"
            "test_a_holder_that_follows_a_killed_one_takes_away_what_nobody_wants",
            "vip/test_guardian.py::test_a_guardian_that_finds_no_holder_takes_what_one_left",
        ),
        "a reboot leaves no address: they are never written where a boot would find them",
    ),
    Item(
        "announcement on claim, and by the survivor after overlap, thaw, heal and link-up",
        (
            "vip/test_announcements.py::test_announced_at_once_and_past_the_neighbours_locktime",
            "vip/test_machine.py::test_a_link_that_went_and_came_is_announced_on_again",
            "vip/test_holder.py::test_a_flap_too_short_for_the_eye_is_announced",
            "vip/test_holder.py::test_a_new_mac_address_is_announced",
            "vip/test_announcements.py::test_hundreds_of_addresses_are_spread_and_none_is_left_out",
        ),
        "no refresh for ever: where two announced, the winner repeats; a quiet one need not",
    ),
    Item(
        "dadfailed repaired, NODAD",
        (
            "net/test_rtnetlink.py::test_ipv6_message_asks_for_no_duplicate_detection",
            "vip/test_holder.py::test_an_ipv6_address_answers_at_once_and_is_advertised",
        ),
        "nothing to repair: without duplicate detection no address can fail it",
    ),
    Item(
        "foreign deletion of an address: restored or given up",
        (
            "vip/test_holder.py::test_deleted_by_somebody_else_it_is_put_back_once",
            "vip/test_machine.py::test_deleted_again_it_is_given_up_for_a_while",
            "vip/test_holder.py::test_it_stays_when_the_first_address_of_its_subnet_goes",
        ),
        "hwagent sets no routes or rules of its own, so nobody can delete them",
    ),
    Item(
        "triggers by script, file, process, interface, with rise, fall and timeout",
        (
            "collect/test_service.py::test_commands_by_exit_status",
            "collect/test_service.py::test_files_by_age",
            "collect/test_service.py::test_units_by_what_systemctl_says",
            "collect/test_service.py::test_a_port_that_listens_and_one_that_does_not",
            "collect/test_service.py::test_rise_and_fall",
            "collect/test_service.py::test_a_command_that_hangs_is_killed_with_its_children",
            "vip/test_agent.py::test_a_service_that_is_down_takes_the_address_away",
            "vip/test_holder.py::"
            "test_a_pulled_cable_takes_the_address_and_a_plugged_one_brings_it_back",
        ),
        "no BFD: it needs a router that speaks it; the leases find a dead path in as little time. A"
        " ping is a command (exec); a weight is the severity of an alert: degraded hosts give way",
    ),
    Item(
        "groups, preferred host, no preemption by default, flap damping, boot delay, debounce",
        (
            "lease/test_node.py::test_preemption_brings_a_vip_back_and_stickiness_does_not",
            "lease/test_owner.py::test_a_fit_host_that_is_not_the_best_keeps_it_unless_preempted",
            "cluster/test_placement.py::test_addresses_that_belong_together_stay_together",
            "rules/test_machine.py::test_a_flapping_alert_stays_one_alert_until_it_is_calm",
            "lease/test_voter.py::test_rule_5_a_voter_is_silent_for_m_after_its_start",
            "vip/test_machine.py::test_deleted_again_it_is_given_up_for_a_while",
        ),
        "no debounce: a lost link moves the address at once, and stickiness keeps it there. No"
        " delay of preemption: who returns is fit only after its first round of looks",
    ),
    Item(
        "hand-over to a named host, drain, maintenance",
        (
            "lease/test_owner.py::test_the_successor_asks_at_once_and_the_others_wait",
            "fleet/test_fleet.py::test_moves_that_cannot_be_are_refused_with_a_reason",
            "fleet/test_fleet.py::test_a_move_may_be_asked_for_at_any_host",
            "fleet/test_fleet.py::test_nothing_is_moved_to_a_host_that_would_not_take_it",
            "fleet/test_fleet.py::test_maintenance_empties_the_host",
            "daemon/test_fleet_pins.py::test_a_pin_is_known_to_all_and_kept_over_restarts_of_all",
        ),
        "a move at a set time is a timer's or cron's: hwagent vip move is one command",
    ),
    Item(
        "validate, then reload without touching other addresses; unequal lists are no two owners",
        (
            "vip/test_holder.py::test_a_reload_of_the_plan_drops_nothing_that_stays",
            "vip/test_holder.py::test_a_refused_plan_changes_nothing_of_what_is_watched",
            "daemon/test_holding.py::test_a_reload_drops_no_address_that_stays",
            "lease/test_voter.py::test_only_its_own_voter_set_or_a_declared_transition_is_answered",
            "lease/test_lists.py::test_hosts_with_unequal_lists_never_answer_twice",
        ),
    ),
    Item(
        "one command, JSON and Prometheus: who owns what, seen by whom, how old",
        (
            "fleet/test_fleet.py::test_every_host_says_who_holds_it",
            "daemon/test_fleet.py::test_any_member_answers_for_all_and_says_how_old_that_is",
            "daemon/test_fleet.py::test_members_are_in_the_status_and_in_the_metrics",
            "cli/test_everywhere.py::test_every_command_takes_json",
        ),
    ),
    Item(
        "notify in order, winner after a conflict, with timeouts",
        (
            "vip/test_preparation.py::test_prepared_before_it_is_set_and_announced",
            "vip/test_preparation.py::test_each_stay_is_prepared_anew_with_a_higher_epoch",
            "vip/test_preparation.py::test_not_ready_in_time_it_is_left_to_others_for_a_while",
            "vip/test_preparation.py::test_a_word_about_another_stay_counts_for_nothing",
        ),
        "events are a stream over HTTP (server-sent), not a named pipe",
    ),
    Item(
        "authentication, replay protection, key rotation",
        (
            "seal/test_channel.py::test_no_bit_of_a_packet_can_be_changed",
            "cluster/test_checklist_wire.py::"
            "test_22_every_packet_of_a_run_said_again_changes_nothing",
            "cluster/test_checklist_wire.py::test_23_keys_rotate_while_the_fleet_runs",
            "fleet/test_hostile.py::test_hostile_packets_do_nothing_to_a_living_agent_and_holder",
        ),
    ),
    Item(
        "real-time, locked memory, a stall detector that steps down",
        (
            "vip/test_holder.py::test_it_is_hardened_and_small",
            "vip/test_holder.py::test_its_worst_stall_is_in_the_status",
            "lease/test_owner.py::"
            "test_rule_6_a_lease_that_ran_out_is_asked_for_anew_whatever_is_in_the_queue",
            "lease/test_owner.py::test_a_clock_that_stood_still_costs_everything",
        ),
    ),
    Item(
        "hundreds of addresses; weights, drain, hysteresis",
        (
            "vip/test_holder.py::test_hundreds_are_moved_at_once_and_each_is_announced",
            "lease/test_node.py::test_a_thousand_vips_are_renewed_by_one_packet_to_each_voter",
            "cluster/test_placement.py::test_weights_follow_the_load_with_hysteresis",
        ),
        "no load balancer for connections (IPVS) and so no sorry server: addresses are spread",
    ),
]

TRAPS = [
    Item(
        "the loser announces last, and the winner never again (K#542, K#220)",
        (
            "gate/test_gate.py::test_the_host_announces_only_while_it_is_open",
            "vip/test_announcements.py::test_an_address_given_up_is_announced_no_more",
            "vip/test_guardian.py::"
            "test_a_frozen_holder_loses_its_addresses_and_takes_them_back_when_it_thaws",
        ),
    ),
    Item(
        "kill -9 leaves the address on the old master without limit (K#2361)",
        ("vip/test_guardian.py::test_a_killed_holders_addresses_go",),
    ),
    Item(
        "networkd, NetworkManager or DHCP deletes addresses (K#836, K#1385)",
        (
            "vip/test_holder.py::test_deleted_by_somebody_else_it_is_put_back_once",
            "vip/test_holder.py::test_a_driver_that_is_reloaded_gets_its_address_back",
        ),
    ),
    Item(
        "unequal lists of addresses make two masters (K#1603)",
        ("lease/test_lists.py::test_hosts_with_unequal_lists_never_answer_twice",),
    ),
    Item(
        "both backup for ever after interfaces went and came (K#2190, K#1532)",
        (
            "vip/test_holder.py::test_an_interface_that_is_not_there_yet_is_waited_for",
            "vip/test_holder.py::test_a_link_switched_off_and_on_is_no_theft",
        ),
    ),
    Item(
        "a timer late by seconds makes two masters (K#2066, K#2469)",
        (
            "sim/test_sim.py::test_no_schedule_has_two_owners_and_each_vip_is_served_in_time",
            "gate/test_gate.py::test_a_write_that_comes_late_opens_nothing",
        ),
    ),
    Item(
        "a reload drops addresses that have nothing to do with it (K#349, K#2159)",
        ("vip/test_holder.py::test_a_reload_of_the_plan_drops_nothing_that_stays",),
    ),
    Item(
        "the kernel drops a subnet's other addresses with its first",
        ("vip/test_holder.py::test_it_stays_when_the_first_address_of_its_subnet_goes",),
    ),
]


@pytest.mark.parametrize("item", [*MUST, *TRAPS], ids=lambda item: item.what)
def test_each_item_is_shown_by_tests_that_there_are(item: Item) -> None:
    assert item.shown or item.lacks
    assert missing(*item.shown) == []


def test_none_of_the_fourteen_items_is_left_out() -> None:
    assert len({item.what for item in MUST}) == 14
