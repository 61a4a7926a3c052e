"""The query socket: a Unix socket for the group, control for root and the admin group."""

import asyncio
import grp
import os
import socket
from pathlib import Path

from .backend import Backend
from .http import Connection
from .routes import Router


class Server:
    """Serves the API on a Unix socket: ``group`` may read, those in ``admins`` may control too.

    Both are read at the start. A group that there is not grants nothing. ``passed`` is a socket
    that listens already; whoever made it says who may connect, and takes it away.
    """

    def __init__(
        self,
        backend: Backend,
        path: str,
        group: str = "",
        admins: str = "",
        passed: socket.socket | None = None,
    ) -> None:
        self._router = Router(backend, _gid(admins))
        self._path = path
        self._group = group
        self._passed = passed
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Binds and listens. Raises OSError, also if a living agent owns the socket."""
        if self._passed is not None:
            self._server = await asyncio.start_server(self._client, sock=self._passed)
            return
        if _answers(self._path):
            raise OSError(f"{self._path}: another hwagent is running there")
        _remove(self._path)
        self._server = await asyncio.start_unix_server(self._client, self._path)
        os.chmod(self._path, 0o660)
        _give_to_group(self._path, self._group)

    async def close(self) -> None:
        """Stops listening and cuts all clients off."""
        if self._server is not None:
            self._server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        if self._passed is None:
            _remove(self._path)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            await Connection(reader, writer, self._router.handle).serve()
        finally:
            self._clients.discard(task)


def _remove(path: str) -> None:
    Path(path).unlink(missing_ok=True)


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except OSError:
            return False
        return True


def _give_to_group(path: str, group: str) -> None:
    """Lets a group read; where there is no such group, or no right to, only the owner may."""
    gid = _gid(group)
    if gid is None:
        return
    try:
        os.chown(path, -1, gid)
    except OSError:
        return


def _gid(group: str) -> int | None:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None
