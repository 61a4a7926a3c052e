"""Lines for the local syslog."""

import re
import socket

import pytest

from hwagent.model import Severity
from hwagent.respond.notify.deliver import deliver
from hwagent.respond.notify.syslog import PACKET_MAX, line
from tests.respond.notify.making import alert, items, payload


@pytest.mark.parametrize(
    ("severity", "status", "priority"),
    [("critical", "firing", 26), ("warning", "firing", 28), ("info", "firing", 30),
     ("critical", "resolved", 29)],
)  # fmt: skip
def test_priorities_are_of_facility_daemon(severity, status, priority):
    (told,) = items(alert(severity=Severity(severity)), status=status)
    assert re.match(rb"<%d>hwagent\[\d+\]: \w+: SmartFailed on disk:" % priority, line(told))


def test_a_line_is_one_line_of_whole_characters_within_the_packet():
    (told,) = items(alert(summary="a\nb\0" + "\u00e4" * 2000))
    made = line(told)
    assert len(made) <= PACKET_MAX
    assert b"\n" not in made
    assert b"\0" not in made
    made.decode()


def test_it_is_sent(tmp_path):
    path = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(path)
        log.settimeout(10)
        assert deliver("syslog", {"socket": path}, payload()) == ""
        assert b"disk sda is about to fail" in log.recv(4096)
