"""What the journal tells of failures: how often each kind failed here, and how long that lasted.

Pure. A failure is a time in which at least one critical alert fires on a component.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hwagent.model import AlertState, Severity
from hwagent.topology.part import Part
from hwagent.topology.reliability import DEFAULTS, Rate, learned, seen


def experience(records: Iterable[Mapping[str, Any]], part: Part, now: float) -> dict[str, Rate]:
    """Rates by kind, from alerts of the journal, oldest first, and what the host is made of.

    Without a record nothing is known of how long the journal has looked on: the defaults count.
    """
    known = list(records)
    if not known:
        return {}
    counts = Counter(node.kind for node in part.nodes if "/" in node.id)
    watched = {kind: n for kind, n in counts.items() if kind in DEFAULTS}
    return learned(seen(failures(known, now), watched, now - known[0]["time"]))


def failures(
    records: Iterable[Mapping[str, Any]], now: float
) -> Iterator[tuple[str, float, float]]:
    """Kind, begin and end of each failure; one that lasts ends now."""
    firing: dict[str, set[str]] = {}
    begun: dict[str, float] = {}
    for record in records:
        id, data = record["component"], record["data"]
        rules = firing.setdefault(id, set())
        if data.get("state") == AlertState.FIRING and data.get("severity") == Severity.CRITICAL:
            if not rules:
                begun[id] = record["time"]
            rules.add(record["name"])
        elif record["name"] in rules and data.get("state") == AlertState.RESOLVED:
            rules.discard(record["name"])
            if not rules:
                yield id.partition(":")[0], begun.pop(id), record["time"]
    yield from ((id.partition(":")[0], begin, now) for id, begin in begun.items())
