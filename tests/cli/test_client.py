"""How long the command line waits for the agent."""

import socket
import threading
from pathlib import Path

import pytest

from hwagent.cli import client


@pytest.fixture
def busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The socket of an agent that answers once the time for a look is over."""
    path, short = str(tmp_path / "sock"), 0.05
    monkeypatch.setattr(client, "TIMEOUT", short)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def serve() -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                threading.Event().wait(4 * short)
                try:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                except OSError:
                    continue  # nobody waits any more

    threading.Thread(target=serve, daemon=True).start()
    return path


def test_a_look_is_given_up(busy: str) -> None:
    with pytest.raises(client.NoAgent, match="does not answer"):
        client.request(busy, "GET", "/v1/status")


def test_what_is_to_be_done_is_waited_for(busy: str) -> None:
    assert client.request(busy, "POST", "/v1/control/reload", {}) == (200, b"{}")
