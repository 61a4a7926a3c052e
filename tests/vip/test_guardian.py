"""When the guardian takes a holder for dead, and what becomes of that holder's addresses."""

import signal
import subprocess
from pathlib import Path

import pytest

from hwagent.vip.guardian import INTERVAL, Pulse
from tests.vip.lab import VIP, Lab, Monitor, lab, slept
from tests.waiting import wait_for

__all__ = ["lab"]


def silent_after(pulse: Pulse, start: float, most: float) -> float | None:
    """Seconds of silence after which it is noticed, if asked every INTERVAL."""
    now = start
    while now <= start + most:
        now += INTERVAL
        if pulse.silent(now):
            return now - start
    return None


def test_silence_is_noticed_after_the_patience_and_one_interval() -> None:
    noticed = silent_after(Pulse(100.0, 1.0), 100.0, 10.0)
    assert noticed is not None
    assert 1.0 < noticed <= 1.0 + INTERVAL


def test_answers_keep_it_quiet() -> None:
    pulse, now = Pulse(100.0, 1.0), 100.0
    for _ in range(100):
        now += 0.9
        pulse.heard(now - 0.01)
        assert not pulse.silent(now)


def test_our_own_standing_still_is_not_held_against_the_holder() -> None:
    pulse = Pulse(100.0, 1.0)
    assert not pulse.silent(160.0)
    assert silent_after(pulse, 160.0, 10.0) == 1.0 + INTERVAL


@pytest.mark.root
def test_a_killed_holders_addresses_go(lab: Lab) -> None:
    lab.ip("addr add 10.0.0.1/24 dev eth0")
    lab.guardian()
    holder, _ = lab.held()
    guarded(lab, holder)
    holder.kill()
    wait_for(lambda: lab.where() == [], what="gone")
    assert lab.where("10.0.0.1/24") == ["eth0"], "not ours, so it stays"


_HOLDER_WITH_A_WILL = """
import base64, json, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
guardian, _ = listener.accept()
parcel = {"to": "127.0.0.1", "port": 7, "source": "127.0.0.1", "packet": "d2lsbA=="}
for message in ({"message": "will", "parcels": [parcel]}, {"message": "pong", "number": 1}):
    guardian.sendall(json.dumps(message).encode() + b"\\n")
while True:
    guardian.recv(1000)
"""
_HEIR = """
import socket
heir = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
heir.bind(("127.0.0.1", 7))
print("ready", flush=True)
print(heir.recv(100).decode(), flush=True)
"""


@pytest.mark.root
def test_the_last_will_of_a_holder_is_sent_though_no_address_of_it_is_left(lab: Lab) -> None:
    heir = lab.start("-c", _HEIR)
    assert heir.stdout is not None
    assert heir.stdout.readline() == "ready\n"
    holder = lab.start("-c", _HOLDER_WITH_A_WILL, str(lab.path))
    wait_for(lambda: lab.path.exists(), what="a holder that listens")
    lab.guardian()
    guarded(lab, holder)
    holder.kill()
    assert heir.stdout.readline() == "will\n"


@pytest.mark.root
def test_a_frozen_holder_loses_its_addresses_and_takes_them_back_when_it_thaws(lab: Lab) -> None:
    lab.guardian()
    holder, agent = lab.held()
    guarded(lab, holder)
    for _ in range(2):
        holder.send_signal(signal.SIGSTOP)
        wait_for(lambda: lab.where() == [], what="gone")
        holder.send_signal(signal.SIGCONT)
        wait_for(lambda: lab.where() == ["eth0"], what="back")
    assert agent.happened("conflict") == []


@pytest.mark.root
def test_the_holder_is_started_again_and_nothing_is_lost(lab: Lab) -> None:
    lab.guardian()
    holder, _ = lab.held()
    guarded(lab, holder)
    for _ in range(2):
        holder.kill()
        wait_for(lambda: lab.where() == [], what="gone")
        holder, _ = lab.held()
        guarded(lab, holder)


@pytest.mark.root
def test_a_guardian_that_finds_no_holder_takes_what_one_left(lab: Lab) -> None:
    holder, _ = lab.held()
    holder.kill()
    holder.wait()
    assert lab.where() == ["eth0"]
    lab.guardian()
    wait_for(lambda: lab.where() == [], what="gone")


@pytest.mark.root
def test_a_guardian_killed_and_started_again_costs_nothing(lab: Lab) -> None:
    guardian = lab.guardian()
    holder, _ = lab.held()
    guarded(lab, holder)
    monitor = Monitor(lab)
    guardian.kill()
    guardian.wait()
    lab.guardian()
    guarded(lab, holder)
    assert monitor.deleted(VIP) == 0
    holder.kill()
    wait_for(lambda: lab.where() == [], what="gone")


@pytest.mark.root
def test_the_addresses_of_a_holder_at_another_socket_are_left_alone(
    lab: Lab, tmp_path: Path
) -> None:
    other = tmp_path / "other.sock"
    lab.holder(path=other)
    agent = lab.agent(other)
    agent.plan(VIP)
    agent.fit()
    wait_for(lambda: lab.where() == ["eth0"], what="held")
    monitor = Monitor(lab)
    guardian = lab.guardian()
    wait_for(lambda: slept(guardian.pid) > 8, what="the guardian's looks")
    assert monitor.deleted(VIP) == 0


def guarded(lab: Lab, holder: "subprocess.Popen[str]") -> None:
    """Waits until the guardian is connected."""
    wait_for(lambda: lab.guarded(holder.pid), what="the guardian's connection")
