"""What a switch lists no more: is it gone, or has it only not got that far yet? Pure.

A switch that starts lists its line cards, modules and sensors one after the other, for minutes; an
agent whose part answers late leaves out a table, once. What is not listed is unknown first, and
gone only if looks agree and the switch has long been up. If it lists no port at all, its agent has
lost them, not the switch.
"""

from collections.abc import Iterable

import msgspec

from hwagent.model import Sample

#: Seconds for which something may be left out, in two looks or more.
MISSED = 65.0
#: Seconds after its start in which a switch may not list everything yet.
SETTLES = 600.0


class Absent:
    """What was listed once, and since when it is not."""

    def __init__(self) -> None:
        self._last: dict[str, Sample] = {}
        self._since: dict[str, float] = {}

    def kept(self, now: float, uptime: float, found: Iterable[Sample]) -> list[Sample]:
        """Takes what was found now; returns what was not and may still be there: as it was, but
        unknown."""
        listed = {s.id: s for s in found}
        blind = not any(s.kind == "port" for s in listed.values())
        kept = []
        for id in self._last.keys() - listed.keys():
            since = self._since.setdefault(id, now)
            if blind or now == since or now < since + MISSED or uptime < SETTLES:
                kept.append(_doubted(self._last[id], uptime))
        self._last = {**listed, **{s.id: s for s in kept}}
        self._since = {s.id: self._since[s.id] for s in kept}
        return sorted(kept, key=lambda s: s.id)


def _doubted(sample: Sample, uptime: float) -> Sample:
    started = f"has started {uptime:.0f} s ago and " if uptime < SETTLES else ""
    why = f"the switch {started}does not list it"
    return msgspec.structs.replace(sample, unreadable=why)
