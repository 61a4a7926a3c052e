"""One holder a network namespace: two would take each other's addresses away. One guardian, too:
more are of no use.

The claim is an abstract Unix socket: its names belong to the network namespace, as addresses do,
and it ends with its process, however that ends. A claim by a user who is neither root nor ourselves
nor named does not count, or anybody could keep the holder from working.
"""

import errno
import os
import socket
from collections.abc import Collection

from hwagent.net.peer import Peer, peer

_HOLDER, _GUARDIAN = "\0hwagent-holder", "\0hwagent-guardian"


def claim(name: str = _HOLDER) -> socket.socket | None:
    """The claim, to be kept open; None if somebody has it. Raises OSError."""
    claimed = _socket()
    try:
        claimed.bind(name)
    except OSError as e:
        claimed.close()
        if e.errno != errno.EADDRINUSE:
            raise
        return None
    claimed.listen(16)
    return claimed


def claim_guard() -> socket.socket | None:
    """The guardian's claim, to be kept open; None if somebody has it. Raises OSError."""
    return claim(_GUARDIAN)


def turn_away(claimed: socket.socket) -> None:
    """Takes and ends a connection to the claim; that it came about was all that was asked."""
    try:
        claimed.accept()[0].close()
    except OSError:
        return


def owner(users: Collection[int] = ()) -> Peer | None:
    """The living holder of this network namespace; process 0 if it is too busy to say which.

    ``users`` may hold besides root and ourselves.
    """
    with _socket() as connection:
        try:
            connection.connect(_HOLDER)
        except BlockingIOError:
            return Peer(0, 0)
        except OSError:
            return None
        found = peer(connection)
    return found if found.uid in (0, os.geteuid(), *users) else None


def _socket() -> socket.socket:
    kind = socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    return socket.socket(socket.AF_UNIX, kind)
