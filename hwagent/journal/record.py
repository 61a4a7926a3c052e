"""What the journal keeps, and what agent and writer say to each other, one message a packet."""

from typing import Any, Literal

import msgspec

RecordType = Literal["reading", "alert", "intent", "outcome", "note"]


class Record(msgspec.Struct, frozen=True):
    """One entry; ``time`` is seconds since the epoch, ``name`` that of the rule, action or kind.

    ``id`` is given by the journal, and grows.
    """

    time: float
    type: RecordType
    component: str
    name: str
    data: dict[str, Any]
    id: int = 0


class Batch(msgspec.Struct, frozen=True):
    """Agent: encoded records; ``first`` is the number of the first, ``urgent`` ones are awaited."""

    first: int
    urgent: bool
    records: list[msgspec.Raw]


class State(msgspec.Struct, frozen=True):
    """Writer: all records up to the ``done``-th are settled; those since the last State are on the
    disk if ``broken`` is empty, else lost for that reason. ``note`` is for people."""

    done: int
    broken: str = ""
    note: str = ""
