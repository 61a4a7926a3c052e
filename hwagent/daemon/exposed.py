"""The metrics of all components for ``/metrics``: made anew when they are asked for, and only those
of components that have changed since."""

from collections.abc import Iterable

from hwagent.api.exposition import Exposition
from hwagent.model import Vocabulary

from .core import Core


class Exposed:
    """One agent's exposition; it follows the readings that the core has."""

    def __init__(self, vocabulary: Vocabulary, core: Core) -> None:
        self._core = core
        self._exposition = Exposition(vocabulary)
        self._changed: set[str] = set()

    def changed(self, id: str) -> None:
        """A component was read, or is gone."""
        self._changed.add(id)

    def text(self, extra: Iterable[str]) -> bytes:
        """OpenMetrics text as of now; ``extra`` are finished families."""
        for id in sorted(self._changed):
            self._expose(id)
        self._changed.clear()
        return self._exposition.text(extra)

    def _expose(self, id: str) -> None:
        joined = self._core.judge.inventory.get(id)
        if joined is None:
            self._exposition.remove(id)
        else:
            self._exposition.update(id, joined.kind, joined.attributes, joined.metrics)
