"""The service manager that started this process: what it gives, and what it is told.

Sources: sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3). Where there is none, nothing is
given and nothing said. Nothing here waits.
"""

import math
import os
import socket
import time
from collections.abc import MutableMapping
from contextlib import suppress

#: The first descriptor that systemd passes.
_FIRST = 3
#: A watchdog is fed at least so many times in its time: one word may be late, or lost.
_TIMES = 3
#: Seconds between two words at most: the status is for people, and a watchdog with a long time is
#: to bear a process that gets little of the processor, not one that is seldom heard.
_SELDOM = 10.0


def passed_socket(environment: MutableMapping[str, str] = os.environ) -> socket.socket | None:
    """The listening socket that was passed to this process, once; None if there is none."""
    mine = environment.get("LISTEN_PID") == str(os.getpid())
    number = environment.get("LISTEN_FDS", "0")
    if not mine or number == "0":
        return None
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        environment.pop(name, None)
    os.set_inheritable(_FIRST, False)
    return socket.socket(fileno=_FIRST)


class Manager:
    """Tells the service manager how this process is; its children cannot, nor need they."""

    def __init__(self, environment: MutableMapping[str, str] = os.environ) -> None:
        self._path = environment.pop("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        pid = environment.pop("WATCHDOG_PID", str(os.getpid()))
        limit = environment.pop("WATCHDOG_USEC", "")
        watched = limit.isdecimal() and pid == str(os.getpid())
        #: Seconds between two words that this process is alive; infinite if nobody listens.
        self.interval = math.inf
        self._fed = -math.inf
        self._socket: socket.socket | None = None
        if self._path:
            kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
            self._socket = socket.socket(socket.AF_UNIX, kind)
            self.interval = min(int(limit) / 1e6 / _TIMES if watched else math.inf, _SELDOM)

    def ready(self, status: str = "") -> None:
        """It is up, or has read its configuration anew; ``status`` is a line for people."""
        self._say("READY=1", status)

    def reloading(self) -> None:
        """It reads its configuration anew; ``ready`` says when it is done."""
        # systemd tells by the time which reload is meant, and waits for ever without it
        since = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._say(f"RELOADING=1\nMONOTONIC_USEC={since}")

    def stopping(self) -> None:
        """It ends, by itself or because it was asked to."""
        self._say("STOPPING=1")

    def feed(self, now: float, status: str = "") -> None:
        """It has done a full round at ``now`` (seconds of any clock); most calls say nothing."""
        if now - self._fed >= self.interval:
            self._fed = now
            self._say("WATCHDOG=1", status)

    def tell(self, status: str) -> None:
        """How it is now, in a line for people."""
        self._say("", status)

    def _say(self, what: str, status: str = "") -> None:
        if self._socket is not None:
            text = "\n".join(filter(None, (what, status and f"STATUS={status}")))
            # A manager that is being restarted hears the next word
            with suppress(OSError):
                self._socket.sendto(text.encode(), self._path)
