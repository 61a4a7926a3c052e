"""A mail relay on loopback that keeps what it was sent (RFC 5321, the least of it)."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import NamedTuple


class Mail(NamedTuple):
    """One mail as it came."""

    sender: str
    recipients: list[str]
    text: str


class Relay:
    """The relay's port and what came."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[Mail] = []


@contextmanager
def relaying(refuse: str = "") -> Iterator[Relay]:
    """Relays until the block ends; ``refuse`` is a recipient that it does not know."""
    relay = Relay()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 relay")
            sender, recipients = "", []
            for line in self.rfile:
                verb = line.decode().strip()
                word = verb[:4].upper()
                if word == "MAIL":
                    sender = verb
                elif word == "RCPT":
                    address = verb[verb.index("<") + 1 : verb.index(">")]
                    if address == refuse:
                        self.say("550 no such user")
                        continue
                    recipients.append(address)
                elif word == "DATA":
                    self.say("354 go on")
                    relay.mails.append(Mail(sender, recipients, self.text()))
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                self.say("250 ok")

        def text(self) -> str:
            lines = []
            while (line := self.rfile.readline().decode()) != ".\r\n":
                lines.append(line.removeprefix("."))
            return "".join(lines)

        def say(self, answer: str) -> None:
            self.wfile.write(f"{answer}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        relay.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield relay
        finally:
            server.shutdown()
            thread.join()
