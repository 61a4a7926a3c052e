"""What the rest of the fleet allows this host at one moment. Pure."""

from collections.abc import Mapping

import msgspec

#: Kinds of permits: to rebuild or be emptied, and for one disruptive action within an hour.
REBUILD, DISRUPTIVE = "rebuild", "disruptive"


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """A host without a fleet needs no ``permits``.

    ``held`` are permits by kind, ``why`` says what those that are not held wait for. ``busy`` are
    other members that rebuild, with what they are at; ``done`` the disruptive actions of others
    within an hour. ``storm`` is why nothing disruptive is done anywhere. An alert is acted upon
    when it is ``settle`` seconds old.
    """

    permits: bool = False
    held: Mapping[str, int] = {}
    why: Mapping[str, str] = {}
    busy: Mapping[str, str] = {}
    done: int = 0
    storm: str = ""
    settle: float = 0.0
