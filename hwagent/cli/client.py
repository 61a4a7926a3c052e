"""Asking the running agent over its Unix socket."""

import http.client
import os
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from hwagent.config import Config
from hwagent.daemon.places import places

from .output import fail

#: An agent that does not answer by then counts as dead.
TIMEOUT = 10.0
#: What is to be done is done, whether somebody waits for it or not: on a busy host that takes
#: longer. Less than systemd gives a reload (90 s), so that the error is ours.
PATIENCE = 75.0


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float | None = TIMEOUT) -> None:
        super().__init__("hwagent", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connects. Raises OSError."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class NoAgent(Exception):
    """The agent does not run, or does not answer."""


def socket_path(path: str = "") -> str:
    """The socket that was named, else this user's agent's, else the system's."""
    if path:
        return path
    own = places(Config()).socket
    return own if os.path.exists(own) else "/run/hwagent/hwagent.sock"


def request(
    path: str, method: str, resource: str, body: dict[str, Any] | None = None
) -> tuple[int, bytes]:
    """One request; status and body. Raises NoAgent."""
    where = socket_path(path)
    connection = UnixConnection(where, TIMEOUT if body is None else PATIENCE)
    try:
        data = None if body is None else msgspec.json.encode(body)
        connection.request(method, resource, body=data)
        response = connection.getresponse()
        return response.status, response.read()
    except PermissionError:
        raise NoAgent(f"{where}: permission denied; try as root or in group hwagent") from None
    except (FileNotFoundError, ConnectionRefusedError):
        raise NoAgent(f"no agent at {where}; start it with `hwagent run`") from None
    except (OSError, http.client.HTTPException) as e:
        raise NoAgent(f"{where}: the agent does not answer: {e or type(e).__name__}") from None
    finally:
        connection.close()


def get(path: str, resource: str, **query: str) -> Any:
    """GETs JSON; ends the program with a message if that fails."""
    pairs = {k: v for k, v in query.items() if v}
    return ask(path, "GET", resource + ("?" + urlencode(pairs) if pairs else ""))


def control(path: str, command: str, **arguments: Any) -> Any:
    """POSTs a control command; ends the program with a message if that fails."""
    return ask(path, "POST", f"/v1/control/{command}", arguments)


def ask(path: str, method: str, resource: str, body: dict[str, Any] | None = None) -> Any:
    """One request for JSON; ends the program with a message if it fails."""
    try:
        status, data = request(path, method, resource, body)
    except NoAgent as e:
        fail(str(e))
    answer = msgspec.json.decode(data)
    if status >= 400:
        fail(answer["error"])
    return answer


def component_resource(id: str) -> str:
    """Path of a component."""
    return f"/v1/components/{quote(id, safe='')}"


def events(path: str, after: int | None = None) -> Iterator[dict[str, Any]]:
    """Events as they come, until the agent ends. Raises NoAgent."""
    connection = UnixConnection(socket_path(path), timeout=None)
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    try:
        connection.request("GET", "/v1/events", headers=headers)
        response = connection.getresponse()
        while line := response.readline():
            if line.startswith(b"data: "):
                yield msgspec.json.decode(line[6:])
    except (OSError, http.client.HTTPException) as e:
        raise NoAgent(f"{socket_path(path)}: {e}") from None
    finally:
        connection.close()
