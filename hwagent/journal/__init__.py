"""The journal: what was read, judged, intended and done, in a SQLite file bounded in size.

It is written by a process of its own (``python -m hwagent.journal``), so that no disk holds the
agent up.
"""

from typing import TYPE_CHECKING

from .read import pending, read
from .record import Record

if TYPE_CHECKING:
    from .journal import Journal

__all__ = ["Journal", "Record", "pending", "read"]


def __getattr__(name: str) -> object:
    """Loads the agent's side when it is asked for: the writer must not pay for asyncio."""
    if name == "Journal":
        from .journal import Journal

        return Journal
    raise AttributeError(name)
