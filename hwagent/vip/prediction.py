"""How long an address is not answered when something fails, by a group's times. Pure.

Rules (h interval, L lease, rtt round trip between hosts, work: a turn of the holder, the address
set, and its announcement):

- A host that dies has sent its last heartbeat between 0 and h ago. Its voters promise the address
  to nobody else for L from when they heard it; the successor asks at that very moment.
- A holder that is frozen answers on until the gate shuts by itself, at the end of the lease as its
  owner counts it, which is shorter by drift and slew: only from then on nobody answers.
- Whatever is released, by an operator or by the guardian's last will, costs a round trip. What an
  operator moves is answered where it is until the successor has accepted it: that costs nothing.
- A cable with a second path costs the look at it: the kernel tells at once, or is looked at.

Worst: clocks are wrong by all that is allowed, and one packet of the takeover is lost, so that it
is sent again after half an interval. A second failure at the same time is not foreseen.
"""

from typing import NamedTuple

from hwagent.config import Group

from .timing import term

#: Seconds of work, in the mean and at worst, on a slow core that has other things to do.
WORK, WORK_WORST = 0.003, 0.025
#: Seconds between looks at the carrier; pace.CALM.
LOOK = 0.1
#: Seconds for the guardian to hear of the end, shut the gate and take the addresses away.
GUARD, GUARD_WORST = 0.005, 0.05


class Outage(NamedTuple):
    """What a fault costs, in seconds, and what is to be known of it."""

    fault: str
    mean: float
    worst: float
    note: str = ""


def predict(group: Group, rtt: float) -> tuple[Outage, ...]:
    """The outages of a group whose hosts are ``rtt`` seconds from each other, fault by fault."""
    interval, lease = float(group.interval), float(group.lease)
    asked, again = 1.5 * rtt + WORK, 2 * rtt + interval / 2 + WORK_WORST
    latest = lease * (1 + 2 * group.drift) + again
    planned, planned_worst = rtt + 2 * WORK, again + WORK_WORST
    open_at_least = term(group) * (1 - group.slew)
    return (
        Outage("host crashed", lease - interval / 2 + asked, latest, "also: its only cable pulled"),
        Outage("cable pulled, second path", WORK, LOOK + WORK_WORST),
        Outage("planned move", planned, planned_worst),
        Outage("holder killed", GUARD + planned, max(latest, GUARD_WORST + planned_worst)),
        Outage("holder frozen", lease - term(group) + asked, latest - open_at_least),
        Outage("agent killed", 0.0, planned_worst, f"moves after {_TTL}, to a host that is fit"),
    )


_TTL = "fitness.ttl"
