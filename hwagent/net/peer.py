"""Who is at the other end of a Unix socket."""

import socket
import struct
from typing import NamedTuple


class Peer(NamedTuple):
    """Process and user of the other end, as they were when it connected or listened."""

    pid: int
    uid: int


def peer(connection: socket.socket) -> Peer:
    """The other end of a connected Unix socket (unix(7), SO_PEERCRED). Raises OSError."""
    size = struct.calcsize("3i")
    pid, uid, _ = struct.unpack(
        "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    )
    return Peer(pid, uid)
