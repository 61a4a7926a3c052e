"""The root helper as a service: who may connect, and that one end leaves the other whole."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hwagent.helper import Pool, ProbeFailed
from tests.loop import LONG, in_loop
from tests.waiting import wait_for


class Service:
    """``python -m hwagent.helper`` on a simulated tree."""

    def __init__(self, directory: Path) -> None:
        self.path = str(directory / "helper.sock")
        self.tree = directory / "tree"
        self.tree.mkdir()
        self.start()

    def start(self) -> None:
        argv = ["--socket", self.path, "--root", str(self.tree), "--user", "nobody"]
        self.process = subprocess.Popen([sys.executable, "-m", "hwagent.helper", *argv])
        wait_for(self.answers, what="the service")

    def answers(self) -> bool:
        try:
            connect(self.path).close()
        except OSError:
            return False
        return True

    def end(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait()


def connect(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.settimeout(LONG)
    connection.connect(path)
    return connection


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    service.end()


@in_loop
async def test_verbs_and_looks_go_through_the_service(service: Service) -> None:
    pool = Pool("helper", socket=service.path)
    await pool.start()
    speed = {"array": "md0", "minimum_kib": 5, "maximum_kib": 50}
    missing = await pool.verb("md_sync_speed", speed, LONG)
    assert not missing.ok
    assert "sync_speed_max" in missing.detail
    made_array(service.tree)
    assert (await pool.verb("md_sync_speed", speed, LONG)).ok
    assert written(service.tree) == "5"
    assert await pool.collect("lldp", "", LONG) == []
    with pytest.raises(ProbeFailed, match="unknown: 'deliver'"):
        await pool.call("deliver", {}, "x", LONG)
    await pool.close()


@in_loop
async def test_root_looks_at_nothing_that_an_agent_could_make_up(
    service: Service, tmp_path: Path
) -> None:
    """Whoever takes the agent over may ask the helper what he likes."""
    pool = Pool("helper", socket=service.path)
    await pool.start()
    proof = tmp_path / "proof"
    check = {"name": "x", "type": "exec", "command": ["touch", str(proof)]}
    for collector in ("service", "bmc", "bond", "host"):
        with pytest.raises(ProbeFailed, match="the agent's own workers can"):
            await pool.collect(collector, json.dumps(check), LONG)
    for target in (
        "../../etc/passwd",
        "/etc/passwd",
        "-x",
        "sda/../sdb",
        "sd a",
        "a" * 65,
        "sda\n",
    ):
        with pytest.raises(ProbeFailed, match="not the name of a device"):
            await pool.collect("smart", target, LONG)
    with pytest.raises(ProbeFailed, match="unknown: 'targets'"):
        await pool.targets("smart")
    assert not proof.exists()
    await pool.close()


def made_array(tree: Path) -> None:
    (tree / "sys/block/md0/md").mkdir(parents=True)


def written(tree: Path) -> str:
    return (tree / "sys/block/md0/md/sync_speed_min").read_text()


@in_loop
async def test_the_agent_finds_a_service_that_was_started_again(service: Service) -> None:
    pool = Pool("helper", socket=service.path)
    await pool.start()
    assert await pool.collect("lldp", "", LONG) == []
    service.end(signal.SIGKILL)
    service.start()
    assert await pool.collect("lldp", "", LONG) == []
    assert pool.stats()["restarts"] >= 1
    await pool.close()


def test_two_agents_do_not_disturb_each_other(service: Service) -> None:
    first, second = connect(service.path), connect(service.path)
    first.close()
    second.send(b"\x81\xa4type\xa4Fork")
    packet, fds, _, _ = socket.recv_fds(second, 4096, 1)
    assert b"Born" in packet
    os.close(fds[0])
    second.close()


def test_nonsense_ends_the_connection_only(service: Service) -> None:
    agent = connect(service.path)
    agent.send(b"\xff" * 100)
    assert agent.recv(100) == b""
    agent.close()
    assert service.answers()


STRANGER = """
import os, socket, sys
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(60)
s.connect(sys.argv[1])
try:
    s.send(bytes.fromhex("81a474797065a4466f726b"))
    sys.exit(0 if s.recv(100) else 3)
except ConnectionError:
    sys.exit(3)
"""


@pytest.mark.root
def test_only_root_and_the_agents_user_are_served(service: Service, tmp_path: Path) -> None:
    for place in (service.path, *map(str, (tmp_path, *tmp_path.parents))):
        os.chmod(place, os.stat(place).st_mode | (0o666 if place == service.path else 0o011))

    def status(uid: int) -> int:
        argv = [sys.executable, "-c", STRANGER, service.path, str(uid)]
        return subprocess.run(argv, check=False).returncode

    assert status(65534) == 0
    assert status(12345) == 3
