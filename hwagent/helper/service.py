"""The root helper as a service: a nursery for each agent that connects, and the VIPs' guardian."""

import asyncio
import grp
import os
import pwd
import select
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable
from typing import NoReturn

from hwagent.collect.root import Root
from hwagent.net.manager import Manager, passed_socket

from .heart import LOOK, Heart
from .jobs import JOBS
from .nursery import Nursery
from .process import die_with, expendable

#: Agents at a time: one, and those that have not noticed yet that they are replaced.
SESSIONS_MAX = 4
#: Before something that ended is started again.
PAUSE = 1.0


def listen(path: str, user: str) -> socket.socket:
    """The listening socket: systemd's, if it passed one, else a new one that root and the user's
    group may connect to. Raises OSError."""
    if (passed := passed_socket()) is not None:
        return passed
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    old = os.umask(0o117)
    try:
        listener.bind(path)
    finally:
        os.umask(old)
    if (group := _group(user)) is not None:
        os.chown(path, -1, group)
    listener.listen(SESSIONS_MAX)
    return listener


class Service:
    """Forks a process for each agent and one for the guardian, and watches over them."""

    def __init__(self, listener: socket.socket | None, holder: str, user: str, root: str) -> None:
        self._listener = listener
        self._holder = holder
        self._allowed = {0, os.geteuid(), *_uid(user)}
        self._root = root
        self._sessions: set[int] = set()
        self._guardian = 0
        self._heart = Heart()
        self._manager = Manager()

    def run(self) -> NoReturn:
        """Serves until it is killed."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(woken, select.POLLIN)
        if self._listener is not None:
            poll.register(self._listener, select.POLLIN)
        self._manager.ready()
        pause = round(1000 * min(self._manager.interval, LOOK))
        while True:
            if self._holder and not self._guardian:
                self._heart.begin()
                self._guardian = self._fork(self._guard)
            ready = {fd for fd, _ in poll.poll(pause)}
            if woken in ready:
                os.read(woken, 4096)
                self._reap()
            if self._listener is not None and self._listener.fileno() in ready:
                self._accept(self._listener)
            if self._guardian and self._heart.stopped(time.monotonic()):
                os.kill(self._guardian, signal.SIGKILL)
            self._manager.feed(time.monotonic(), self._told())

    def _told(self) -> str:
        guarded = "guards the holder, " if self._guardian else ""
        number = len(self._sessions)
        return f"{guarded}works for {number} agent{'' if number == 1 else 's'}"

    def _accept(self, listener: socket.socket) -> None:
        agent, _ = listener.accept()
        with agent:
            if peer_uid(agent) in self._allowed and len(self._sessions) < SESSIONS_MAX:
                self._sessions.add(self._fork(lambda: self._session(agent)))

    def _session(self, agent: socket.socket) -> None:
        expendable()
        Nursery(agent, Root(self._root), JOBS["helper"]).run()

    def _guard(self) -> None:
        # Imported here: the holder's room, and asyncio, are of no use to the other processes
        from hwagent.vip.guardian import Guardian

        guardian = Guardian(self._holder, users=self._allowed, alive=self._heart.beat)
        asyncio.run(guardian.watch())

    def _fork(self, work: Callable[[], None]) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            die_with(parent)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if self._listener is not None:
                self._listener.close()
            work()
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _reap(self) -> None:
        while (ended := _next_dead()) is not None:
            pid, status = ended
            self._sessions.discard(pid)
            if pid == self._guardian:
                print(f"the guardian ended with status {status}; again", file=sys.stderr)
                self._guardian = 0
                time.sleep(PAUSE)


def _next_dead() -> tuple[int, int] | None:
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, status) if pid else None


def peer_uid(connection: socket.socket) -> int:
    """User id of the process that connected (unix(7), SO_PEERCRED)."""
    size = struct.calcsize("3i")
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return int(struct.unpack("3i", data)[1])


def _uid(user: str) -> tuple[int, ...]:
    try:
        return (pwd.getpwnam(user).pw_uid,)
    except KeyError:
        return ()


def _group(user: str) -> int | None:
    try:
        return grp.getgrnam(user).gr_gid
    except KeyError:
        return None
