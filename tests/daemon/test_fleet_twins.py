"""Two hosts with one name: the second one is refused, and both say so."""

from pathlib import Path

from tests.agents import RunningAgent
from tests.daemon.fleets import Fleet
from tests.waiting import wait_for


def said(agent: RunningAgent) -> bool:
    return any(text.startswith("two hosts are called h2") for text in agent.status()["problems"])


def test_two_hosts_with_one_name_are_a_problem_of_both(tmp_path: Path) -> None:
    fleet, other = Fleet(tmp_path / "fleet", net=11), Fleet(tmp_path / "other", net=12)
    try:
        fleet.add("h1", disks=[{"name": "sda"}])
        first = fleet.add("h2", disks=[{"name": "sda"}])
        fleet.wait("h1", h1="alive", h2="alive")
        cluster = {"seeds": [fleet.address("h1")]}
        second = other.add("h2", {"cluster": cluster}, disks=[{"name": "sda"}])
        wait_for(lambda: said(first) and said(second), 60, "both to know")
        assert fleet.states("h1") == {"h1": "alive", "h2": "alive"}
        assert not fleet.address("h2").startswith("127.0.12.")
    finally:
        other.stop()
        fleet.stop()
