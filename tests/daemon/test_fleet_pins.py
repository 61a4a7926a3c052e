"""Pins of addresses: told to the whole fleet, kept by every agent, shown by each."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.agents import RunningAgent
from tests.daemon.fleets import Fleet
from tests.waiting import wait_for

VIP = "10.9.0.100"
VOTERS = {f"h{n}": [f"127.0.5.{n}"] for n in (1, 2)}
CONFIG: dict[str, Any] = {
    "vips": [
        {"address": f"{VIP}/24", "interfaces": ["eth0"], "group": "web"},
        {"address": "10.9.0.101/24", "interfaces": ["eth0"]},
        {"address": "10.9.0.102/24", "interfaces": ["eth0"], "group": "pair"},
    ],
    "groups": [
        {"name": "web", "voters": VOTERS},
        {"name": "pair", "voters": VOTERS, "quorum": "any", "port": 7948},
    ],
}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    made = Fleet(tmp_path_factory.mktemp("pins"), net=5, port=7956)
    try:
        for name in ("h1", "h2"):
            made.add(name, CONFIG, disks=[{"name": "sda"}])
        for name in made.agents:
            made.wait(name, h1="alive", h2="alive")
        yield made
    finally:
        made.stop()


def pinned(agent: RunningAgent) -> str:
    found: str = agent.status()["vips"][0]["pinned"]
    return found


def test_a_pin_is_known_to_all_and_kept_over_restarts_of_all(fleet: Fleet) -> None:
    first, second = fleet.agents.values()
    told = first.cli("vip", "pin", VIP, "h2", "--for", "2h")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith(f"{VIP}/24 is pinned to h2 until ")
    wait_for(lambda: pinned(second) == "h2", 60, "the other agent to know")
    listed = second.cli("vip", "list").stdout
    assert "h2 until " in listed
    for agent in (first, second):
        agent.stop()
    first.start()
    assert pinned(first) == "h2", "although there is nobody to ask"
    second.start()
    fleet.wait("h1", h1="alive", h2="alive")
    taken = second.cli("vip", "unpin", VIP, "-o", "json")
    assert json.loads(taken.stdout) == {"address": f"{VIP}/24", "from": "h2"}
    wait_for(lambda: pinned(first) == "", 60, "the first agent to know")
    assert "is not pinned" in first.cli("vip", "unpin", VIP).stderr


def test_a_pin_that_is_taken_back_while_a_host_is_away_stays_so(fleet: Fleet) -> None:
    first, second = fleet.agents.values()
    assert first.cli("vip", "pin", VIP, "h1").returncode == 0
    wait_for(lambda: pinned(second) == "h1", 60, "the other agent to know")
    second.stop()
    assert first.cli("vip", "unpin", VIP).returncode == 0
    second.start()
    fleet.wait("h2", h1="alive", h2="alive")
    wait_for(lambda: pinned(second) == "", 60, "the one that was away to hear")
    assert pinned(first) == ""


def test_a_pin_ends_by_itself(fleet: Fleet) -> None:
    first, second = fleet.agents.values()
    assert first.cli("vip", "pin", VIP, "h2", "--for", "3s").returncode == 0
    wait_for(lambda: pinned(first) == pinned(second) == "", 60, "the end of the pin")


def test_moves_that_would_come_to_nothing_are_refused_with_a_reason(fleet: Fleet) -> None:
    first, second = fleet.agents.values()
    unfit = second.cli("vip", "move", VIP, "h1")
    assert unfit.returncode == 3
    assert f"h1 would not take {VIP}/24: mode is observe" in unfit.stderr
    assert first.cli("vip", "pin", VIP, "h2").returncode == 0
    assert "is pinned to h2: it would go back" in first.cli("vip", "move", VIP, "h1").stderr
    assert first.cli("vip", "unpin", VIP).returncode == 0
    assert "is in no group" in first.cli("vip", "move", "10.9.0.101", "h2").stderr


def test_what_may_have_two_owners_is_called_unsafe_wherever_it_is_shown(fleet: Fleet) -> None:
    agent = fleet.agents["h1"]
    reason = "quorum is any: a cut network can give an address two owners"
    for words in (["vip", "list"], ["status"]):
        lines = agent.cli(*words).stdout.splitlines()
        rows = [line for line in lines if line.startswith("10.9.0.")]
        assert ["(unsafe)" in row for row in rows] == [False, False, True]
        assert any(line.startswith(f"unsafe: {reason}") for line in lines)
    unsafe = [bool(vip["unsafe"]) for vip in agent.status()["vips"]]
    assert unsafe == [False, False, True]
    metrics = agent.cli("metrics").stdout
    assert 'hwagent_vip_unsafe{address="10.9.0.102/24"} 1' in metrics
    assert 'hwagent_vip_unsafe{address="10.9.0.100/24"} 0' in metrics


def test_pins_that_cannot_be_are_refused_with_a_reason(fleet: Fleet) -> None:
    agent = fleet.agents["h1"]
    assert "no host 'h3' in group 'web'" in agent.cli("vip", "pin", VIP, "h3").stderr
    assert "is in no group" in agent.cli("vip", "pin", "10.9.0.101", "h1").stderr
    assert "--for" in agent.cli("vip", "pin", VIP, "h2", "--for", "soon").stderr
    assert agent.cli("leave").returncode == 0
    assert "the other hosts cannot be told" in agent.cli("vip", "pin", VIP, "h2").stderr
    assert agent.cli("join", fleet.address("h2")).returncode == 0
