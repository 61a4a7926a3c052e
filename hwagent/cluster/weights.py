"""How much each host should bear: as configured, less if it is loaded, without to and fro."""

from collections.abc import Iterable, Mapping
from enum import IntEnum

import msgspec

#: A loaded host bears less, but never less than this share of what is configured.
SHARE_MIN = 0.25
#: A weight follows the load only when it is off by more than this share.
HYSTERESIS = 0.25


class Fitness(IntEnum):
    """Whether a host may hold addresses; a better one goes first."""

    FIT = 0
    DEGRADED = 1
    UNFIT = 2  # or in maintenance: holds nothing


class Host(msgspec.Struct, frozen=True):
    """One host as placement sees it.

    ``weight`` is configured, 0 bears nothing. ``load`` is the share of it that is in use, 0 to 1.
    ``zone`` says where it stands, from the largest to the smallest: site, room, rack.
    """

    name: str
    fitness: Fitness = Fitness.FIT
    weight: float = 1.0
    load: float = 0.0
    zone: tuple[str, ...] = ()


def weights(hosts: Iterable[Host], before: Mapping[str, float]) -> dict[str, float]:
    """The weight of each host, near the one it had before unless the load moved a lot."""
    return {host.name: _settle(host, before.get(host.name)) for host in hosts}


def _settle(host: Host, before: float | None) -> float:
    wanted = host.weight * max(SHARE_MIN, 1 - min(1.0, max(0.0, host.load)))
    if before is None or host.weight <= 0 or before <= 0:
        return wanted
    bounds = (host.weight * SHARE_MIN, host.weight)
    if bounds[0] <= before <= bounds[1] and abs(wanted - before) <= HYSTERESIS * before:
        return before
    return wanted
