"""Members of our gossip, each a process; every event is a line: time, member, what, whom."""

import asyncio
import os
import signal
import sys
import time

from hwagent.cluster.effects import Event
from hwagent.cluster.node import Node
from hwagent.cluster.profile import LAN
from hwagent.cluster.settings import Settings
from hwagent.cluster.transport import Bind
from hwagent.seal.keyring import Keyring

#: Our events by the words that the benchmark counts.
WORDS = {"joined": "join", "returned": "join", "failed": "failed"}


def host(number: int) -> str:
    """The address of a member."""
    return f"127.0.{number >> 8}.{(number & 255) + 1}"


async def member(number: int, key: str) -> None:
    """Runs one member until it is killed."""

    def tell(what: str, whom: str) -> None:
        os.write(1, f"{time.monotonic():.6f} n{number} {what} {whom}\n".encode())

    def heard(event: Event) -> None:
        if word := WORDS.get(event.type):
            tell(word, event.member)

    settings = Settings(
        name=f"n{number}",
        binds=(Bind("", host(number), 7956),),
        seeds=(host(0),) if number else (),
        profile=LAN,
        keyring=Keyring([key]),
    )
    tell("start", f"n{number}")
    node = Node(settings, heard)
    await node.start()
    await asyncio.Event().wait()


def main() -> None:
    """Forks a member for each number that is read, and says its process id."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            asyncio.run(member(int(line), sys.argv[1]))
        os.write(1, f"{time.monotonic():.6f} n{int(line)} pid {pid}\n".encode())


if __name__ == "__main__":
    main()
