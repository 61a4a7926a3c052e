"""Agent, holder and helper as processes of their own, with the privileges of their units."""

import json
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hwagent.cli.client import NoAgent, request
from tests.packaging.units import NOBODY, PYTHON, command, privileges, settings
from tests.vip.lab import VIP, Lab
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root and network namespaces")
UNITS = ("hwagent-helper.service", "hwagent-holder.service", "hwagent.service")


class Host:
    """A network namespace in which the three run as the units say."""

    def __init__(self, lab: Lab, place: Path) -> None:
        self.lab = lab
        self.run = place / "run"
        self.state = place / "state"
        self.config = place / "hwagent.yaml"
        vips = [{"address": VIP, "interfaces": ["eth0"]}]
        # No test is about how fast a busy machine starts Python
        config = {"mode": "act", "vips": vips, "fitness": {"ttl": "60s"}}
        self.config.write_text(json.dumps(config))
        self.processes: dict[str, subprocess.Popen[str]] = {}
        for unit in UNITS:
            (name,) = settings(unit)["RuntimeDirectory"]
            self.directory(self.run / name, 0 if "helper" in unit else NOBODY)
        self.directory(self.state, NOBODY)

    def directory(self, path: Path, owner: int) -> None:
        path.mkdir(parents=True)
        path.chmod(0o750)
        os.chown(path, owner, NOBODY)

    def start(self, unit: str) -> None:
        argv = [*privileges(unit), *command(unit, self.run)]
        if unit == "hwagent.service":
            argv += ["--config", str(self.config), "--state-directory", str(self.state)]
            argv += ["--runtime-directory", str(self.run / "hwagent")]
        else:
            argv = ["nobody" if word == "hwagent" else word for word in argv]
        entered = ["ip", "netns", "exec", self.lab.host, *argv]
        self.processes[unit] = self.lab.spawn(*entered)

    def status(self) -> dict[str, Any]:
        """The agent's; empty while it does not answer or the first round is under way."""
        try:
            _, body = request(str(self.run / "hwagent/hwagent.sock"), "GET", "/v1/status")
        except NoAgent:
            return {}
        status = json.loads(body)
        return status if status["ready"] else {}

    def vip(self) -> str:
        return next((v["state"] for v in self.status().get("vips", [])), "")

    def kill(self, unit: str) -> None:
        self.processes[unit].send_signal(signal.SIGKILL)
        self.processes[unit].wait()


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that other users get to, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="hwt-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def host(place: Path) -> Iterator[Host]:
    lab = Lab(place)
    lab.set_up()
    try:
        host = Host(lab, place)
        for unit in UNITS:
            host.start(unit)
        wait_for(lambda: host.vip() == "held", 60, lambda: f"an address held: {told(host)}")
        yield host
    finally:
        lab.tear_down()


def told(host: Host) -> str:
    ended = {u: p.communicate() for u, p in host.processes.items() if p.poll() is not None}
    return f"{ended or host.status().get('problems')}"


def test_what_the_units_give_is_enough_to_hold_an_address_and_to_look(host):
    assert host.lab.where() == ["eth0"]
    status = host.status()
    assert status["problems"] == []
    refused = [c for c in status["components"] if "ermi" in c["reason"]]
    assert refused == []


def test_the_helper_has_the_agents_workers_and_no_other_does(host):
    helper = host.processes["hwagent-helper.service"].pid
    agent = host.processes["hwagent.service"].pid
    assert {owner(p) for p in family(helper)} == {0}
    assert {owner(p) for p in family(agent)} == {NOBODY}


def test_a_holder_that_dies_loses_its_addresses_at_once_to_the_guardian_in_the_helper(host):
    host.kill("hwagent-holder.service")
    wait_for(lambda: host.lab.where() == [], what="the address gone")
    host.start("hwagent-holder.service")
    wait_for(lambda: host.vip() == "held", what="the address back")


def test_the_agent_and_the_helper_may_be_killed_and_come_back_without_loss(host):
    with Watched(host) as changes:
        for unit in ("hwagent.service", "hwagent-helper.service"):
            host.kill(unit)
            host.start(unit)
            wait_for(lambda: host.vip() == "held", 60, "the agent's answer")
    assert changes() == ""


def test_a_holder_that_is_told_to_end_gives_its_addresses_up_first(host):
    process = host.processes["hwagent-holder.service"]
    process.terminate()
    process.wait(5)
    assert host.lab.where() == []


_KNOCK = """
import socket, sys
with socket.socket(socket.AF_UNIX, int(sys.argv[1])) as s:
    s.settimeout(10)
    try:
        s.connect(sys.argv[2])
        print("told", s.recv(100))
    except OSError as e:
        print(type(e).__name__)
"""


@pytest.mark.parametrize(
    ("group", "answer"), [(12345, "PermissionError"), (NOBODY, "told b''")], ids=["none", "ours"]
)
def test_a_stranger_gets_no_word_from_the_helper_nor_from_the_holder(host, group, answer):
    helper, holder = "hwagent-helper/helper.sock", "hwagent-holder/holder.sock"
    for path, kind in ((helper, socket.SOCK_SEQPACKET), (holder, socket.SOCK_STREAM)):
        argv = ["setpriv", "--reuid=12345", f"--regid={group}", "--clear-groups", PYTHON, "-c"]
        argv += [_KNOCK, str(int(kind)), str(host.run / path)]
        assert subprocess.run(argv, capture_output=True, text=True).stdout.strip() == answer


class Watched:
    """The changes of the host's IPv4 addresses that ip(8) saw."""

    def __init__(self, host: Host) -> None:
        argv = ["ip", "-4", "-n", host.lab.host, "monitor", "address"]
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        self._seen = ""

    def __enter__(self) -> "Watched":
        return self

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._seen = self._process.communicate()[0]

    def __call__(self) -> str:
        return self._seen


def family(pid: int) -> list[int]:
    """A process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def owner(pid: int) -> int:
    return os.stat(f"/proc/{pid}").st_uid
