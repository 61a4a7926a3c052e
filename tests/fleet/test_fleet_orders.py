"""Three whole agents that gossip, in namespaces: pins are obeyed, and one host drains at a time."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fleet.lab import VIP, Host, fleet
from tests.fleet.systems import Hwagent
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft(8)"
)
#: Longer than any machine needs for what is waited for.
LONG = 240


class Gossiping(Hwagent):
    """Hosts that are members of a fleet; permits are leases of 5 s."""

    def config(self, host: Host) -> dict[str, Any]:
        return {**super().config(host), "limits": {"fleet": {"lease": "5s"}}}

    def limits(self, host: Host) -> Any:
        """What the fleet allows a host."""
        done = self.cli(host, "limits", "show", "-o", "json")
        return json.loads(done.stdout) if done.stdout else {}

    def met(self) -> bool:
        """Whether all hosts know all others."""
        names = {f"h{h.number}" for h in self.fleet.hosts}
        statuses = [self.status(host) for host in self.fleet.hosts]
        return all(
            s and {m["name"] for m in s["members"] if m["status"] == "alive"} == names
            for s in statuses
        )


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gossiping]:
    with fleet(3) as made:
        system = Gossiping(made, tmp_path_factory.mktemp("orders"), 0.1)
        for host in made.hosts:
            system.start(host)
        for host in made.hosts:
            wait_for(lambda host=host: system._whole(host), LONG, f"{host.space} whole")  # type: ignore[misc]
        wait_for(system.met, LONG, "all to know all")
        yield system


def owner_is(three: Gossiping, host: Host) -> bool:
    return three.fleet.answering() == [host.number]


def test_a_pinned_address_goes_to_its_host_and_nobody_else_answers(three: Gossiping) -> None:
    owner = three.fleet.owner()
    others = [h for h in three.fleet.hosts if h is not owner]
    with three.fleet.probing() as seen:
        for target in (*others, owner):
            told = three.cli(others[0], "vip", "pin", VIP, f"h{target.number}")
            assert told.returncode == 0, told.stderr
            wait_for(lambda t=target: owner_is(three, t), LONG, f"{VIP} on h{target.number}")  # type: ignore[misc]
    assert seen["overlaps"] == 0
    assert [host for _, host in seen["owners"]][-1] == owner.number
    assert f"h{owner.number}" in three.cli(others[1], "vip", "list").stdout


def test_a_pinned_address_is_held_while_its_host_is_away_and_goes_back(three: Gossiping) -> None:
    owner = three.fleet.owner()
    assert three.cli(owner, "vip", "pin", VIP, f"h{owner.number}").returncode == 0
    assert three.cli(owner, "maintenance", "on", "--force").returncode == 0
    wait_for(lambda: not owner_is(three, owner), LONG, "the address to leave")
    assert three.fleet.owner() is not owner
    assert three.cli(owner, "maintenance", "off").returncode == 0
    wait_for(lambda: owner_is(three, owner), LONG, "the address to come back")
    assert three.cli(owner, "vip", "unpin", VIP).returncode == 0


def test_a_host_is_emptied_with_the_fleets_permit_and_not_without_a_quorum(
    three: Gossiping,
) -> None:
    owner = three.fleet.owner()
    others = [h for h in three.fleet.hosts if h is not owner]
    assert three.limits(owner)["voters"] == ["h1", "h2", "h3"]
    emptied = three.cli(owner, "maintenance", "on")
    assert emptied.returncode == 0, emptied.stderr
    wait_for(lambda: not owner_is(three, owner), LONG, "the address to leave")
    assert three.cli(owner, "maintenance", "off").returncode == 0
    owner = three.fleet.owner()
    others = [h for h in three.fleet.hosts if h is not owner]
    wait_for(lambda: not three.limits(owner)["busy"], LONG, "the permit to be given back")
    for other in others:
        three.signal(other, "agent", signal.SIGSTOP)
    try:
        refused = three.cli(owner, "maintenance", "on")
        assert "one drain or rebuild at a time in the fleet: no quorum" in refused.stderr
        assert three.status(owner)["maintenance"] == ""
        assert owner_is(three, owner)
    finally:
        for other in others:
            three.signal(other, "agent", signal.SIGCONT)
    wait_for(three.met, LONG, "all to know all again")
