"""The same faults where the gate is of nftables, and where the address has a virtual MAC."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fleet.faults import FAULTS
from tests.fleet.lab import VIP, Host, fleet
from tests.fleet.systems import Hwagent
from tests.fleet.test_fleet import strike
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft(8)"
)
MOVES = ["holder frozen", "planned move", "cable pulled", "holder killed"]


class Locked(Hwagent):
    """On hosts whose kernel takes no eBPF program of anybody."""

    prefix = ("setpriv", "--bounding-set", "-bpf,-sys_admin")


class Virtual(Hwagent):
    """With VRRP's virtual MAC address."""

    def config(self, host: Host) -> dict[str, Any]:
        found = super().config(host)
        for number, vip in enumerate(found["vips"], 51):
            vip["router_id"] = number
        return found


@pytest.fixture(scope="module", params=[Locked, Virtual])
def three(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hwagent]:
    with fleet(3) as made:
        system: Hwagent = request.param(made, tmp_path_factory.mktemp("fleet"), 0.1)
        for host in made.hosts:
            system.start(host)
        yield system


@pytest.mark.parametrize("name", MOVES)
def test_one_host_answers_whatever_happens_to_it(three: Hwagent, name: str) -> None:
    owner, seen = strike(three, name)
    assert FAULTS[name].moves
    assert seen["overlaps"] == 0
    assert three.fleet.owner() is not owner
    if isinstance(three, Virtual):
        assert known(three) == "00:00:5e:00:01:33"


def known(system: Hwagent) -> str:
    """The MAC address under which the client knows the address."""
    system.fleet.owner()
    argv = ["ip", "-n", system.fleet.client, "-j", "neigh", "show", "to", VIP]
    told = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    [entry] = json.loads(told)
    return str(entry["lladdr"])


def test_the_others_hear_on_the_wire_who_answers(three: Hwagent) -> None:
    if isinstance(three, Virtual):
        pytest.skip("one MAC address for all hosts: who answers cannot be told")
    three.ready()
    owner = three.fleet.owner()
    others = [host for host in three.fleet.hosts if host is not owner]

    def told() -> bool:
        statuses = [three.status(host) for host in others]
        return [s["vips"][0]["answering"] for s in statuses if s] == [owner.macs()[:1]] * 2

    wait_for(told, 120, "both others to hear the owner")
    status = three.status(owner)
    assert status["vips"][0]["answering"] is None, "it is held there"
