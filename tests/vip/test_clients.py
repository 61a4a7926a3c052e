"""Clients that mean harm, or do not know better: the holder goes on holding and answering."""

import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from hwagent.vip.protocol import LINE_MAX, VIPS_MAX
from tests.vip.lab import VIP, Agent, Lab, lab
from tests.waiting import wait_for

__all__ = ["lab"]
pytestmark = pytest.mark.root
PING = b'{"message":"ping","number":1}\n'


@pytest.fixture
def held(lab: Lab) -> Iterator[tuple[Lab, Agent]]:
    """A holder that holds an address, and still does so after the test, the same process."""
    process, agent = lab.held()
    yield lab, agent
    agent.pong()
    assert process.poll() is None
    assert lab.where() == [agent.vip()["interface"]]
    assert agent.happened("released") == []


def connect(lab: Lab) -> socket.socket:
    """A connection that nobody reads from."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(lab.path))
    return connection


def dropped(connection: socket.socket) -> bool:
    """True once the holder has ended the connection; reads nothing else away."""
    try:
        return connection.send(b"\n", socket.MSG_DONTWAIT) == 0
    except BlockingIOError:
        return False
    except OSError:
        return True


def flood(connection: socket.socket, data: bytes, times: int) -> None:
    """Sends it again and again, until the holder has had enough."""
    with suppress(OSError):
        for _ in range(times):
            connection.sendall(data)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\0" * 100,
        b"\xff\xfe",
        b"[1, 2]",
        b"null",
        b'{"message": "plan"}',
        b'{"message": "nuke", "vips": []}',
        b'{"message": "plan", "vips": [{"address": "10.0.0.10/24", "interfaces": []}]}',
        b'{"message": "plan", "vips": [{"address": "x", "interfaces": ["../../etc"]}]}',
        b'{"message": "plan", "vips": [{"address": "10.0.0.10/24", "interfaces": ["lo/x"]}]}',
        b'{"message": "fitness", "fit": false, "reason": "", "ttl": -1, "sent": 0}',
        b'{"message": "fitness", "fit": false, "reason": "", "ttl": 1e99, "sent": 0}',
        b'{"message": "fitness", "fit": false, "reason": "' + b"x" * 999 + b'", "ttl":1, "sent":0}',
        b'{"message": "fitness", "fit": "no", "reason": "", "ttl": 1, "sent": 0}',
        b'{"message": "release", "address": 7}',
        b'{"message": "gate", "slots": {"10.0.0.10": 4096}}',
        b'{"message": "gate", "slots": {"10.0.0.10": -1}}',
        b"[" * 100_000,
        b'{"message": "ping", "number": 1' + b"0" * 5000 + b"}",
    ],
)
def test_a_line_that_is_no_request_is_refused(held: tuple[Lab, Agent], line: bytes) -> None:
    lab, _ = held
    other = lab.agent()
    other.socket.sendall(line + b"\n")
    wait_for(lambda: other.happened("refused"), what="a refusal")
    other.pong()


def test_a_file_that_is_no_gate_is_refused_and_closed(held: tuple[Lab, Agent]) -> None:
    lab, agent = held
    (pid,) = [process.pid for process in lab.processes]
    other = lab.agent()
    other.pong()
    before = len(os.listdir(f"/proc/{pid}/fd"))
    for _ in range(5):
        with open(os.devnull) as file:
            line = b'{"message": "gate", "slots": {}}\n'
            socket.send_fds(other.socket, [line], [file.fileno()])
        wait_for(lambda: other.happened("refused"), what="a refusal")
        other.events.clear()
    agent.pong()
    assert len(os.listdir(f"/proc/{pid}/fd")) == before


def test_random_bytes(held: tuple[Lab, Agent]) -> None:
    lab, _ = held
    chance = random.Random(7)
    for _ in range(100):
        with connect(lab) as connection:
            flood(connection, chance.randbytes(5000), 1)


def test_one_who_talks_nonsense_for_long_is_dropped(held: tuple[Lab, Agent]) -> None:
    connection = connect(held[0])
    flood(connection, b"nonsense\n" * 1000, 10)
    wait_for(lambda: dropped(connection), what="dropped")


def test_a_request_in_pieces_is_a_request(held: tuple[Lab, Agent]) -> None:
    lab, agent = held
    other = lab.agent()
    for byte in b'{"message":"release","address":"10.9.9.9/24"}\n':
        other.socket.sendall(bytes([byte]))
        agent.pong()
    wait_for(lambda: other.happened("refused"), what="an answer")


def test_half_a_line_and_the_end_is_no_request(held: tuple[Lab, Agent]) -> None:
    lab, _ = held
    with connect(lab) as connection:
        connection.sendall(b'{"message":"release","address":"10.0.0.10/24"}')


def test_a_last_request_counts_though_its_sender_is_gone(lab: Lab) -> None:
    lab.held()
    with connect(lab) as connection:
        connection.sendall(b'{"message":"release","address":"10.0.0.10/24"}\n')
    wait_for(lambda: lab.where() == [], what="released")


def test_a_line_without_end_is_cut_off(held: tuple[Lab, Agent]) -> None:
    connection = connect(held[0])
    flood(connection, b"x" * (1 << 16), 2 * LINE_MAX >> 16)
    wait_for(lambda: dropped(connection), what="dropped")


def test_one_who_does_not_read_is_dropped_and_the_others_are_not(held: tuple[Lab, Agent]) -> None:
    connection = connect(held[0])
    flood(connection, PING * 500, 1000)
    wait_for(lambda: dropped(connection), what="dropped")


def test_a_flood_of_requests_does_not_end_a_real_time_process(held: tuple[Lab, Agent]) -> None:
    lab, agent = held
    code = (
        "import socket, sys, time; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
        "s.setblocking(False); data = sys.argv[2].encode() * 100\n"
        "while True:\n"
        "    for f in (lambda: s.send(data), lambda: s.recv(1 << 20)):\n"
        "        try: f()\n"
        "        except BlockingIOError: pass\n"
    )
    # Each has the kernel asked for an interface that is not there
    plan = {"message": "plan", "vips": [{"address": VIP, "interfaces": ["eth0", "eth1", "eth7"]}]}
    argv = ("-c", code, str(lab.path), json.dumps(plan) + "\n")
    floods = [lab.start(*argv) for _ in range(4)]
    end = time.monotonic() + 2  # longer than RLIMIT_RTTIME allows to go without sleeping
    while time.monotonic() < end:
        agent.pong()
    lab.cable(0, plugged=False)
    wait_for(lambda: lab.where() == ["eth1"], what="moved meanwhile")
    for process in floods:
        process.kill()


def test_a_thousand_connections(held: tuple[Lab, Agent]) -> None:
    lab, _ = held
    crowd = []
    try:
        for _ in range(1000):
            crowd.append(connect(lab))
        lab.agent().pong()
    finally:
        for connection in crowd:
            connection.close()


def test_those_who_talk_are_not_pushed_out(held: tuple[Lab, Agent]) -> None:
    lab, _ = held
    others = [lab.agent() for _ in range(15)]
    for other in others:
        other.pong()
    late = lab.agent()
    wait_for(lambda: dropped(late.socket), what="no room for one more")
    for other in others:
        other.pong()


def test_a_file_descriptor_that_comes_along_is_not_kept(held: tuple[Lab, Agent]) -> None:
    lab, agent = held
    (process,) = [p for p in lab.processes if p.poll() is None][:1]
    before = len(os.listdir(f"/proc/{process.pid}/fd"))
    with connect(lab) as connection:
        socket.send_fds(connection, [PING], [0] * 50)
        agent.pong()
    wait_for(lambda: len(os.listdir(f"/proc/{process.pid}/fd")) == before, what="as before")


def test_other_users_are_turned_away(held: tuple[Lab, Agent]) -> None:
    lab, _ = held
    code = (
        "import os, socket, sys\n"
        "s = socket.socket(socket.AF_UNIX); os.chdir(sys.argv[1])\n"
        "os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)\n"
        "try: s.connect('holder.sock')\n"
        "except PermissionError: print('refused')\n"
        "else: print(s.recv(100))\n"
    )
    argv = [sys.executable, "-c", code, str(lab.path.parent)]
    assert subprocess.check_output(argv, text=True) == "refused\n"
    lab.path.parent.chmod(0o711)
    lab.path.chmod(0o666)  # even with the file's mode out of the way
    assert subprocess.check_output(argv, text=True) == "b''\n"


def test_the_largest_plan_is_carried_out(lab: Lab) -> None:
    process, agent = lab.held()
    agent.plan(*(f"10.{n >> 8}.{n & 255}.1/32" for n in range(VIPS_MAX)))
    wait_for(lambda: len(lab.addresses("eth0")) > VIPS_MAX, what="all held")
    reason = "x" * 200
    agent.fit(fit=False, reason=reason)
    wait_for(lambda: agent.vip("10.0.0.1/32").get("reason") == f"unfit: {reason}", what="released")
    assert lab.where() == []
    assert process.poll() is None
