"""The check of a URL, in a file of its own for what it imports. See ``service``."""

import http.client
import socket
import ssl
import time
from contextlib import suppress
from threading import Timer
from urllib.parse import urlsplit

from hwagent.config.schema import Service

from .service import Failed

#: A body is looked at so far; the rest is not read.
_BODY_MAX = 256 << 10


def check(service: Service, timeout: float) -> None:
    """One request. Raises Failed, OSError or ValueError with what is wrong."""
    try:
        _check(service, timeout)
    except http.client.HTTPException as e:
        raise Failed(f"{type(e).__name__}: {e}") from None


def _check(service: Service, timeout: float) -> None:
    url = urlsplit(service.target)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise Failed(f"not an http or https URL: {service.target!r}")
    if url.scheme == "https":
        context = ssl.create_default_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            url.hostname, url.port, timeout=timeout, context=context
        )
    else:
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
    end = time.monotonic() + timeout
    try:
        connection.connect()
        # each read has a timeout of its own; a server that sends a byte at a time must not win
        hurry = Timer(max(0.0, end - time.monotonic()), _hang_up, (connection.sock,))
        hurry.daemon = True
        hurry.start()
        try:
            _exchange(
                connection, service, f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
            )
        finally:
            hurry.cancel()
    except (Failed, OSError, ValueError, http.client.HTTPException):
        if time.monotonic() >= end:
            raise TimeoutError from None
        raise
    finally:
        connection.close()


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):  # it is closed already, which is what was wanted
        sock.shutdown(socket.SHUT_RDWR)


def _exchange(connection: http.client.HTTPConnection, service: Service, path: str) -> None:
    connection.request("GET", path, headers={"User-Agent": "hwagent", "Connection": "close"})
    response = connection.getresponse()
    if response.status not in service.status:
        raise Failed(f"HTTP {response.status} {response.reason}".strip())
    if service.body and service.body.encode() not in response.read(_BODY_MAX):
        raise Failed(f"HTTP {response.status}, but without {service.body!r}")
