"""The query socket: what clients get, also those that misbehave."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hwagent.api.backend import Refused
from hwagent.api.server import Server
from hwagent.model import Component, Health

DISK = Component(
    id="disk:a/b", kind="disk", health=Health.FAILED, reason="dying", attributes={}, metrics={}
)


class Fake:
    """A backend with one component and three events."""

    def status(self) -> dict[str, Any]:
        return {"host": "h", "components": [DISK]}

    def components(self) -> list[Component]:
        return [DISK]

    def component(self, id: str) -> Component | None:
        return DISK if id == DISK.id else None

    def alerts(self) -> list[Any]:
        return []

    def outcomes(self) -> list[dict[str, Any]]:
        return []

    def metrics(self) -> bytes:
        return b"# EOF\n"

    async def events(self, after: int | None) -> Any:
        for number in range(after or 0, 3):
            yield {"id": number + 1, "type": "alert", "data": "x\ny"}

    async def history(self, query: dict[str, str]) -> list[dict[str, Any]]:
        raise Refused(503, "the journal cannot be read")

    async def control(self, command: str, arguments: dict[str, Any]) -> Any:
        return {"command": command, **arguments}


def serve(tmp_path: Path, client: Callable[[str], Awaitable[Any]], admins: str = "") -> Any:
    async def story() -> Any:
        path = str(tmp_path / "s")
        server = Server(Fake(), path, admins=admins)
        await server.start()
        try:
            async with asyncio.timeout(20):
                return await client(path)
        finally:
            await server.close()

    return asyncio.run(story())


async def exchange(path: str, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(sent)
    answer = await reader.read()
    writer.close()
    return answer


def ask(tmp_path: Path, request: str, body: bytes = b"", admins: str = "") -> tuple[int, Any]:
    head = (
        f"{request} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    answer = serve(tmp_path, lambda path: exchange(path, head.encode() + body), admins)
    headers, _, content = answer.partition(b"\r\n\r\n")
    return int(headers.split()[1]), json.loads(content)


@pytest.mark.parametrize(
    ("request_line", "status", "says"),
    [
        ("GET /v1/nothing", 404, "openapi"),
        ("POST /v1/status", 405, "takes GET"),
        ("GET /v1/components/disk:none", 404, "no such component"),
        ("GET /v1/history", 503, "the journal cannot be read"),
        ("POST /v1/control/ack", 400, "expected a JSON object"),
    ],
)
def test_errors_are_json_that_says_what_is_wrong(tmp_path, request_line, status, says):
    code, answer = ask(tmp_path, request_line, b"[1" if "control" in request_line else b"")
    assert code == status
    assert says in answer["error"]


def test_ids_with_slashes_are_found(tmp_path):
    assert ask(tmp_path, "GET /v1/components/disk:a%2Fb")[1]["reason"] == "dying"
    assert ask(tmp_path, "GET /v1/components/disk:a/b")[1]["reason"] == "dying"


def test_components_are_filtered(tmp_path):
    assert len(ask(tmp_path, "GET /v1/components?health=failed")[1]["components"]) == 1
    assert ask(tmp_path, "GET /v1/components?health=ok")[1]["components"] == []


def test_control_passes_arguments(tmp_path):
    _, answer = ask(tmp_path, "POST /v1/control/ack", b'{"component": "a"}')
    assert answer == {"command": "ack", "component": "a"}


@pytest.mark.parametrize(
    ("user", "groups", "may"),
    [
        (os.geteuid(), {7}, True),
        (os.geteuid() + 1, {7}, False),
        (os.geteuid() + 1, {7, 4711}, True),
        (None, set(), False),
    ],
)
def test_control_is_for_root_the_agents_user_and_the_admin_group(
    tmp_path, monkeypatch, user, groups, may
):
    monkeypatch.setattr("hwagent.api.http._peer", lambda writer: (user, frozenset(groups)))
    monkeypatch.setattr("hwagent.api.server._gid", {"admins": 4711}.get)
    code, answer = ask(tmp_path, "POST /v1/control/ack", b"{}", admins="admins")
    assert code == (200 if may else 403)
    assert may or "admin_group" in answer["error"]
    assert serve(tmp_path, lambda path: exchange(path, b"GET /metrics HTTP/1.0\r\n\r\n"))


def test_without_an_admin_group_nobody_else_may_control(tmp_path, monkeypatch):
    monkeypatch.setattr("hwagent.api.http._peer", lambda writer: (4711, frozenset({4711})))
    assert ask(tmp_path, "POST /v1/control/ack", b"{}")[0] == 403


@pytest.mark.root
@pytest.mark.parametrize(("group", "status"), [("4711", 200), ("4713", 200), ("4714", 403)])
def test_the_kernel_tells_who_asks(monkeypatch, group, status):
    monkeypatch.setattr("hwagent.api.server._gid", lambda name: int(name) if name else None)
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:  # pytest's own is closed to others
        os.chmod(directory, 0o711)
        line = serve(Path(directory), _as_another_user, admins=group)
    assert line.split()[1] == str(status)


async def _as_another_user(path: str) -> str:
    """Status line of a control request of user 4714 in groups 4711, 4712 and, first, 4713."""
    os.chmod(path, 0o666)
    code = (
        "import os, socket, sys; os.setgroups([4711, 4712]); os.setgid(4713); os.setuid(4714);"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        "crlf = bytes([13, 10]); s.sendall(b'POST /v1/control/x HTTP/1.1' + crlf);"
        "s.sendall(b'Host: h' + 2 * crlf);"
        "print(s.makefile('rb').readline().decode())"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, path, stdout=asyncio.subprocess.PIPE
    )
    return (await child.communicate())[0].decode()


def test_events_come_as_server_sent_events_after_the_last_seen(tmp_path):
    sent = b"GET /v1/events HTTP/1.1\r\nHost: h\r\nLast-Event-ID: 1\r\nConnection: close\r\n\r\n"
    answer = serve(tmp_path, lambda path: exchange(path, sent)).decode()
    assert "text/event-stream" in answer
    assert [line for line in answer.splitlines() if line.startswith("id:")] == ["id: 2", "id: 3"]


def test_a_client_that_speaks_no_http_is_told_and_cut_off(tmp_path):
    assert b"400" in serve(tmp_path, lambda path: exchange(path, b"\x16\x03\x01 nonsense\r\n\r\n"))


def test_a_body_that_is_too_large_is_refused(tmp_path):
    size = 2 << 20
    head = f"POST /v1/control/ack HTTP/1.1\r\nHost: h\r\nContent-Length: {size}\r\n\r\n"

    async def send(path: str) -> bytes:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(head.encode() + b"x" * (1 << 20) + b"x")
        line = await reader.readline()
        writer.close()
        return line

    assert b"413" in serve(tmp_path, send)


def test_a_client_that_leaves_in_the_middle_harms_nobody(tmp_path):
    async def leave(path: str) -> bytes:
        _, writer = await asyncio.open_unix_connection(path)
        writer.write(b"GET /v1/sta")
        writer.close()
        return await exchange(
            path, b"GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        )

    assert serve(tmp_path, leave).endswith(b"# EOF\n")


def test_a_second_agent_on_the_same_socket_is_refused(tmp_path):
    async def second(path: str) -> str:
        try:
            await Server(Fake(), path).start()
        except OSError as e:
            return str(e)
        return ""

    assert "another hwagent" in serve(tmp_path, second)


def test_a_socket_that_a_dead_agent_left_is_taken_over(tmp_path):
    (tmp_path / "s").write_text("")
    assert ask(tmp_path, "GET /v1/status")[0] == 200
