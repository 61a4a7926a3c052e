"""Checks of the user's own services, against real ports, commands and files."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.debounce import RiseFall, encode
from hwagent.collect.root import Root, Unreadable
from hwagent.collect.service import COLLECTOR
from hwagent.config import Duration
from hwagent.config.schema import Service
from hwagent.model import Sample
from tests.waiting import wait_for


def run(root: str | Path = "/", **fields: Any) -> Sample:
    service = Service(name="s", **fields)
    (sample,) = COLLECTOR().collect(Root(root), encode(service))
    return sample


def up(sample: Sample) -> bool:
    return sample.metrics["raw_up"] == 1


def detail(sample: Sample) -> str:
    return str(sample.attributes["detail"])


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = 503 if self.path == "/broken?x=1" else 200
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"all is well")

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def web() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def drip() -> Iterator[str]:
    """A server that sends one byte of its answer after the other, for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            while not stop.wait(0.05):
                try:
                    connection.send(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    stop.set()
    thread.join()
    listener.close()


def test_a_port_that_listens_and_one_that_does_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = f"127.0.0.1:{listener.getsockname()[1]}"
        sample = run(type="tcp", target=target)
    assert (sample.id, sample.kind, up(sample)) == ("service:s", "service", True)
    assert float(sample.metrics["latency_seconds"]) >= 0
    sample = run(type="tcp", target=target)
    assert not up(sample)
    assert detail(sample) == "Connection refused"


@pytest.mark.parametrize("target", ["", "host", "host:", ":80", "host:http"])
def test_a_target_that_is_no_port_is_down_with_the_reason(target: str) -> None:
    assert "host:port" in detail(run(type="tcp", target=target))


def test_pages_by_status_and_body(web: str) -> None:
    assert up(run(type="http", target=web, body="well"))
    assert detail(run(type="http", target=web, body="ill")) == "HTTP 200, but without 'ill'"
    assert detail(run(type="http", target=f"{web}/broken?x=1")).startswith("HTTP 503")
    assert up(run(type="http", target=f"{web}/broken?x=1", status=(503,)))


@pytest.mark.parametrize("target", ["", "ftp://x/", "http://", "http://[::1", "http://h:x/"])
def test_a_target_that_is_no_url_is_down_with_the_reason(target: str) -> None:
    sample = run(type="http", target=target)
    assert not up(sample)
    assert detail(sample)


def test_an_answer_that_drips_is_given_up_in_time(drip: str) -> None:
    sample = run(type="http", target=drip, timeout=Duration(0.5))
    assert detail(sample) == "no answer within 0.5 s"


def test_commands_by_exit_status() -> None:
    assert up(run(type="exec", command=["true"]))
    sample = run(type="exec", command=["sh", "-c", "echo the disk is full; exit 2"])
    assert detail(sample) == "exit status 2: the disk is full"
    assert detail(run(type="exec", command=["sh", "-c", "kill -9 $$"])) == "signal 9"
    assert "no-such-command" in detail(run(type="exec", command=["no-such-command"]))
    assert not up(run(type="exec", command=[]))


def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = f"sleep 1000 & echo $! > {pid}; wait"
    sample = run(type="exec", command=["sh", "-c", script], timeout=Duration(1.0))
    assert detail(sample) == "did not end within 1 s"
    wait_for(lambda: _dead(int(pid.read_text())), what="end of the child")


def _dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_child_that_keeps_the_output_open_does_not_keep_the_check() -> None:
    start = time.monotonic()
    assert up(run(type="exec", command=["sh", "-c", "sleep 1000 & exit 0"], timeout=Duration(50.0)))
    assert time.monotonic() - start < 40


def test_a_flood_of_output_is_bounded() -> None:
    sample = run(type="exec", command=["sh", "-c", "yes | head -c 3000000; exit 1"])
    assert detail(sample) == "exit status 1: y"


def test_units_by_what_systemctl_says(tmp_path: Path) -> None:
    output = tmp_path / "commands/systemctl-show-db.service"
    output.parent.mkdir()
    for text, wanted in (
        ("LoadState=loaded\nActiveState=active\nSubState=running\nResult=success\n", ""),
        (
            "LoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\n",
            "failed (failed, exit-code)",
        ),
        ("LoadState=not-found\nActiveState=inactive\nSubState=dead\n", "no such unit: db.service"),
        ("LoadState=loaded\nActiveState=activating\nSubState=start\n", "activating (start)"),
    ):
        output.write_text(text)
        assert detail(run(tmp_path, type="unit", target="db.service")) == wanted
    assert not up(run(tmp_path, type="unit", target="other.service"))


def test_files_by_age(tmp_path: Path) -> None:
    file = tmp_path / "backup"
    assert not up(run(tmp_path, type="file", target="/backup"))
    file.write_text("x")
    assert up(run(tmp_path, type="file", target="/backup", max_age=Duration(3600)))
    os.utime(file, (time.time() - 7200, time.time() - 7200))
    assert up(run(tmp_path, type="file", target="/backup"))
    sample = run(tmp_path, type="file", target="/backup", max_age=Duration(3600))
    assert "more than 3600 s" in detail(sample)


@pytest.mark.parametrize("target", ["", "{}", '{"name": 1}', "\x00"])
def test_a_target_that_is_no_service_is_unreadable(target: str) -> None:
    with pytest.raises(Unreadable):
        COLLECTOR().collect(Root("/"), target)


def test_targets_come_from_the_configuration_only() -> None:
    assert COLLECTOR().targets(Root("/")) == []


def decisions(check: RiseFall, results: str) -> list[bool | None]:
    return [check.observe(letter == "+") for letter in results]


@pytest.mark.parametrize(
    ("results", "wanted"),
    [
        ("+", [True]),
        ("---", [None, None, False]),
        ("+--+--+", [True] * 7),
        ("+---", [True, True, True, False]),
        ("---+-++", [None, None, False, False, False, False, True]),
    ],
)
def test_rise_and_fall(results: str, wanted: list[bool | None]) -> None:
    assert decisions(RiseFall(rise=2, fall=3), results) == wanted


@settings(max_examples=100)
@given(st.lists(st.booleans(), max_size=60), st.integers(1, 5), st.integers(1, 5))
def test_a_decision_changes_only_after_enough_of_the_same(
    results: list[bool], rise: int, fall: int
) -> None:
    check, before = RiseFall(rise, fall), None
    for at, good in enumerate(results):
        after = check.observe(good)
        if before is not None and after is not before:
            need = rise if after else fall
            assert results[max(0, at - need + 1) : at + 1] == [after] * need
        before = after
