"""Which rules a change touches: for each kind, from names to rules."""

from collections.abc import Iterable

from .expression import Window
from .rule import Rule, RuleSet


class KindIndex:
    """The rules of one kind by the names that they read, and the histories that they need."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.rules = tuple(rules)
        self.windows: dict[str, Window] = {}
        self._readers: dict[str, list[Rule]] = {}
        self._peer_readers: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for name in rule.reads:
                self._readers.setdefault(name, []).append(rule)
            for name in rule.peer_reads:
                self._peer_readers.setdefault(name, []).append(rule)
            for window in (*rule.windows, *rule.peer_windows):
                self._need(window)
        self.comparing = tuple(rule for rule in self.rules if rule.peer_reads)

    def _need(self, window: Window) -> None:
        known = self.windows.get(window.key)
        if known is None or known.span < window.span:
            self.windows[window.key] = window

    def readers(self, names: Iterable[str]) -> list[Rule]:
        """The rules that read any of the names of the component itself."""
        return _unique(self._readers, names)

    def comparers(self, names: Iterable[str]) -> list[Rule]:
        """The rules that read any of the names of its peers."""
        return _unique(self._peer_readers, names) if self._peer_readers else []


def index(rules: RuleSet) -> dict[str, KindIndex]:
    """An index for each kind that has rules."""
    by_kind: dict[str, list[Rule]] = {}
    for rule in rules:
        by_kind.setdefault(rule.kind, []).append(rule)
    return {kind: KindIndex(of) for kind, of in by_kind.items()}


def _unique(readers: dict[str, list[Rule]], names: Iterable[str]) -> list[Rule]:
    return list({r.name: r for name in names for r in readers.get(name, ())}.values())
