"""``python -m hwagent.helper.nursery``: the process that workers are forked from.

It has one thread and imports what workers need before it forks the first, so that they share its
memory. It ends with all its workers when the agent's end of the control socket closes.
"""

import gc
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import NoReturn

import msgspec

from hwagent.collect.root import Root

from .jobs import JOBS, Role, preload
from .process import adopt_orphans, become, die_with
from .protocol import PACKET_MAX, Born, Fork, Gone, Kill, NotBorn, Report, decode_request, encode
from .trust import TRUST
from .worker import JobFunction, serve


class Nursery:
    """Serves one agent over one control socket."""

    def __init__(self, control: socket.socket, root: Root, jobs: Mapping[str, JobFunction]) -> None:
        self._control = control
        self._root = root
        self._jobs = jobs
        #: Workers, each the leader of its process group.
        self._groups: set[int] = set()
        self._woken, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self) -> None:
        """Serves until the agent is gone."""
        adopt_orphans()
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        try:
            while self._step({fd for fd, _ in poll.poll()}):
                pass
        finally:
            for group in self._groups:
                _kill(group)

    def _step(self, ready: set[int]) -> bool:
        try:
            if self._woken in ready:
                os.read(self._woken, PACKET_MAX)
                self._reap()
            return self._control.fileno() not in ready or self._request()
        except ConnectionError:
            return False

    def _request(self) -> bool:
        packet = self._control.recv(PACKET_MAX)
        if not packet:
            return False
        try:
            request = decode_request(packet)
        except msgspec.DecodeError:
            return False
        match request:
            case Fork():
                self._fork()
            case Kill(pid) if pid in self._groups:
                _kill(pid)
        return True

    def _fork(self) -> None:
        parent = os.getpid()
        try:
            ours, theirs = socket.socketpair()
            pid = os.fork()
        except OSError as e:
            self._say(NotBorn(str(e)))
            return
        if pid == 0:
            theirs.close()
            self._become_worker(ours, parent)
        ours.close()
        os.setpgid(pid, pid)
        self._groups.add(pid)
        with theirs:
            socket.send_fds(self._control, [encode(Born(pid))], [theirs.fileno()])

    def _become_worker(self, stream: socket.socket, parent: int) -> NoReturn:
        try:
            os.setpgid(0, 0)
            die_with(parent)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            self._control.close()
            os.close(self._woken)
            os.close(self._waker)
            serve(stream, self._root, self._jobs)
        except ConnectionError:
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)

    def _reap(self) -> None:
        """Collects the dead. A worker is gone once nothing that it started is left either: a
        command that hangs in the kernel holds its device as much as a worker that does."""
        while pid := _next_dead():
            if pid in self._groups:
                _kill(pid)
        for group in [g for g in self._groups if not _kill(g, 0)]:
            self._groups.discard(group)
            self._say(Gone(group))

    def _say(self, report: Report) -> None:
        self._control.sendall(encode(report))


def _next_dead() -> int:
    try:
        return os.waitpid(-1, os.WNOHANG)[0]
    except ChildProcessError:
        return 0


def _kill(group: int, number: int = signal.SIGKILL) -> bool:
    """Sends a signal (0: none) to a process group; False if there is no such group."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def prepare() -> None:
    """Imports what workers need, and keeps the collector of garbage from touching it: a page that
    nobody writes to is shared."""
    preload()
    gc.collect()
    gc.freeze()


def main(argv: Sequence[str]) -> None:
    """Runs a nursery on an inherited control socket."""
    options = dict(zip(argv[::2], argv[1::2]))
    for number in (signal.SIGINT, signal.SIGTERM):
        # A terminal or systemd tells the agent too, which then ends us after its own last words
        signal.signal(number, signal.SIG_IGN)
    role: Role = next((r for r in JOBS if r == options.get("--role")), "poller")
    prepare()
    TRUST.config = options.get("--config", "")
    TRUST.runtime = options.get("--runtime", TRUST.runtime)
    if user := options.get("--user"):
        become(user)
    with socket.socket(fileno=int(options["--fd"])) as control:
        Nursery(control, Root(options.get("--root", "/")), JOBS[role]).run()


if __name__ == "__main__":
    main(sys.argv[1:])
