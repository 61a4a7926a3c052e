"""Five hosts with twenty addresses: upgraded one after another, and parted two to three."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fleet.faults import load
from tests.fleet.lab import fleet
from tests.fleet.systems import Hwagent
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft(8)"
    ),
    pytest.mark.timeout(900),
]
#: Milliseconds without an answer that no machine is too slow for; benchmarks/rolling.py is exact.
LONG = 5000.0


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hwagent]:
    with fleet(5, vips=20) as made:
        system = Hwagent(made, tmp_path_factory.mktemp("many"), 0.1)
        for host in made.hosts:
            system.start(host)
        system.ready()
        yield system


def hosts_of(seen: dict[str, Any]) -> list[int]:
    return [int(host) for _, host in seen["owners"]]


def all_know_all(system: Hwagent) -> bool:
    statuses = [system.status(host) for host in system.fleet.hosts]
    states = [m["status"] for status in statuses if status for m in status["members"]]
    return states == ["alive"] * 25


def test_a_rolling_upgrade_under_load_costs_no_address_more_than_a_move(five: Hwagent) -> None:
    """Hosts of this version and of the next one understand each other all the while."""
    made = five.fleet
    before = made.owners()
    assert versions(five) == {"gossip": {1}, "lease": {1}}
    with load(4), made.probing_all() as seen:
        for count, host in enumerate(made.hosts, 1):
            five.newer.add(host)
            five.restart(host)
            assert len(made.owners()) == 20
            if count == 3:
                assert versions(five) == {"gossip": {1, 2}, "lease": {1, 2}}
    for vip, one in seen.items():
        assert one["overlaps"] == 0, vip
        assert one["outage_ms"] < LONG, vip
        moves = hosts_of(one)
        assert moves[0] == before[vip]
        assert len(moves) <= 1 + 5, "it left no host but those that were upgraded"
        assert one["silences"] <= len(moves) - 1, "nothing is silent but for a move"
    wait_for(lambda: versions(five) == {"gossip": {2}, "lease": {2}}, 120, "the next version")
    wait_for(lambda: all_know_all(five), 120, "all members alive everywhere")


def versions(system: Hwagent) -> dict[str, set[int]]:
    """The versions that are spoken at all."""
    found = system.fleet.versions().values()
    return {
        kind: {version for one in found for version in one.get(kind, ())}
        for kind in ("gossip", "lease")
    }


def test_the_majority_keeps_its_addresses_and_takes_those_of_the_minority(five: Hwagent) -> None:
    """The minority falls silent before the majority answers; healed, nobody has to do anything."""
    made = five.fleet
    spread(five)
    before = made.owners()
    few = sorted(set(before.values()))[:2]
    minority = [h for h in made.hosts if h.number in few]
    many = {h.number for h in made.hosts} - set(few)
    with made.probing_all() as seen:
        made.part(minority)
        try:
            wait_for(lambda: set(made.owners().values()) <= many, 120, "all at the majority's")
        finally:
            made.heal()
        wait_for(lambda: all_know_all(five), 180, "all members alive everywhere")
        made.owners()
    for vip, one in seen.items():
        assert one["overlaps"] == 0, vip
        assert one["outage_ms"] < LONG, vip
        if before[vip] in many:
            assert hosts_of(one) == [before[vip]], "the majority's addresses did not move"
            assert one["silences"] == 0
        else:
            assert hosts_of(one)[0] == before[vip]
            assert set(hosts_of(one)[1:]) <= many
    assert len(made.owners()) == 20


def spread(system: Hwagent) -> None:
    """Waits until at least three hosts hold something; moves do it where stickiness does not."""
    made = system.fleet
    for number, vip in enumerate(made.vips):
        owner, target = made.owners()[vip], 1 + number % 5
        if owner != target:
            host = made.hosts[owner - 1]
            assert system.cli(host, "vip", "move", vip, f"h{target}").returncode == 0
    wait_for(lambda: len(set(made.owners().values())) >= 3, 60, "addresses on three hosts")
