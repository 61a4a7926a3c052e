"""VRRP's virtual MAC address: of a move, neighbours notice nothing, and only switches learn."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hwagent.vip.announcements import REFRESH, TIMES, Announcements
from hwagent.vip.effects import Place
from hwagent.vip.virtual import virtual_link
from tests.gate.test_gate import Talk
from tests.vip.lab import VIP, VIP6, Agent, Lab, lab
from tests.waiting import wait_for

__all__ = ["lab"]
MAC, MAC6 = "00:00:5e:00:01:33", "00:00:5e:00:02:33"
LINK, LINK6 = "vip4-51-0", "vip6-51-0"
ADDRESSES = {VIP: LINK, VIP6: LINK6}


class Side:
    """One of two hosts on a switch, with holder, guardian and agent."""

    def __init__(self, lab: Lab, own: str) -> None:
        self.lab = lab
        lab.ip(f"addr add {own}/24 dev eth0")
        self.guardian = lab.guardian()
        self.holder = lab.holder()
        self.agent: Agent = lab.agent()
        echo = lab.start("-m", "tests.gate.echo")
        assert echo.stdout is not None
        assert echo.stdout.readline() == "ready\n"

    def take(self, *addresses: str) -> None:
        """Plans the addresses and waits until they are held."""
        links = [virtual_link(a, 51, 0, "eth0") for a in addresses]
        vips = [{"address": a, "interfaces": [link.name]} for a, link in zip(addresses, links)]
        plain = [{"name": k.name, "parent": k.parent, "mac": k.mac} for k in links]
        self.agent.send("plan", vips=vips, links=plain)
        self.agent.fit()
        for address in addresses:
            wait_for(lambda a=address: self.agent.vip(a).get("state") == "held", what="held")

    def link(self, name: str) -> dict[str, Any]:
        """What ip(8) says of a link; empty if it is not there."""
        argv = ["ip", "-n", self.lab.host, "-j", "-d", "link", "show", "dev", name]
        told = subprocess.run(argv, capture_output=True, text=True)
        return dict(json.loads(told.stdout)[0]) if told.returncode == 0 else {}

    def setting(self, path: str) -> str:
        """A setting of the kernel's network on this host."""
        argv = ["ip", "netns", "exec", self.lab.host, "cat", f"/proc/sys/net/{path}"]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def sides(lab: Lab, tmp_path: Path) -> Iterator[tuple[Side, Side, Talk]]:
    """Two hosts on the first one's switch, and a client there."""
    (tmp_path / "b").mkdir()
    other = Lab(tmp_path / "b")
    other.switch = lab.switch
    try:
        subprocess.run(["ip", "netns", "add", other.host], check=True)
        other.ip("link set lo up")
        other.ip(f"link add eth0 type veth peer name sw9 netns {lab.switch}")
        other.ip("link set eth0 up")
        lab.ip("link set sw9 master br0 up", lab.switch)
        lab.cable(1, plugged=False)
        lab.ip("addr add 10.0.0.1/24 dev br0", lab.switch)
        lab.ip("addr add fd00::1/64 dev br0 nodad", lab.switch)
        client = Talk(lab.start("-m", "tests.gate.client", space=lab.switch, talk=True))
        yield Side(lab, "10.0.0.2"), Side(other, "10.0.0.3"), client
    finally:
        other.switch = other.host  # its switch is the first one's
        other.tear_down()


def known(lab: Lab, address: str) -> str:
    """The MAC address under which the client knows an address."""
    lines = json.loads(lab.ip(f"-j neigh show to {address}", lab.switch))
    return next((line.get("lladdr", "") for line in lines), "")


@pytest.mark.root
@pytest.mark.parametrize("address", [VIP, VIP6])
def test_the_neighbours_entry_is_the_same_after_a_move(
    sides: tuple[Side, Side, Talk], address: str
) -> None:
    first, second, client = sides
    bare, mac = address.partition("/")[0], MAC if address == VIP else MAC6
    first.take(address)
    wait_for(lambda: client(f"udp {bare}") == bare, what="an answer")
    assert known(first.lab, bare) == mac
    watch = first.lab.spawn("ip", "-n", first.lab.switch, "monitor", "neigh")
    first.agent.fit(fit=False, reason="move")
    wait_for(lambda: first.agent.vip(address)["state"] == "released", what="released")
    second.take(address)
    wait_for(lambda: client(f"udp {bare} 10.0.0.3") == " ".join(sorted((bare, "10.0.0.3"))))
    assert known(first.lab, bare) == mac
    watch.kill()
    told = [line for line in watch.communicate()[0].splitlines() if line.startswith(f"{bare} ")]
    assert [line for line in told if "lladdr" in line and mac not in line] == []


