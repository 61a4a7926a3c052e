"""What members of a fleet must configure alike, told in short and compared. Pure.

The lease cannot tell voter sets apart that have each a majority of their own; whoever hears both
can. Lists of addresses may differ without harm to safety (keepalived's do not: its issue 1603), but
an address that only some hosts know has fewer hosts to go to than somebody thinks.
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from ipaddress import ip_address, ip_interface
from typing import Any

import msgspec

from hwagent.config import Config, Group
from hwagent.config.schema import Hosts
from hwagent.model import Metric, Sample, gauge

PEER_METRICS: tuple[Metric, ...] = (
    gauge("differs", "1 while a member is configured otherwise where both must agree"),
    gauge("present", "always 1"),
)
PEER_ATTRIBUTES = ("host", "peer", "differences")
#: Names and addresses that are listed in a difference.
_LISTED = 5
#: Characters of a list of names that is gossiped.
_NAMES = 300

#: Times, in seconds, and words of a group that must be the same on all its hosts.
_WORDS = ("interval", "lease", "longest", "quorum")


class Setup(msgspec.Struct, omit_defaults=True):
    """What is told of one group, or of the limits of the fleet: digests, and words for people."""

    names: str = ""
    voters: str = ""
    previous: str = ""
    vips: str = ""
    words: dict[str, str] = {}


def setups(config: Config, limits_voters: tuple[str, ...]) -> dict[str, str]:
    """What this host tells: by ``group NAME`` and ``limits``, as JSON."""
    found = {f"group {g.name}": _group(config, g) for g in config.groups}
    if limits_voters:
        found["limits"] = _limits(config, limits_voters)
    return {subject: msgspec.json.encode(setup).decode() for subject, setup in found.items()}


def differences(config: Config, mine: Mapping[str, str], other: Mapping[str, Any]) -> list[str]:
    """What another member (a row of the fleet) has otherwise; empty if it tells nothing at all."""
    theirs: Mapping[str, str] = other.get("setup") or {}
    found: list[str] = []
    for subject in mine if theirs else ():
        ours, there = _read(mine[subject]), _read(theirs.get(subject, ""))
        if there is not None and ours is not None:
            found += [f"{subject}: {text}" for text in _compare(ours, there)]
            if ours.vips != there.vips:
                found.append(f"{subject}: {_addresses(config, subject, other)}")
        elif _belongs(config, subject, str(other["name"])):
            found.append(f"{subject}: not configured there")
    return found


def finding(host: str, peer: str, differs: list[str]) -> Sample:
    """The component that an alert speaks of."""
    return Sample(
        id=f"peer:{peer}",
        kind="peer",
        attributes={"host": host, "peer": peer, "differences": "; ".join(differs)},
        metrics={"differs": int(bool(differs))},
    )


# Telling


def _group(config: Config, group: Group) -> Setup:
    vips = sorted(
        (str(ip_interface(v.address)), v.together, v.apart)
        for v in config.vips
        if v.group == group.name
    )
    return Setup(
        names=" ".join(sorted(group.voters))[:_NAMES],
        voters=_digest(_hosts(group.voters)),
        previous=_digest(_hosts(group.previous)) if group.previous else "",
        vips=_digest(vips),
        words={word: _word(getattr(group, word)) for word in _WORDS},
    )


def _limits(config: Config, voters: tuple[str, ...]) -> Setup:
    limits = config.limits.fleet
    words = {word: _word(getattr(limits, word)) for word in _LIMITS}
    previous = _digest(sorted(limits.previous)) if limits.previous else ""
    names = " ".join(sorted(voters))[:_NAMES]
    return Setup(names=names, voters=_digest(sorted(voters)), previous=previous, words=words)


_LIMITS = ("lease", "rebuilds", "disruptive_per_hour")


def _hosts(hosts: Hosts) -> list[Any]:
    return sorted((name, sorted(str(ip_address(a)) for a in many)) for name, many in hosts.items())


def _digest(what: Any) -> str:
    return blake2b(msgspec.json.encode(what), digest_size=8).hexdigest()


def _word(value: Any) -> str:
    return f"{value * 1000:g} ms" if isinstance(value, float) else str(value)


# Comparing


def _read(text: str) -> Setup | None:
    try:
        return msgspec.json.decode(text, type=Setup)
    except msgspec.DecodeError:
        return None


def _compare(ours: Setup, there: Setup) -> Iterator[str]:
    changing = {ours.previous, there.previous} - {""}
    if ours.voters != there.voters and not {ours.voters, there.voters} & changing:
        if ours.names == there.names:
            yield f"other addresses for the voters {ours.names}"
        else:
            yield f"voters are {ours.names} here, {there.names} there"
    for word, value in ours.words.items():
        other = there.words.get(word, value)
        if other != value:
            yield f"{word} is {value} here, {other} there"


def _addresses(config: Config, subject: str, other: Mapping[str, Any]) -> str:
    """Which addresses only one of the two has; the other's are listed in its status."""
    here = {str(ip_interface(v.address)) for v in config.vips if f"group {v.group}" == subject}
    all_here = {str(ip_interface(v.address)) for v in config.vips}
    there = set(other.get("vips") or ())
    parts = []
    if other.get("unlisted"):  # not all of the other's are known here
        return "other virtual IPs"
    if only := sorted(here - there):
        parts.append(f"{_some(only)} only here")
    if only := sorted(there - all_here):
        parts.append(f"{_some(only)} only there")
    return ", ".join(parts) or "other virtual IPs, or other words about them"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _belongs(config: Config, subject: str, name: str) -> bool:
    groups = (g for g in config.groups if f"group {g.name}" == subject)
    return any(name in {**g.voters, **g.members} for g in groups)
