"""A host whose kernel takes no eBPF program: nftables silences a frozen holder instead."""

import json
import signal
import subprocess
import time
from typing import Any

import pytest

from hwagent.gate.tickets import TICK, TICKET
from tests.gate.test_gate import Talk
from tests.vip.lab import VIP, VIP6, Agent, Lab, lab
from tests.waiting import wait_for

__all__ = ["lab"]
pytestmark = pytest.mark.root
OWN = "10.0.0.2"
#: Seconds for which an address may go on after its holder stopped: a breath of the loop, no more.
BREATH = 1.0


def served(lab: Lab, *addresses: str) -> tuple[Lab, "subprocess.Popen[str]", Agent, Talk]:
    """A holder with open addresses behind nftables, and a client on the switch."""
    lab.cable(1, plugged=False)
    lab.ip(f"addr add {OWN}/24 dev eth0")
    lab.ip("addr add 10.0.0.1/24 dev br0", lab.switch)
    lab.ip("addr add fd00::1/64 dev br0 nodad", lab.switch)
    lab.guardian_without_ebpf(patience=600)
    holder = lab.holder()
    agent = lab.agent()
    agent.plan(*addresses, interfaces=("eth0",))
    agent.fit()
    for address in addresses:
        wait_for(lambda a=address: agent.vip(a).get("state") == "held", what="held")
    wait_for(lambda: guarded(agent), 60, "the gate")
    echo = lab.start("-m", "tests.gate.echo")
    assert echo.stdout is not None
    assert echo.stdout.readline() == "ready\n"
    client = Talk(lab.start("-m", "tests.gate.client", space=lab.switch, talk=True))
    bare = [a.partition("/")[0] for a in addresses]
    wait_for(lambda: client(f"udp {' '.join(bare)} {OWN}").split() == sorted([*bare, OWN]))
    return lab, holder, agent, client


def guarded(agent: Agent) -> bool:
    """Whether the holder has its gate: until then all packets pass."""
    agent.read()
    return any("nftables instead" in text for text in agent.status.get("lacks", ()))


def tables(lab: Lab) -> list[str]:
    """Names of the nftables tables in the host."""
    argv = ["ip", "netns", "exec", lab.host, "nft", "-j", "list", "tables"]
    told = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    items: list[dict[str, Any]] = json.loads(told)["nftables"]
    return [item["table"]["name"] for item in items if "table" in item]


def test_a_frozen_holder_goes_silent_by_itself_and_other_addresses_do_not(lab: Lab) -> None:
    lab, holder, agent, client = served(lab, VIP, VIP6)
    holder.send_signal(signal.SIGSTOP)
    end = time.monotonic() + BREATH
    wait_for(lambda: time.monotonic() > end, what="the breath's end")
    assert client(f"udp 10.0.0.10 fd00::10 {OWN}").split() == [OWN]
    assert client(f"arp 10.0.0.10 {OWN}").split() == [OWN]
    assert lab.where() == ["eth0"], "the guardian is patient: it was the gate"
    holder.send_signal(signal.SIGCONT)
    wait_for(lambda: "10.0.0.10" in client(f"udp 10.0.0.10 {OWN}"), what="back")
    assert agent.happened("conflict") == []


def test_the_status_says_which_gate_it_is_and_what_its_window_is(lab: Lab) -> None:
    lab, _, agent, _ = served(lab, VIP)
    agent.read()
    (lack,) = [text for text in agent.status["lacks"] if "gate" in text]
    assert "no eBPF" in lack
    assert "nftables instead" in lack
    assert f"{TICKET + TICK} ms" in lack
    assert "suspended" in lack


def test_an_address_stays_open_while_the_holder_lives(lab: Lab) -> None:
    _, _, _, client = served(lab, VIP)
    end = time.monotonic() + 3 * BREATH
    while time.monotonic() < end:
        assert client(f"udp 10.0.0.10 {OWN}").split() == ["10.0.0.10", OWN]


def test_the_table_goes_with_the_last_address(lab: Lab) -> None:
    lab, holder, _, _ = served(lab, VIP)
    assert tables(lab) == ["hwagent"]
    holder.send_signal(signal.SIGTERM)
    wait_for(lambda: tables(lab) == [], what="no table left")


def test_a_killed_holders_table_goes_with_its_addresses(lab: Lab) -> None:
    lab, holder, _, _ = served(lab, VIP)
    holder.kill()
    wait_for(lambda: lab.where() == [] and tables(lab) == [], what="nothing left")
    lab.ip("addr add 10.0.0.10/24 dev eth0")
    client = Talk(lab.start("-m", "tests.gate.client", space=lab.switch, talk=True))
    assert client(f"udp 10.0.0.10 {OWN}").split() == ["10.0.0.10", OWN], "set by hand, it works"


def test_a_new_interface_is_guarded_too(lab: Lab) -> None:
    lab, holder, _, client = served(lab, VIP)
    lab.cable(0, plugged=True)
    lab.wire(2)
    chains = ["ip", "netns", "exec", lab.host, "nft", "list", "table", "netdev", "hwagent"]
    wait_for(lambda: '"eth2"' in subprocess.run(chains, capture_output=True, text=True).stdout)
    holder.send_signal(signal.SIGSTOP)
    wait_for(lambda: client(f"udp 10.0.0.10 {OWN}").split() == [OWN], what="silent everywhere")
