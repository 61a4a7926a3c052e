"""What a service manager hears of a process, and what a process takes from it."""

import os
import socket
import subprocess
import sys
import time

import pytest

from hwagent.net.manager import Manager


def environment(ear: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": ear.getsockname(), **more}


def heard(ear: socket.socket) -> list[dict[str, str]]:
    found = []
    while True:
        try:
            text = ear.recv(4096).decode()
        except BlockingIOError:
            return found
        found.append(dict(line.split("=", 1) for line in text.split("\n")))


def test_it_is_up_with_a_status(ear):
    Manager(environment(ear)).ready("holds 2 of 2")
    assert heard(ear) == [{"READY": "1", "STATUS": "holds 2 of 2"}]


def test_a_reload_bears_the_time_at_which_it_began(ear):
    manager = Manager(environment(ear))
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    manager.reloading()
    manager.ready()
    told, done = heard(ear)
    assert told["RELOADING"] == "1"
    assert before <= int(told["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    assert done == {"READY": "1"}


def test_a_watchdog_is_fed_thrice_in_its_time_however_often_rounds_are_done(ear):
    manager = Manager(environment(ear, WATCHDOG_USEC="3000000", WATCHDOG_PID=str(os.getpid())))
    for millisecond in range(0, 3000, 20):
        manager.feed(100 + millisecond / 1000)
    assert [m["WATCHDOG"] for m in heard(ear)] == ["1", "1", "1"]


def test_a_watchdog_with_a_long_time_is_fed_as_often_as_others(ear):
    """What a starved process has left of it is nearly all of it."""
    manager = Manager(environment(ear, WATCHDOG_USEC="180000000", WATCHDOG_PID=str(os.getpid())))
    for second in range(60):
        manager.feed(float(second))
    assert [m["WATCHDOG"] for m in heard(ear)] == ["1"] * 6


def test_a_watchdog_that_is_meant_for_a_parent_is_not_ours(ear):
    ours = Manager(environment(ear, WATCHDOG_USEC="1000", WATCHDOG_PID=str(os.getpid())))
    parents = Manager(environment(ear, WATCHDOG_USEC="1000", WATCHDOG_PID=str(os.getppid())))
    assert ours.interval < 0.001 < 1 < parents.interval


def test_children_hear_nothing_of_the_manager(ear):
    left = environment(ear, WATCHDOG_USEC="1", WATCHDOG_PID="1", HOME="/")
    Manager(left)
    assert left == {"HOME": "/"}


def test_without_a_manager_nothing_is_said():
    manager = Manager({})
    manager.ready()
    manager.feed(1.0)
    manager.stopping()


def test_a_manager_that_went_away_disturbs_nobody(ear, tmp_path):
    manager = Manager(environment(ear))
    (tmp_path / "notify").unlink()
    manager.ready()
    manager.stopping()


def test_a_manager_that_does_not_read_holds_nobody_up(ear):
    manager = Manager(environment(ear))
    for _ in range(2000):
        manager.stopping()


def test_an_abstract_socket_is_reached():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind("")
        ear.setblocking(False)
        Manager({"NOTIFY_SOCKET": ear.getsockname().decode().replace("\0", "@")}).stopping()
        assert heard(ear) == [{"STOPPING": "1"}]


_PASSED = """
import os, sys
from hwagent.net.manager import passed_socket
os.environ["LISTEN_PID"] = str(os.getpid()) if sys.argv[1] == "ours" else "1"
first, second = passed_socket(), passed_socket()
print(first and first.getsockname(), second, "LISTEN_FDS" in os.environ)
"""


@pytest.mark.parametrize(("whose", "taken"), [("ours", True), ("another's", False)])
def test_a_passed_socket_is_taken_once_and_only_by_whom_it_was_passed_to(tmp_path, whose, taken):
    path = str(tmp_path / "passed")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        passed = f'exec 3<&{listener.fileno()}; exec "$0" "$@"'
        told = subprocess.run(
            ["bash", "-c", passed, sys.executable, "-c", _PASSED, whose],
            pass_fds=[listener.fileno()],
            env={**os.environ, "LISTEN_FDS": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
    assert told == ([path, "None", "False"] if taken else ["None", "None", "True"])
