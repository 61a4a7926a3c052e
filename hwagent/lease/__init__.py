"""One owner for each virtual IP, by majority leases: voters, owners, and what they say.

Nothing in here has a clock, a socket, a file or randomness: ``Node`` takes what was received and
the time, and returns effects. The protocol is described rule by rule in ``voter.py`` and
``owner.py``.
"""

from .effects import (
    AddAddress,
    Announce,
    DelAddress,
    Effect,
    Now,
    Report,
    Send,
    SetGate,
    Standing,
    Word,
)
from .group import Electorate, Group
from .messages import Malformed, decode, encode
from .node import Node

__all__ = [
    "AddAddress",
    "Announce",
    "DelAddress",
    "Effect",
    "Electorate",
    "Group",
    "Malformed",
    "Node",
    "Now",
    "Report",
    "Send",
    "SetGate",
    "Standing",
    "Word",
    "decode",
    "encode",
]
