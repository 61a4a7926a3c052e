"""An HTTP server on loopback that keeps what it was sent."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, NamedTuple


class Request(NamedTuple):
    """One POST."""

    path: str
    headers: Message
    document: Any


class Served:
    """The server's address and what came."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.requests: list[Request] = []


@contextmanager
def serving(status: int = 200, answer: str = "", hang: bool = False) -> Iterator[Served]:
    """Serves until the block ends; answers each POST alike, or not at all."""
    released = Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that the base class looks for
            body = self.rfile.read(int(self.headers["Content-Length"]))
            served.requests.append(Request(self.path, self.headers, json.loads(body)))
            if hang:
                released.wait(30)
                return
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = Served(server.server_port)
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield served
        finally:
            released.set()
            server.shutdown()
            thread.join()
