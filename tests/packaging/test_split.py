"""Agent, holder and helper apart: what each may, and what becomes of the others when one ends."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.packaging.host import Host, host, place
from tests.packaging.units import NOBODY, PYTHON
from tests.waiting import wait_for

__all__ = ["host", "place"]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root and network namespaces")


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
