"""From what members say and the permits held to what the fleet allows this host. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from hwagent.config import Config
from hwagent.lease import Now
from hwagent.respond import Fleet
from hwagent.respond.fleet import DISRUPTIVE, REBUILD

from .permits import Permits, Rules


def rules_of(config: Config) -> Rules | None:
    """The permits that a configuration means; None: each host has only its own limits."""
    limits = config.limits.fleet
    voters = tuple(limits.voters) or tuple(config.groups[0].voters if config.groups else ())
    if not config.cluster.networks or not voters:
        return None
    return Rules(
        voters=voters,
        previous=tuple(limits.previous),
        lease=float(limits.lease),
        kinds={REBUILD: limits.rebuilds, DISRUPTIVE: limits.disruptive_per_hour},
    )


def allowed(
    now: Now,
    config: Config,
    host: str,
    fleet: Iterable[Mapping[str, Any]],
    permits: Permits | None,
    member: bool,
    storm: str,
) -> Fleet:
    """What the fleet allows; ``member`` says whether this host is one just now.

    A member that is not there any more rebuilds nothing that this host could wait for: the lease of
    its permit is what it is waited for.
    """
    there = [m for m in fleet if m["status"] in ("alive", "suspect") and m["name"] != host]
    settle = float(config.limits.fleet.storm.settle) if config.limits.fleet.storm.share else 0.0
    if permits is None:
        return Fleet(storm=storm, settle=settle if there else 0.0)
    lost = "" if member else "this host is no member of the fleet now"
    return Fleet(
        permits=True,
        held=permits.held(now),
        why={kind: lost or permits.why(now, kind) for kind in permits.rules.kinds},
        busy={m["name"]: m["busy"] for m in there if m.get("busy")},
        done=sum(m.get("done", 0) for m in there),
        storm=storm,
        settle=settle,
    )
