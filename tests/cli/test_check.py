"""``hwagent check``: what Nagios, Icinga and Centreon read of it."""

import re

import pytest

from tests.cli.running import cli

#: Monitoring Plugins guidelines: label=value[UOM];[warn];[crit];[min];[max]
PERFDATA = re.compile(r"'?[^'=]+'?=-?[\d.e+-]+(s|%|[KMGT]?B|c)?(;[\d.:@~-]*){0,4}")


SENSOR = "sensor:coretemp.0/temp1"


def parts(text):
    """Status, text, performance data and long text."""
    first, *long = text.splitlines()
    head, _, data = first.partition(" | ")
    status, _, said = head.removeprefix("HWAGENT ").partition(": ")
    return status, said, data.split(), long


def test_a_failed_component_is_critical_with_its_reason(sick):
    done = cli("check", socket=sick.socket)
    assert done.code == 2
    status, text, data, _ = parts(done.out)
    assert status == "CRITICAL"
    assert text.startswith("psu:PSU2: ")
    assert all(PERFDATA.fullmatch(d) for d in data)
    count = len(cli("components", "-o", "json", socket=sick.socket).json["components"])
    assert data[2] == f"failed=1;;0;0;{count}"


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (("--kind", "disk"), 0, "OK"),
        (("--kind", "psu"), 2, "CRITICAL"),
        (("--component", "psu:PSU1"), 0, "OK"),
        (("--component", "psu:PSU2"), 2, "CRITICAL"),
        (("--component", "psu:PSU9"), 3, "UNKNOWN"),
        (("--kind", "disc"), 3, "UNKNOWN"),
    ],
)
def test_only_what_was_asked_for_is_judged(sick, arguments, code, status):
    done = cli("check", *arguments, socket=sick.socket)
    assert (done.code, parts(done.out)[0]) == (code, status)
    answer = cli("check", *arguments, "-o", "json", socket=sick.socket)
    assert (answer.code, answer.json["status"]) == (code, status)


def test_a_components_numbers_are_performance_data(sick):
    done = cli("check", "--component", SENSOR, socket=sick.socket)
    assert done.code == 0, done.out
    data = parts(done.out)[2]
    assert "celsius=52.0" in data
    assert all(PERFDATA.fullmatch(d) for d in data)


def test_a_dead_agent_is_unknown_never_ok():
    done = cli("check")
    assert done.code == 3
    assert done.err == ""
    assert done.out.startswith("HWAGENT UNKNOWN: no agent at ")
    assert cli("check", "-o", "json").json["status"] == "UNKNOWN"


def test_what_hangs_or_speaks_nonsense_is_unknown(tmp_path):
    import socket
    import threading

    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()

        def nonsense() -> None:
            client, _ = server.accept()
            client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnot")
            client.close()

        thread = threading.Thread(target=nonsense)
        thread.start()
        done = cli("check", socket=path)
        thread.join()
    assert (done.code, parts(done.out)[0]) == (3, "UNKNOWN")


def test_text_never_breaks_the_line_or_begins_performance_data(sick, monkeypatch):
    from hwagent.cli import check

    monkeypatch.setattr(check, "request", lambda *a: (500, b'{"error": "a | b\\nc"}'))
    done = cli("check", socket=sick.socket)
    assert done.out == "HWAGENT UNKNOWN: a / b c\n"
