"""Rules on components: changes in, transitions of alerts out. Pure; cost follows change.

Only rules that read a changed value are evaluated, and those whose time has come: a ``for`` that
is served, a change that leaves a window. Times are wall clock; inside, time never runs backwards.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from hwagent.model import Alert, AlertState, Value

from .cell import Cell, Judged, judge
from .due import Due
from .index import KindIndex, index
from .inhibit import cause
from .peers import Peers
from .rule import Rule, RuleSet
from .subject import Run, Subject
from .window import History, step

Key = tuple[str, str]
_NO_RULES = KindIndex()
_ABSENT = object()


class Engine:
    """The alerts of all components.

    ``impatient`` is for a single look, with no time to come: ``for`` counts as served, values as
    steady, and how much a counter grew is unknown.
    """

    def __init__(self, rules: RuleSet, impatient: bool = False) -> None:
        self.rules = rules
        self.impatient = impatient
        self.now = 0.0
        self._offset = 0.0
        self._index = index(rules)
        self._subjects: dict[str, Subject] = {}
        self._peers = Peers()
        self._cells: dict[Key, Cell] = {}
        self._firing: dict[str, dict[str, Cell]] = {}
        self._shifted = False
        self._touched: dict[Key, None] = {}
        self._due: Due[Key] = Due()
        self._over: list[Alert] = []

    def observe(
        self,
        now: float,
        component_id: str,
        kind: str,
        metrics: Mapping[str, Value],
        attributes: Mapping[str, Any],
    ) -> None:
        """Takes the values of a component, all of them; one that is left out is not known."""
        subject = self._subjects.get(component_id)
        if subject is not None and subject.kind != kind:
            self.forget(component_id)
            subject = None
        if subject is None:
            subject = self._subjects[component_id] = Subject(self, component_id, kind)
        elif subject.metrics == metrics and subject.attributes == attributes:
            return
        self._set_time(now)
        before = subject.group
        changed = _changed(subject.metrics, metrics)
        if subject.attributes != attributes:
            changed |= _changed(subject.attributes, attributes)
        subject.metrics, subject.attributes = dict(metrics), dict(attributes)
        of_kind = self._index.get(kind, _NO_RULES)
        if not self.impatient:
            self._remember(subject, of_kind, changed)
        self._touch(of_kind.readers(changed), (subject,))
        self._touch_peers(subject, of_kind, before, changed)

    def _set_time(self, now: float) -> None:
        """A clock that is set back must not make anything last longer or begin in the future."""
        if now + self._offset < self.now:
            self._offset = self.now - now
        self.now = now + self._offset

    def _remember(self, subject: Subject, of_kind: KindIndex, changed: set[str]) -> None:
        for key, window in of_kind.windows.items():
            history = subject.histories.get(key)
            if history is None:
                history = subject.histories[key] = History(window.span)
            elif window.reads.isdisjoint(changed):
                continue
            history.add(self.now, window.run(subject))

    def _touch(self, rules: Iterable[Rule], subjects: Iterable[Subject]) -> None:
        for subject in subjects:
            for rule in rules:
                self._touched[rule.name, subject.id] = None

    def _touch_peers(
        self,
        subject: Subject,
        of_kind: KindIndex,
        before: tuple[str, str] | None,
        changed: set[str],
    ) -> None:
        group = subject.group
        if group != before:
            self._peers.leave(before, subject)
            self._touch(of_kind.comparing, self._peers.members(before))
            self._peers.join(group, subject)
            self._touch(of_kind.comparing, (subject, *self._peers.members(group)))
        elif rules := of_kind.comparers(changed):
            self._touch(rules, self._peers.members(group))

    def forget(self, component_id: str) -> None:
        """Ends the alerts of a component that is no more; told by the next ``evaluate``."""
        subject = self._subjects.pop(component_id, None)
        if subject is None:
            return
        of_kind = self._index.get(subject.kind, _NO_RULES)
        self._peers.leave(subject.group, subject)
        self._touch(of_kind.comparing, self._peers.members(subject.group))
        for rule in of_kind.rules:
            self._drop((rule.name, component_id), "forgotten")

    def _drop(self, key: Key, reason: str) -> None:
        self._touched.pop(key, None)
        self._due.set(key, None)
        cell = self._cells.pop(key, None)
        if self._firing.get(key[0], {}).pop(key[1], None):
            self._shifted = True
        if cell is not None and cell.told.state is AlertState.FIRING:
            self._over.append(cell.resolved(self.now - self._offset, reason, cell.told))

    def evaluate(self, now: float) -> list[Alert]:
        """The transitions since the last call, sorted by component and rule.

        A pending alert that came to nothing is told as inactive, one that fired as resolved.
        """
        self._set_time(now)
        self._peers.begin()
        keys = dict.fromkeys([*self._touched, *self._due.take(self.now)])
        self._touched.clear()
        if not keys and not self._over and not self._shifted:
            return []
        cells = {key: cell for key in keys if (cell := self._judge(key)) is not None}
        cells.update(self._explain(cells))
        news, self._over = self._over, []
        for cell in cells.values():
            news += cell.news(self._offset)
        return sorted(news, key=lambda a: (a.component, a.rule))

    def _judge(self, key: Key) -> Cell | None:
        """Evaluates one rule on one component; there is a cell once it has been true."""
        rule, subject = self.rules.get(key[0]), self._subjects.get(key[1])
        if rule is None or subject is None:
            return None
        cell = self._cells.get(key)
        if cell is None and rule.expr.run(subject) is True:
            cell = self._cells[key] = Cell(rule, subject)
        if cell is not None:
            cell.step(self.now, self.impatient)
            self._note_firing(key, cell)
        if not self.impatient:
            self._due.set(key, self._next(rule, subject, cell))
        return cell

    def _note_firing(self, key: Key, cell: Cell) -> None:
        on = self._firing.setdefault(key[0], {})
        if cell.firing is not (key[1] in on):
            self._shifted = True
        if cell.firing:
            on[key[1]] = cell
        else:
            on.pop(key[1], None)
            cell.inhibited_by = ""

    def _next(self, rule: Rule, subject: Subject, cell: Cell | None) -> float | None:
        """When time alone can change what a rule says of a component."""
        times = [cell.due() if cell else None]
        for window in rule.windows:
            history = subject.histories[window.key]
            times.append(history.next_change(self.now, window.span, window.smooth))
        times += [self.now + step(window.span) for window in rule.peer_windows]
        return min((t for t in times if t is not None), default=None)

    def _explain(self, touched: Mapping[Key, Cell]) -> dict[Key, Cell]:
        """Marks the firing alerts whose cause fires; returns those where that has changed.

        While the same alerts fire as before, only those of changed components can have changed.
        """
        cells: Iterable[Cell] = touched.values()
        if self._shifted:
            cells = [cell for on in self._firing.values() for cell in on.values()]
        self._shifted = False
        changed = {}
        for cell in cells:
            if cell.firing and cell.rule.inhibitors:
                by = cause(cell.rule, cell.subject, self._firing)
                if by != cell.inhibited_by:
                    cell.inhibited_by = by
                    changed[cell.rule.name, cell.subject.id] = cell
        return changed

    def alerts(self) -> list[Alert]:
        """The pending and the firing alerts, sorted by component and rule."""
        cells = [c for c in self._cells.values() if c.machine.state is not AlertState.INACTIVE]
        cells.sort(key=lambda c: (c.subject.id, c.rule.name))
        return [cell.alert(self._offset) for cell in cells]

    def next_due(self) -> float | None:
        """When time alone can change something; None if only news can."""
        at = self._due.next()
        return None if at is None else at - self._offset

    def replace(self, rules: RuleSet, now: float) -> list[Alert]:
        """Takes new rules. A rule of the same name and kind keeps its alerts and is judged anew;
        the alerts of rules that are gone are resolved. Returns the transitions."""
        self._set_time(now)
        old, self.rules, self._index = self.rules, rules, index(rules)
        for key in list(self._cells):
            rule, before = rules.get(key[0]), old.get(key[0])
            if rule is None or before is None or rule.kind != before.kind:
                self._drop(key, "rule removed")
            else:
                self._cells[key].rule = rule
        for subject in self._subjects.values():
            of_kind = self._index.get(subject.kind, _NO_RULES)
            self._keep_histories(subject, of_kind)
            self._touch(of_kind.rules, (subject,))
        return self.evaluate(now)

    def _keep_histories(self, subject: Subject, of_kind: KindIndex) -> None:
        kept = {k: h for k, h in subject.histories.items() if k in of_kind.windows}
        subject.histories = kept
        for key, history in kept.items():
            history.span = of_kind.windows[key].span
        if not self.impatient:
            self._remember(subject, of_kind, set())

    def judged(self, rule_name: str, component_id: str) -> Judged | None:
        """What a rule says of a component now; None if there is no such rule or component."""
        rule, subject = self.rules.get(rule_name), self._subjects.get(component_id)
        if rule is None or subject is None or rule.kind != subject.kind:
            return None
        cell = self._cells.get((rule_name, component_id))
        self._peers.begin()
        return judge(rule, subject, cell)

    def median_of_peers(self, subject: Subject, key: str, run: Run) -> float | None:
        """The median of an expression over the other members of a peer group."""
        return self._peers.median(subject, key, run)


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    changed = {name for name, value in new.items() if old.get(name, _ABSENT) != value}
    changed.update(old.keys() - new.keys())
    return changed
