"""Three whole agents with two networks: a port that passes nothing, and a crash as predicted."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest

from hwagent.config import Duration, Group
from hwagent.vip.prediction import predict
from tests.fleet.faults import FAULTS
from tests.fleet.lab import VIP, Host, fleet
from tests.fleet.systems import Hwagent
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft(8)"
)
INTERVAL = 0.1
MUTE = "a port that passes packets at eth0"
#: Seconds that a machine busy with other tests may take on top of what is predicted.
SLACK = 3.0


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hwagent]:
    with fleet(3) as made:
        system = Hwagent(made, tmp_path_factory.mktemp("fleet"), INTERVAL, ("eth0", "eth1"))
        for host in made.hosts:
            system.start(host)
        wait_for(lambda: len(made.answering()) == 1, 240, "an owner")
        yield system


def silence(host: Host, hook: str) -> None:
    """The switch passes nothing more from (ingress) or to (egress) the host's first port."""
    port = f"h{host.number}p0"
    text = (
        "table netdev gray {\n chain c {\n"
        f" type filter hook {hook} device {port} priority 0;\n drop\n }}\n}}\n"
    )
    argv = ["ip", "netns", "exec", host.fleet.switch, "nft", "-f", "-"]
    subprocess.run(argv, input=text, text=True, check=True)


def speak(host: Host) -> None:
    argv = ["ip", "netns", "exec", host.fleet.switch, "nft", "delete", "table", "netdev", "gray"]
    subprocess.run(argv, check=True)


def where(system: Hwagent) -> list[tuple[int, str]]:
    """Host and interface that bear the address."""
    names = ("eth0", "eth1")
    hosts = system.fleet.hosts
    return [(h.number, n) for h in hosts for n in names if VIP in h.ip(f"addr show dev {n}")]


@pytest.mark.parametrize("hook", ["ingress", "egress"])
def test_an_address_leaves_a_port_that_passes_nothing_one_way(three: Hwagent, hook: str) -> None:
    wait_for(lambda: [n for _, n in where(three)] == ["eth0"] or put_right(three), 120, "eth0")
    [(number, _)] = where(three)
    owner = three.fleet.hosts[number - 1]
    silence(owner, hook)
    try:
        wait_for(lambda: MUTE in lacks(three, owner), 60, "the port found out")
        others = [h.number for h in three.fleet.hosts if h is not owner]
        wait_for(lambda: three.fleet.answering()[:1] in [[n] for n in others], 60, "another host")
    finally:
        speak(owner)
    wait_for(lambda: lacks(three, owner) == [], 60, "a port that is well again")


def lacks(system: Hwagent, host: Host) -> list[str]:
    """What the holder of a host says that it has not."""
    found: list[str] = system.status(host)["holder"]["lacks"]
    return found


def put_right(system: Hwagent) -> bool:
    """An address stays where it is well: a cable that is pulled sends it back to eth0."""
    for host in system.fleet.hosts:
        host.cable(plugged=False, port=1)
    time.sleep(1)
    for host in system.fleet.hosts:
        host.cable(plugged=True, port=1)
    return False


def test_a_crash_costs_what_was_predicted(three: Hwagent) -> None:
    lease = Duration(three.lease * INTERVAL)
    group = Group(name="web", voters={}, interval=Duration(INTERVAL), lease=lease)
    crash = next(o for o in predict(group, 0.001) if o.fault == "host crashed")
    owner = three.fleet.owner()
    others = [h.number for h in three.fleet.hosts if h is not owner]
    with three.fleet.probing() as seen:
        FAULTS["host crashed"].inject(three, owner)
        wait_for(lambda: any(n in others for n, _ in where(three)), 60, "another owner")
        wait_for(lambda: any(n in others for n in three.fleet.answering()), 60, "an answer")
    assert seen["overlaps"] == 0
    assert crash.mean - INTERVAL < seen["outage_ms"] / 1000 < crash.worst + SLACK