@pytest.mark.root
def test_only_the_owners_link_is_on_and_the_others_hear_nothing(
    sides: tuple[Side, Side, Talk],
) -> None:
    first, second, _ = sides
    first.take(VIP)
    second.agent.send(
        "plan",
        vips=[{"address": VIP, "interfaces": [LINK]}],
        links=[{"name": LINK, "parent": "eth0", "mac": MAC}],
    )
    wait_for(lambda: second.link(LINK), what="made ahead of time")
    assert second.link(LINK)["address"] == MAC
    assert second.link(LINK)["linkinfo"]["info_data"]["mode"] == "private"
    assert "UP" not in second.link(LINK)["flags"]
    assert "UP" in first.link(LINK)["flags"]
    first.agent.fit(fit=False, reason="move")
    wait_for(lambda: "UP" not in first.link(LINK)["flags"], what="off")


@pytest.mark.root
def test_the_hosts_own_address_is_not_answered_from_the_virtual_mac(
    sides: tuple[Side, Side, Talk],
) -> None:
    first, _, client = sides
    own = first.link("eth0")["address"]
    first.take(VIP, VIP6)
    for _ in range(3):
        first.lab.ip("neigh flush all", first.lab.switch)
        wait_for(lambda: client("udp 10.0.0.2 10.0.0.10") == "10.0.0.10 10.0.0.2", what="both")
        assert (known(first.lab, "10.0.0.2"), known(first.lab, "10.0.0.10")) == (own, MAC)
    assert first.lab.where(VIP) == [LINK]
    assert first.lab.where(VIP6) == [LINK6]
    assert [a for a in first.lab.addresses(LINK6) if a["scope"] == "link"] == []


@pytest.mark.root
def test_it_is_announced_for_the_switch(sides: tuple[Side, Side, Talk]) -> None:
    first, _, _ = sides
    sniffer = first.lab.sniff()
    first.take(VIP)
    wait_for(lambda: sniffer.announced("sw0", 1) and sniffer.announced("sw0", 2), what="announced")
    assert {frame[12:24] for frame in sniffer.announced("sw0", 2)} == {MAC.replace(":", "")}


@pytest.mark.root
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_holder_that_cannot_loses_the_link_too(
    sides: tuple[Side, Side, Talk], number: signal.Signals
) -> None:
    first, second, client = sides
    first.take(VIP)
    wait_for(lambda: first.lab.guarded(first.holder.pid), what="guarded")
    first.holder.send_signal(number)
    wait_for(lambda: first.lab.where() == [], what="the address gone")
    wait_for(lambda: "UP" not in first.link(LINK).get("flags", ()), what="the link off")
    second.take(VIP)
    wait_for(lambda: client("udp 10.0.0.10 10.0.0.3") == "10.0.0.10 10.0.0.3", what="an answer")


@pytest.mark.root
def test_an_interface_with_a_virtual_mac_follows_its_cable(
    sides: tuple[Side, Side, Talk],
) -> None:
    first, _, _ = sides
    first.take(VIP)
    first.lab.cable(0, plugged=False)
    wait_for(lambda: first.lab.where() == [], what="gone")
    first.lab.cable(0, plugged=True)
    wait_for(lambda: first.lab.where() == [LINK], what="back")


@pytest.mark.root
def test_links_and_settings_go_with_the_holder_and_with_the_plan(
    sides: tuple[Side, Side, Talk],
) -> None:
    first, second, _ = sides
    before = first.setting("ipv4/conf/eth0/arp_ignore")
    first.take(VIP)
    assert first.setting("ipv4/conf/eth0/arp_ignore") == "1"
    first.agent.plan("10.0.0.11/24", interfaces=("eth0",))
    wait_for(lambda: not first.link(LINK), what="gone with the plan")
    wait_for(lambda: first.setting("ipv4/conf/eth0/arp_ignore") == before, what="as before")
    second.take(VIP)
    second.holder.send_signal(signal.SIGTERM)
    wait_for(lambda: not second.link(LINK), what="gone with the holder")


def test_a_virtual_mac_is_announced_as_long_as_it_is_held() -> None:
    schedule, virtual, plain = Announcements(), Place(LINK, VIP), Place("eth0", "10.0.0.11/24")
    schedule.steady = {LINK}
    schedule.start(0.0, virtual)
    schedule.start(0.0, plain)
    times: dict[Place, list[float]] = {virtual: [], plain: []}
    for tick in range(3000):
        for place in schedule.take(tick / 10):
            times[place].append(tick / 10)
    assert times[plain] == list(TIMES)
    assert times[virtual][: len(TIMES)] == list(TIMES)
    gaps = [b - a for a, b in zip(times[virtual][4:], times[virtual][5:])]
    assert gaps
    assert all(gap == pytest.approx(REFRESH, abs=0.2) for gap in gaps)
    schedule.stop(virtual)
    assert list(schedule.take(1e6)) == []
