"""Entries in the systemd journal."""

import socket
import struct
from pathlib import Path

import pytest

from hwagent.respond.notify.deliver import deliver
from hwagent.respond.notify.journald import FIRING, RESOLVED, datagram
from tests.respond.notify.making import alert, items, payload


class Journal:
    """A socket that takes datagrams as journald does."""

    def __init__(self, path):
        self.path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.settimeout(10)

    def entry(self):
        data, fds, _, _ = socket.recv_fds(self._socket, 1 << 20, 1)
        if fds:
            data = Path(f"/proc/self/fd/{fds[0]}").read_bytes()
        return parsed(data)

    def close(self):
        self._socket.close()


def parsed(data):
    """The native protocol, read by its specification."""
    found = {}
    while data:
        line, _, data = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack("<Q", data[:8])
            value, data = data[8 : 8 + length], data[8 + length + 1 :]
        found[name.decode()] = value.decode()
    return found


@pytest.fixture
def journal(tmp_path):
    made = Journal(tmp_path / "socket")
    yield made
    made.close()


def send(journal, *of):
    assert deliver("journald", {"socket": journal.path}, payload(*of)) == ""


def test_an_entry_has_the_fields(journal):
    send(journal, *items(alert(labels={"team": "storage"}, values={"pending_sectors": 8})))
    entry = journal.entry()
    assert entry["MESSAGE"] == (
        "critical: SmartFailed on disk:wwn-0x5000c500a1b20000: disk sda is about to fail"
    )
    assert entry["PRIORITY"] == "2"
    assert entry["MESSAGE_ID"] == FIRING
    assert entry["SYSLOG_IDENTIFIER"] == "hwagent"
    assert entry["HWAGENT_COMPONENT"] == "disk:wwn-0x5000c500a1b20000"
    assert entry["HWAGENT_LABEL_TEAM"] == "storage"
    assert entry["HWAGENT_VALUE_PENDING_SECTORS"] == "8"


def test_every_alert_is_an_entry_and_what_is_over_a_notice(journal):
    send(journal, *items(alert()), *items(alert("Other"), status="resolved"))
    assert journal.entry()["HWAGENT_RULE"] == "SmartFailed"
    over = journal.entry()
    assert (over["PRIORITY"], over["MESSAGE_ID"]) == ("5", RESOLVED)


def test_texts_with_newlines_stay_one_field(journal):
    send(journal, *items(alert(description="one\nPRIORITY=0\ntwo")))
    entry = journal.entry()
    assert entry["HWAGENT_DESCRIPTION"] == "one\nPRIORITY=0\ntwo"
    assert entry["PRIORITY"] == "2"


def test_an_entry_too_large_for_a_datagram_arrives(journal):
    send(journal, *items(alert(description="x" * 1_000_000)))
    assert len(journal.entry()["HWAGENT_DESCRIPTION"]) == 1_000_000


def test_the_wire_format():
    assert datagram([("A", "b"), ("C", "d\ne")]) == b"A=b\nC\n\3\0\0\0\0\0\0\0d\ne\n"


def test_no_journal_is_told(tmp_path):
    problem = deliver("journald", {"socket": str(tmp_path / "none")}, payload())
    assert "No such file" in problem


def test_a_host_without_systemd_misses_nothing(tmp_path):
    assert deliver("journald", {"socket": str(tmp_path / "journal/socket")}, payload()) == ""
