"""Three whole agents on one switch, seen from outside: one owner whatever happens to it."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hwagent.vip.client import HolderClient
from tests.fleet.faults import FAULTS
from tests.fleet.lab import VIP, Host, fleet
from tests.fleet.systems import Hwagent
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft(8)"
)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hwagent]:
    with fleet(3) as made:
        system = Hwagent(made, tmp_path_factory.mktemp("fleet"), 0.1)
        for host in made.hosts:
            system.start(host)
        yield system


def strike(system: Hwagent, name: str) -> tuple[Host, dict[str, Any]]:
    """One fault; the owner it hit, and what was seen until another or the same host answers."""
    fault = FAULTS[name]
    system.ready()
    owner = system.fleet.owner()
    others = {h.number for h in system.fleet.hosts if h is not owner}
    with system.fleet.probing() as seen:
        fault.inject(system, owner)
        end = time.monotonic() + fault.seconds
        if fault.moves:
            wait_for(lambda: any(bears(h) for h in system.fleet.hosts if h.number in others), 30)
        else:
            wait_for(lambda: time.monotonic() > end)
    fault.restore(system, owner)
    return owner, seen


def bears(host: Host) -> bool:
    return VIP in host.ip("addr show")


@pytest.mark.parametrize(
    "name",
    ["planned move", "holder killed", "holder frozen", "cable pulled", "port mute one way",
     "host crashed", "20 % loss"],
)  # fmt: skip
def test_one_host_answers_whatever_happens_to_it(three: Hwagent, name: str) -> None:
    owner, seen = strike(three, name)
    assert seen["overlaps"] == 0
    if FAULTS[name].moves:
        assert three.fleet.owner() is not owner
    else:
        assert {host for _, host in seen["owners"]} == {owner.number}


def test_an_agent_that_dies_costs_nothing_and_its_host_hands_over_in_time(three: Hwagent) -> None:
    """Its last word counts on for a while (fitness.ttl); then another fit host has the address."""
    owner, seen = strike(three, "agent killed")
    assert seen["overlaps"] == 0
    assert next(host for _, host in seen["owners"]) == owner.number
    assert seen["owners"][1][0] > 2
    assert three.fleet.owner() is not owner


def test_every_host_says_who_holds_it(three: Hwagent) -> None:
    three.ready()
    owner = three.fleet.owner()

    def told() -> bool:
        statuses = [three.status(host) for host in three.fleet.hosts]
        return {s["vips"][0]["holder"] for s in statuses if s} == {f"h{owner.number}"}

    wait_for(told, 30, "the same holder everywhere")
    [vip] = three.status(owner)["vips"]
    assert vip["state"] == "held"
    assert vip["epoch"] > 0


def test_maintenance_empties_the_host(three: Hwagent) -> None:
    three.ready()
    owner = three.fleet.owner()

    # an agent that has just started asks the fleet for no permit yet
    def permitted() -> bool:
        return three.cli(owner, "maintenance", "on").returncode == 0

    wait_for(permitted, 120, "the fleet's permit")
    wait_for(lambda: not bears(owner), 30, "the address to leave")
    assert three.fleet.owner() is not owner
    three.cli(owner, "maintenance", "off")


def test_a_released_address_goes_elsewhere_and_is_not_asked_for(three: Hwagent) -> None:
    three.ready()
    owner = three.fleet.owner()
    assert three.cli(owner, "vip", "release", VIP).returncode == 0
    wait_for(lambda: not bears(owner), 30, "the address to leave")
    assert three.fleet.owner() is not owner
    listed = three.cli(owner, "vip", "list")
    assert "released on request" in listed.stdout
    assert three.cli(owner, "vip", "take").returncode == 0


def test_moves_that_cannot_be_are_refused_with_a_reason(three: Hwagent) -> None:
    three.ready()
    owner = three.fleet.owner()
    other = next(h for h in three.fleet.hosts if h is not owner)
    assert "no host 'h9'" in three.cli(owner, "vip", "move", VIP, "h9").stderr
    assert "no address" in three.cli(owner, "vip", "move", "10.9.0.99", "h1").stderr
    refused = three.cli(other, "vip", "move", VIP, f"h{owner.number}")
    assert f"held by h{owner.number} already" in refused.stderr
    assert refused.returncode == 3


def test_a_move_may_be_asked_for_at_any_host(three: Hwagent) -> None:
    three.ready()
    owner = three.fleet.owner()
    target, third = (h for h in three.fleet.hosts if h is not owner)
    done = three.cli(third, "vip", "move", VIP, f"h{target.number}")
    assert done.returncode == 0, done.stderr
    assert three.fleet.owner() is target


@contextmanager
def unfit(system: Hwagent, owner: Host) -> Iterator[Host]:
    """A host that is in maintenance, as the owner knows."""
    other = next(h for h in system.fleet.hosts if h is not owner)
    name = f"h{other.number}"
    assert system.cli(other, "maintenance", "on").returncode == 0

    def told() -> bool:
        members = json.loads(system.cli(owner, "status", "--fleet", "-o", "json").stdout)["members"]
        return any(m["name"] == name and m["unfit"] for m in members)

    try:
        wait_for(told, 30, "the owner to know")
        yield other
    finally:
        system.cli(other, "maintenance", "off")


def test_nothing_is_moved_to_a_host_that_would_not_take_it(three: Hwagent) -> None:
    three.ready()
    owner = three.fleet.owner()
    with unfit(three, owner) as other:
        refused = three.cli(owner, "vip", "move", VIP, f"h{other.number}")
        assert refused.returncode == 3
        assert f"h{other.number} would not take {VIP}/24: maintenance" in refused.stderr
        assert three.fleet.owner() is owner


def test_a_holder_that_does_not_know_of_that_keeps_it_without_a_gap(three: Hwagent) -> None:
    """Its agent, which knows better, is passed by; hosts without gossip know nothing either."""
    three.ready()
    owner = three.fleet.owner()
    with unfit(three, owner) as other, three.fleet.probing() as seen:
        asyncio.run(move_blindly(three, owner, other))
        end = time.monotonic() + 1
        wait_for(lambda: time.monotonic() > end)
    assert {host for _, host in seen["owners"]} == {owner.number}
    assert seen["silences"] == 0, seen


async def move_blindly(system: Hwagent, owner: Host, to: Host) -> None:
    """Asks the owner's holder itself for a move."""
    holder = HolderClient(system.socket(owner).replace("hwagent.sock", "holder.sock"))
    await holder.connect()
    await holder.move(f"{VIP}/24", f"h{to.number}")
    await holder.close()
