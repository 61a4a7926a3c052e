"""What a member remembers over its restart: whom it knew, and how far it had counted.

So a host that is started again finds the fleet without its seeds, and its first word is newer than
what others hold of its earlier life. Nothing depends on it: without the file it takes a round trip
more.
"""

import os
from pathlib import Path

import msgspec

from .membership import Membership

#: Members whose addresses are kept.
KNOWN_MAX = 50


class Snapshot(msgspec.Struct, frozen=True):
    """Endpoints of members, and the last incarnation of this one."""

    incarnation: int = 0
    known: tuple[tuple[str, int], ...] = ()


def take_snapshot(members: Membership) -> Snapshot:
    """What is worth keeping now: the living first, then those who may come back."""
    others = sorted(members.others(), key=lambda m: (m.state, m.name))
    known = [(e.host, e.port) for m in others for e in m.endpoints[:1]]
    return Snapshot(members.me.incarnation, tuple(known[:KNOWN_MAX]))


def load_snapshot(path: Path) -> Snapshot:
    """The last snapshot, or an empty one: nothing depends on it."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Snapshot)
    except (OSError, msgspec.DecodeError):
        return Snapshot()


def save_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Keeps a snapshot, whole or not at all. Raises OSError."""
    temporary = path.with_suffix(".new")
    temporary.write_bytes(msgspec.json.encode(snapshot))
    os.replace(temporary, path)
