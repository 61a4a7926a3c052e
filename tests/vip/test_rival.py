"""Another machine that answers for an address held here: heard, counted, told, answered."""

import socket
import subprocess

import pytest

from hwagent.net.listen import program
from hwagent.vip.rival import CALM, DEFENCE, SETTLING, Rival
from tests.vip.lab import VIP, VIP6, Agent, Lab, lab
from tests.waiting import wait_for

__all__ = ["lab"]
MAC, OTHER, MARK = "02:00:00:00:00:05", "02:00:00:00:00:06", "02:00:00:00:00:07"
#: Sends what another machine would: a gratuitous ARP, or a neighbour advertisement.
_CLAIM = """
import sys
from hwagent.net.announce import frames
import socket
mac = bytes.fromhex(sys.argv[2].replace(":", ""))
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as s:
    for frame in frames(sys.argv[1], mac):
        s.sendto(frame, ("br0", 0))
"""


def claim(lab: Lab, address: str, mac: str = MAC) -> None:
    """A machine on the switch says that an address is its own."""
    process = lab.start("-c", _CLAIM, address, mac, space=lab.switch)
    assert process.wait() == 0


def settled(lab: Lab, address: str) -> "tuple[subprocess.Popen[str], Agent]":
    """A holder that holds an address for so long that whoever is heard is a rival."""
    lab.cable(1, plugged=False)
    process, agent = lab.held(address=address)
    # A word of somebody that is too early says nothing; when it is counted, the time has come
    wait_for(lambda: claim(lab, address, OTHER) or counted(agent, address) > 0, what="settled")
    claim(lab, address, MARK)
    heard(agent, address, MARK)
    return process, agent


def heard(agent: Agent, address: str, mac: str) -> None:
    """Waits until a machine was heard, and so all that spoke before it."""
    wait_for(lambda: agent.vip(address).get("duplicate", "").startswith(mac), what=f"{mac} heard")


def counted(agent: Agent, address: str) -> int:
    """How often another machine was heard, as the status says."""
    return int(agent.vip(address).get("duplicates", 0))


@pytest.mark.root
@pytest.mark.parametrize("address", [VIP, VIP6])
def test_a_machine_that_is_not_of_the_fleet_is_told_and_answered(lab: Lab, address: str) -> None:
    _, agent = settled(lab, address)
    sniffer, before = lab.sniff(), counted(agent, address)
    claim(lab, address, MAC)
    heard(agent, address, MAC)
    assert counted(agent, address) > before
    found = agent.vip(address)
    assert found["state"] == "held", "the lease decides, not who shouts louder"
    assert found["duplicate"] == f"{MAC}, no host of its group"
    assert found["reason"] == f"also answered for by {MAC}, no host of its group"
    (event,) = [e for e in agent.happened("duplicate") if MAC in e["reason"]]
    assert event["interface"] == "eth0"
    wait_for(
        lambda: sniffer.advertised("sw0") if ":" in address else sniffer.announced("sw0", 2),
        what="the neighbours hear again whose it is",
    )


@pytest.mark.root
def test_the_hosts_own_macs_are_no_rivals(lab: Lab) -> None:
    _, agent = settled(lab, VIP)
    lab.ip("link add veil type veth peer name veiled")
    own = [lab.ip(f"-br link show dev {name}").split()[2] for name in ("eth0", "eth1", "veil")]
    before = counted(agent, VIP)
    for mac in own:
        claim(lab, VIP, mac)
    claim(lab, VIP, MAC)
    heard(agent, VIP, MAC)
    assert not [e for e in agent.happened("duplicate") if any(mac in e["reason"] for mac in own)]
    assert counted(agent, VIP) == before + 2, "an announcement is two frames of ARP"


@pytest.mark.root
def test_addresses_that_are_not_held_here_are_anybodys(lab: Lab) -> None:
    _, agent = settled(lab, VIP)
    agent.plan(VIP, "10.0.0.11/24", interfaces=("eth0",))
    agent.send("release", address="10.0.0.11/24")
    wait_for(lambda: "request" in agent.vip("10.0.0.11/24").get("reason", ""), what="released")
    claim(lab, "10.0.0.11/24")
    claim(lab, "10.0.0.12/24")
    claim(lab, VIP, MAC)
    heard(agent, VIP, MAC)
    assert {e["address"] for e in agent.happened("duplicate")} == {VIP}


@pytest.mark.root
def test_it_is_heard_again_on_an_interface_that_came_back(lab: Lab) -> None:
    _, agent = settled(lab, VIP)
    lab.ip("link set eth0 down")
    wait_for(lambda: lab.where() == [], what="gone")
    lab.ip("link set eth0 up")
    wait_for(lambda: lab.where() == ["eth0"], what="back")
    before = counted(agent, VIP)
    wait_for(lambda: claim(lab, VIP) or counted(agent, VIP) > before, what="heard again")


@pytest.mark.root
def test_an_address_that_failed_duplicate_address_detection_is_set_anew(lab: Lab) -> None:
    lab.cable(1, plugged=False)
    lab.ip("addr add fd00::10/64 dev br0 nodad", lab.switch)
    wait_for(lambda: lab.addresses("eth0"), what="a link that is up")
    lab.python(_WITH_DETECTION)
    wait_for(lambda: lab.addresses("eth0", VIP6)[0].get("dadfailed"), what="refused")
    lab.holder()
    agent = lab.agent()
    agent.plan(VIP6, interfaces=("eth0",))
    agent.fit()
    wait_for(lambda: agent.happened("put_back"), what="repaired")
    (address,) = lab.addresses("eth0", VIP6)
    assert not address.get("dadfailed")
    assert not address.get("tentative")
    assert "detection" in agent.happened("put_back")[0]["reason"]


#: A tagged address, as an earlier holder or a meddling tool may leave it: without IFA_F_NODAD.
_WITH_DETECTION = """
from hwagent.net import rtnetlink
rtnetlink._IFA_F_NODAD = 0
rtnetlink.Netlink().add_address("eth0", "fd00::10/64")
"""


def test_news_is_told_once_and_again_after_calm() -> None:
    rival = Rival()
    assert rival.heard(100.0, MAC, "x").news
    assert not rival.heard(101.0, MAC, "x").news
    assert rival.heard(102.0, OTHER, "x").news
    assert rival.told(102.0 + CALM - 0.1)
    assert rival.told(102.0 + CALM) == ""
    assert rival.heard(103.0 + CALM, OTHER, "x").news
    assert rival.count == 4


def test_the_answer_to_a_flood_is_one_a_while() -> None:
    rival = Rival()
    answers = sum(rival.heard(n / 100, MAC, "x").defend for n in range(1000))
    assert answers <= 10 / DEFENCE + 1
    assert SETTLING < DEFENCE


def test_a_filter_for_all_addresses_of_a_plan_is_within_what_the_kernel_takes() -> None:
    for family, size in ((socket.AF_INET, 4), (socket.AF_INET6, 16)):
        for count in (1, 499, 2048):
            made = program(family, [n.to_bytes(size, "big") for n in range(count)])
            assert len(made) <= 4096
