"""Two whole agents without a witness: available before safe, with a gateway that breaks ties."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fleet.faults import FAULTS
from tests.fleet.lab import CLIENT, VIP, Host, fleet
from tests.fleet.systems import Hwagent
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft(8)"
)


class Pair(Hwagent):
    """Each pings the client, which is no host of the group."""

    def config(self, host: Host) -> dict[str, Any]:
        config = super().config(host)
        config["groups"][0] |= {"quorum": "any", "gateway": CLIENT}
        return config


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with fleet(2) as made:
        system = Pair(made, tmp_path_factory.mktemp("fleet"), 0.1)
        for host in made.hosts:
            system.start(host)
        yield system


def bears(host: Host) -> bool:
    return VIP in host.ip("addr show")


@pytest.mark.parametrize("name", ["host crashed", "port mute one way"])
def test_the_host_that_reaches_the_gateway_takes_over(pair: Pair, name: str) -> None:
    """Its own vote is enough; that of a host which is cut off is not: it holds nothing."""
    fault = FAULTS[name]
    pair.ready()
    owner = pair.fleet.owner()
    other = next(host for host in pair.fleet.hosts if host is not owner)
    with pair.fleet.probing() as seen:
        fault.inject(pair, owner)
        wait_for(lambda: bears(other), 30, "a successor")
        if name == "port mute one way":
            wait_for(lambda: not bears(owner), 30, "silence of the one that is cut off")
    assert seen["overlaps"] == 0
    assert pair.fleet.owner() is other
    fault.restore(pair, owner)
    pair.ready()


def test_both_say_that_it_is_unsafe(pair: Pair) -> None:
    pair.ready()
    for host in pair.fleet.hosts:
        listed = pair.cli(host, "vip", "list").stdout
        assert "(unsafe)" in listed
        assert "unsafe: quorum is any: a cut network can give an address two owners" in listed


def unowned(system: Pair, host: Host) -> str:
    """What the alert says, if it fires."""
    alerts = system.status(host)["alerts"]
    found = [a["summary"] for a in alerts if a["rule"] == "VipUnowned" and a["state"] == "firing"]
    return str(found[0]) if found else ""


def test_an_address_that_nobody_holds_is_an_alert_with_the_reason(pair: Pair) -> None:
    pair.ready()
    for host in pair.fleet.hosts:
        assert pair.cli(host, "vip", "release", VIP).returncode == 0
    for host in pair.fleet.hosts:
        wait_for(lambda host=host: unowned(pair, host), 60, "the alert")  # type: ignore[misc]
        assert unowned(pair, host) == f"no host holds {VIP}/24: released on request"
    for host in pair.fleet.hosts:
        assert pair.cli(host, "vip", "take").returncode == 0
    for host in pair.fleet.hosts:
        wait_for(lambda host=host: not unowned(pair, host), 60, "its end")  # type: ignore[misc]
