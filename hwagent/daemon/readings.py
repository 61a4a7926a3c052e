"""Which readings go into the journal: words when they change, numbers now and then. Pure."""

from typing import Any

from hwagent.journal import Record
from hwagent.model import MetricType, Value, Vocabulary

from .inventory import Joined

#: A temperature moves all the time; one record in so many seconds tells its story.
NUMBERS_EVERY = 600.0


class Readings:
    """Remembers what was last recorded of each component."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._told: dict[str, dict[str, Value]] = {}
        self._numbers_at: dict[str, float] = {}

    def changed(self, now: float, joined: Joined) -> Record | None:
        """A record of what changed and is worth one, or None."""
        told = self._told.setdefault(joined.id, {})
        new = {m: v for m, v in joined.metrics.items() if told.get(m) != v}
        for metric in told.keys() - joined.metrics.keys():
            del told[metric]
        if not new:
            return None
        if now - self._numbers_at.get(joined.id, -NUMBERS_EVERY) < NUMBERS_EVERY:
            new = {m: v for m, v in new.items() if self._prompt(joined.kind, m)}
        else:
            self._numbers_at[joined.id] = now
        if not new:
            return None
        told.update(new)
        data: dict[str, Any] = {"metrics": new}
        if joined.doubt:
            data["doubt"] = joined.doubt
        return Record(now, "reading", joined.id, joined.kind, data)

    def _prompt(self, kind: str, metric: str) -> bool:
        """True for words and for presence: they change seldom and each change matters."""
        known = self._vocabulary.get(kind, {}).get(metric)
        return metric in ("present", "probe_stuck") or (
            known is not None and known.type is MetricType.STATE
        )
