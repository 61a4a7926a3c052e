"""The holder in a network namespace: what the kernel has, and what the neighbours hear."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from hwagent.vip.announcements import TIMES
from hwagent.vip.machine import FIGHT
from hwagent.vip.protocol import clock
from tests.vip.lab import VIP, VIP6, Lab, Monitor, lab, listens
from tests.waiting import wait_for

__all__ = ["lab"]
pytestmark = pytest.mark.root


def test_held_once_there_is_a_plan_and_a_word_and_announced_both_ways(lab: Lab) -> None:
    lab.holder()
    sniffer, agent = lab.sniff(), lab.agent()
    agent.plan(VIP)
    wait_for(lambda: agent.vip().get("reason") == "no word of the agent yet", what="a status")
    assert lab.where() == []
    agent.fit()
    wait_for(lambda: agent.vip().get("state") == "held", what="held")
    assert lab.where() == ["eth0"]
    wait_for(lambda: sniffer.announced("sw0", 1) and sniffer.announced("sw0", 2), what="both ARPs")
    assert not sniffer.announced("sw1", 1)
    assert [event["interface"] for event in agent.happened("held")] == ["eth0"]


def test_an_ipv6_address_answers_at_once_and_is_advertised(lab: Lab) -> None:
    lab.holder()
    sniffer, agent = lab.sniff(), lab.agent()
    agent.plan(VIP6)
    agent.fit()
    wait_for(lambda: lab.where(VIP6) == ["eth0"], what="held")
    (address,) = lab.addresses("eth0", VIP6)
    assert "tentative" not in address
    assert "dadfailed" not in address
    assert address["deprecated"], "no connection of the host itself may start from it"
    wait_for(lambda: sniffer.advertised("sw0"), what="a neighbour advertisement")


def test_a_pulled_cable_takes_the_address_and_a_plugged_one_brings_it_back(lab: Lab) -> None:
    _, agent = lab.held(interfaces=("eth0",))
    sniffer = lab.sniff()
    lab.cable(0, plugged=False)
    wait_for(lambda: lab.where() == [], what="gone")
    wait_for(lambda: agent.vip()["reason"] == "no carrier on eth0", what="the reason")
    lab.cable(0, plugged=True)
    wait_for(lambda: lab.where() == ["eth0"], what="held again")
    wait_for(lambda: sniffer.announced("sw0", 2), what="the announcement")
    assert agent.happened("put_back") == []


@pytest.mark.parametrize("options", [(), ("--ignore-link-events",)], ids=["events", "carrier"])
def test_with_two_cables_it_moves_and_is_announced_on_the_other(
    lab: Lab, options: tuple[str, ...]
) -> None:
    _, agent = lab.held(*options)
    sniffer = lab.sniff()
    lab.cable(0, plugged=False)
    wait_for(lambda: lab.where() == ["eth1"], what="moved")
    wait_for(lambda: sniffer.announced("sw1", 1) and sniffer.announced("sw1", 2), what="both ARPs")
    wait_for(lambda: agent.vip()["interface"] == "eth1", what="the status")
    lab.cable(0, plugged=True)
    wait_for(lambda: agent.carrier("eth0"), what="the carrier")
    assert lab.where() == ["eth1"], "it stays where it is good"


def test_an_ipv6_address_moves_with_its_advertisement(lab: Lab) -> None:
    lab.held(address=VIP6)
    sniffer = lab.sniff()
    lab.cable(0, plugged=False)
    wait_for(lambda: lab.where(VIP6) == ["eth1"], what="moved")
    wait_for(lambda: sniffer.advertised("sw1"), what="a neighbour advertisement")


def test_a_flap_too_short_for_the_eye_is_announced(lab: Lab) -> None:
    sniffer = lab.sniff()
    holder, _ = lab.held(interfaces=("eth0",))
    wait_for(lambda: sniffer.announced("sw0", 2), what="the first announcement")
    holder.send_signal(signal.SIGSTOP)  # it sees the link as good before and after
    lab.cable(0, plugged=False)
    lab.cable(0, plugged=True)
    holder.send_signal(signal.SIGCONT)
    wait_for(lambda: len(sniffer.announced("sw0", 2)) > len(TIMES), what="more than one round")
    assert lab.where() == ["eth0"]


def test_unfit_it_goes_at_once_and_says_why(lab: Lab) -> None:
    _, agent = lab.held()
    agent.fit(fit=False, reason="HostOnFire on host:h1")
    wait_for(lambda: lab.where() == [], what="gone")
    wait_for(lambda: agent.vip()["reason"] == "unfit: HostOnFire on host:h1", what="the reason")
    agent.fit()
    wait_for(lambda: lab.where() == ["eth0"], what="held again")


def test_it_goes_when_the_agents_word_runs_out(lab: Lab) -> None:
    _, agent = lab.held()
    agent.fit(ttl=0.3)
    agent.socket.close()
    wait_for(lambda: lab.where() == [], what="gone")
    assert lab.agent().wait_status()["vips"][0]["reason"] == "the agent's last word has run out"


def test_a_word_counts_from_when_it_was_said(lab: Lab) -> None:
    _, agent = lab.held()
    agent.send("fitness", fit=True, reason="", ttl=600.0, sent=clock() - 601.0)
    wait_for(lambda: agent.vip()["state"] == "released", what="released")
    assert lab.where() == []


def test_a_word_from_the_future_counts_from_now(lab: Lab) -> None:
    _, agent = lab.held()
    agent.send("fitness", fit=True, reason="", ttl=0.3, sent=clock() + 3600.0)
    wait_for(lambda: lab.where() == [], what="gone")


def test_released_on_request(lab: Lab) -> None:
    _, agent = lab.held()
    agent.send("release", address=VIP)
    wait_for(lambda: lab.where() == [], what="gone")
    wait_for(lambda: agent.vip()["reason"] == "released on request", what="the reason")
    agent.send("release", address="10.9.9.9/24")
    wait_for(lambda: agent.happened("refused"), what="a refusal")


def test_what_is_no_address_is_refused_and_the_plan_stays(lab: Lab) -> None:
    _, agent = lab.held()
    agent.plan("10.0.0.300/24")
    wait_for(lambda: agent.happened("refused"), what="a refusal")
    assert agent.happened("refused")[0]["reason"].startswith("'10.0.0.300/24' is not an IP address")
    assert lab.where() == ["eth0"]


def test_a_refused_plan_changes_nothing_of_what_is_watched(lab: Lab) -> None:
    _, agent = lab.held()
    agent.plan("10.0.0.300/24", interfaces=("eth9",))
    wait_for(lambda: agent.happened("refused"), what="a refusal")
    assert lab.where() == ["eth0"]
    lab.cable(0, plugged=False)
    wait_for(lambda: lab.where() == ["eth1"], what="moved")


def test_deleted_by_somebody_else_it_is_put_back_once(lab: Lab) -> None:
    _, agent = lab.held()
    lab.ip(f"addr del {VIP} dev eth0")
    wait_for(lambda: agent.happened("put_back"), what="put back")
    assert lab.where() == ["eth0"]
    lab.ip(f"addr del {VIP} dev eth0")
    wait_for(lambda: agent.vip()["state"] == "conflict", what="a conflict")
    assert lab.where() == []
    assert agent.vip()["reason"] == f"taken away twice within {FIGHT:g} s by somebody else"


def test_an_address_that_somebody_else_configured_is_left_to_them(lab: Lab) -> None:
    lab.holder()
    lab.ip(f"addr add {VIP} dev eth1")
    agent = lab.agent()
    agent.plan(VIP)
    agent.fit()
    wait_for(lambda: agent.vip().get("state") == "conflict", what="a conflict")
    assert lab.where() == ["eth1"]
    lab.ip(f"addr del {VIP} dev eth1")
    wait_for(lambda: lab.where() == ["eth0"], what="held")


def test_the_end_takes_the_addresses_and_the_socket_away(lab: Lab) -> None:
    holder, _ = lab.held()
    holder.terminate()
    assert holder.wait(30) == 0
    assert lab.where() == []
    assert not lab.path.exists()


def test_a_second_holder_waits_for_the_first_to_end(lab: Lab, tmp_path: Path) -> None:
    first, _ = lab.held()
    second = tmp_path / "second.sock"
    lab.holder(path=second)
    agent = lab.agent(second)
    agent.plan("10.0.0.11/24")
    agent.fit()
    wait_for(lambda: "another holder" in agent.vip("10.0.0.11/24").get("reason", ""), what="barred")
    assert lab.where() == ["eth0"]
    assert lab.where("10.0.0.11/24") == []
    first.terminate()
    wait_for(lambda: lab.where("10.0.0.11/24") == ["eth0"], what="the second one at work")


def test_a_second_holder_at_the_same_socket_does_not_start(lab: Lab) -> None:
    _, agent = lab.held()
    second = lab.start("-m", "hwagent.vip", "--socket", str(lab.path))
    assert second.wait(30) == 1
    assert second.stderr is not None
    assert second.stderr.read() == f"hwagent-holder: {lab.path}: Address already in use\n"
    agent.pong()
    assert lab.where() == ["eth0"]


def test_a_holder_that_follows_a_killed_one_adopts_its_addresses(lab: Lab) -> None:
    holder, _ = lab.held()
    monitor = Monitor(lab)
    holder.kill()
    holder.wait()
    assert lab.where() == ["eth0"]
    lab.holder()
    agent = lab.agent()
    agent.plan(VIP)
    agent.fit()
    wait_for(lambda: agent.vip().get("state") == "held", what="adopted")
    assert lab.where() == ["eth0"]
    assert monitor.deleted(VIP) == 0


def test_a_holder_that_follows_a_killed_one_takes_away_what_nobody_wants(lab: Lab) -> None:
    holder, _ = lab.held()
    holder.kill()
    holder.wait()
    lab.holder()
    wait_for(lambda: lab.where() == [], what="gone, for the agent says nothing")


def test_after_lost_events_all_is_read_anew(lab: Lab) -> None:
    holder, agent = lab.held()
    holder.send_signal(signal.SIGSTOP)
    lab.flood()  # the kernel drops events from here on
    lab.ip(f"addr del {VIP} dev eth0")
    lab.ip("link del eth1")
    lab.wire(1)
    lab.ip("link set eth1 address 02:00:00:00:00:77")
    holder.send_signal(signal.SIGCONT)
    wait_for(lambda: lab.where() == ["eth0"], what="put back")
    sniffer = lab.sniff()
    lab.cable(0, plugged=False)
    wait_for(lambda: lab.where() == ["eth1"], what="moved to the new eth1")
    wait_for(lambda: sniffer.announced("sw1", 2), what="announced")
    assert "020000000077" in sniffer.announced("sw1", 2)[0][12:24]
    assert agent.vip()["state"] == "held"


def test_a_driver_that_is_reloaded_gets_its_address_back(lab: Lab) -> None:
    _, agent = lab.held(interfaces=("eth0",))
    lab.ip("link del eth0")
    wait_for(lambda: agent.vip()["reason"] == "no carrier on eth0", what="released")
    lab.wire(0)
    wait_for(lambda: lab.where() == ["eth0"], what="held again")
    assert agent.happened("conflict") == []


def test_an_interface_that_is_not_there_yet_is_waited_for(lab: Lab) -> None:
    lab.ip("link del eth0")
    lab.holder()
    agent = lab.agent()
    agent.plan(VIP, interfaces=("eth0",))
    agent.fit()
    wait_for(lambda: agent.vip().get("reason") == "no carrier on eth0", what="a status")
    lab.wire(0)
    wait_for(lambda: lab.where() == ["eth0"], what="held")


def test_a_link_switched_off_and_on_is_no_theft(lab: Lab) -> None:
    _, agent = lab.held(address=VIP6, interfaces=("eth0",))
    for _ in range(3):  # the kernel takes IPv6 addresses away with the link
        lab.ip("link set eth0 down")
        lab.ip("link set eth0 up")
        wait_for(lambda: lab.where(VIP6) == ["eth0"], what="held again")
    assert agent.happened("conflict") == agent.happened("put_back") == []


def test_a_new_mac_address_is_announced(lab: Lab) -> None:
    sniffer = lab.sniff()
    lab.held(interfaces=("eth0",))
    wait_for(lambda: sniffer.announced("sw0", 2), what="the first announcement")
    lab.ip("link set eth0 address 02:00:00:00:00:99")
    wait_for(
        lambda: [f[12:24] for f in sniffer.announced("sw0", 2)].count("020000000099") == len(TIMES),
        what="a whole round with the new address",
    )


def test_it_stays_when_the_first_address_of_its_subnet_goes(lab: Lab) -> None:
    lab.ip("addr add 10.0.0.1/24 dev eth0")
    _, agent = lab.held()
    lab.ip("addr del 10.0.0.1/24 dev eth0")
    agent.pong()
    assert lab.where() == ["eth0"]
    assert agent.happened("put_back") == []


def test_a_reload_of_the_plan_drops_nothing_that_stays(lab: Lab) -> None:
    _, agent = lab.held()
    monitor = Monitor(lab)
    agent.plan(VIP, "10.0.0.11/24", interfaces=("eth1", "eth0"))
    wait_for(lambda: lab.where("10.0.0.11/24") == ["eth1"], what="the new one")
    assert lab.where() == ["eth0"]
    agent.plan(VIP)
    wait_for(lambda: lab.where("10.0.0.11/24") == [], what="the new one gone")
    assert monitor.deleted(VIP) == 0


def test_hundreds_are_moved_at_once_and_each_is_announced(lab: Lab) -> None:
    lab.holder()
    agent = lab.agent()
    addresses = [f"10.0.{n // 200 + 1}.{n % 200 + 1}/32" for n in range(616)]
    agent.plan(*addresses)
    agent.fit()
    wait_for(lambda: len(owned(lab, "eth0")) == 616, what="all held")
    sniffer = lab.sniff()
    lab.cable(0, plugged=False)
    wait_for(lambda: len(owned(lab, "eth1")) == 616, what="all moved")
    assert owned(lab, "eth0") == []
    wait_for(lambda: len({f[56:64] for f in sniffer.gratuitous("sw1", 2)}) == 616, what="announced")


def test_it_is_hardened_and_small(lab: Lab) -> None:
    holder, agent = lab.held()
    pid = holder.pid
    about = Path(f"/proc/{pid}/status").read_text()
    locked = re.search(r"VmLck:\s+(\d+)", about)
    assert locked is not None
    assert int(locked[1]) > 0
    assert re.search(r"Threads:\s+1\n", about)
    scheduling = subprocess.run(["chrt", "-p", str(pid)], capture_output=True, text=True)
    assert "SCHED_RR|SCHED_RESET_ON_FORK" in scheduling.stdout
    assert agent.status["lacks"] == ["the kernel's gate: no guardian has brought it"]
    pss = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    assert pss is not None
    assert int(pss[1]) <= 30 * 1024


def test_nothing_is_imported_once_it_works(lab: Lab) -> None:
    holder = lab.start("-X", "importtime", "-m", "hwagent.vip", "--socket", str(lab.path))
    wait_for(lambda: listens(lab.path), what="the socket")
    agent = lab.agent()
    agent.wait_status()
    assert "hwagent.vip.loop" in errors(holder)
    agent.plan(VIP, VIP6)
    agent.fit()
    wait_for(lambda: lab.where() == ["eth0"], what="held")
    lab.cable(0, plugged=False)
    wait_for(lambda: lab.where() == ["eth1"], what="moved")
    lab.ip(f"addr del {VIP} dev eth1")
    wait_for(lambda: agent.happened("put_back"), what="put back")
    agent.socket.sendall(b"nonsense\n")
    wait_for(lambda: agent.happened("refused"), what="a refusal")
    assert errors(holder) == ""


def test_without_a_sysfs_of_its_own_it_goes_by_events_and_says_so(lab: Lab) -> None:
    enter = ["nsenter", f"--net=/run/netns/{lab.host}", sys.executable]
    lab.spawn(*enter, "-m", "hwagent.vip", "--socket", str(lab.path))
    wait_for(lambda: listens(lab.path), what="the socket")
    agent = lab.agent()
    agent.plan(VIP)
    agent.fit()
    wait_for(lambda: agent.vip().get("state") == "held", what="held")
    assert "the carrier of eth0 but by netlink" in agent.status["lacks"]
    lab.cable(0, plugged=False)
    wait_for(lambda: lab.where() == ["eth1"], what="moved")


def test_its_worst_stall_is_in_the_status(lab: Lab) -> None:
    holder, agent = lab.held()
    began = time.monotonic()
    holder.send_signal(signal.SIGSTOP)
    wait_for(lambda: time.monotonic() > began + 0.5, what="half a second")
    holder.send_signal(signal.SIGCONT)
    agent.fit()
    wait_for(lambda: agent.read() or agent.status["stall_ms_max"] > 400, what="the stall")
    assert lab.where() == ["eth0"]


def owned(lab: Lab, interface: str) -> list[str]:
    """IPv4 addresses of an interface."""
    return [a["local"] for a in lab.addresses(interface) if a["family"] == "inet"]


def errors(process: "subprocess.Popen[str]") -> str:
    """What a process has written to its standard error since the last call."""
    assert process.stderr is not None
    os.set_blocking(process.stderr.fileno(), False)
    found = b""
    with suppress(BlockingIOError):
        while data := os.read(process.stderr.fileno(), 1 << 16):
            found += data
    return found.decode()
