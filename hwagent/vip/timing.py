"""Which interval between heartbeats a host can bear, by how late its holder was. Pure.

An owner's lease lives for ``term``: L(1 - 2 drift)(1 - slew), counted from the sending of a
heartbeat (hwagent.lease.group). The next one is sent an interval h later, late by a stall of this
host, and answered late by a stall of the voters, of which the same is assumed. So that a single
heartbeat is enough to keep what is held, h + 2 S must be less than the term, with S the worst
stall. A lost packet comes on top of that; it has the second try after half an interval.
"""

import math

from hwagent.config import Duration, Group

#: Seconds; the configuration takes no shorter interval.
SHORTEST = 0.005
#: The lease in intervals, where nothing else is said.
INTERVALS = 3
_DEFAULTS = Group(name="", voters={})


def term(group: Group) -> float:
    """Seconds for which an owner may count on a lease."""
    return float(group.lease) * (1 - 2 * group.drift) * (1 - group.slew)


def bearable(worst: float, group: Group = _DEFAULTS) -> float:
    """The shortest interval, in seconds and whole milliseconds, that stands the worst stall.

    For a lease of three intervals, with the drift and slew of a group.
    """
    factor = INTERVALS * (1 - 2 * group.drift) * (1 - group.slew)
    return max(SHORTEST, math.ceil(2 * worst / (factor - 1) * 1000) / 1000)


def misfit(group: Group, worst: float) -> str:
    """Why this host cannot keep a group's times, after such a stall (seconds); empty if it can."""
    left = (term(group) - float(group.interval)) / 2
    if worst < left:
        return ""
    shortest = Duration(bearable(worst, group)).text()
    return (
        f"the holder of this host was {worst * 1000:g} ms late, and a lease of"
        f" {group.lease.text()} at an interval of {group.interval.text()} stands {left * 1000:.1f}"
        f" ms: it bears an interval of {shortest}, with a lease of three;"
        f" `insist: true` takes it all the same"
    )
