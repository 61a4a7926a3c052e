"""Unit tests of rules, in the shape of promtool's: series of values in, expected alerts out."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from hwagent.config import ConfigError, Duration, Place, Source, convert, nearest, parse
from hwagent.model import Alert, AlertState, Severity, Value, Vocabulary

from .engine import Engine
from .explain import explain
from .load import load_rules
from .rule import RuleSet
from .series import series

#: More evaluations than this in one test are a mistake in an interval.
STEPS_MAX = 200_000
_PRESENT: dict[str, Value] = {"present": 1, "probe_stuck": 0}


class _Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything in a test file."""


class Input(_Struct, frozen=True):
    """One component and the values of its metrics, one for each interval."""

    id: str
    kind: str
    attributes: dict[str, Any] = {}
    series: dict[str, str | int | float] = {}


class Expected(_Struct, frozen=True):
    """A firing alert; what is left out may be anything.

    An alert that is explained by another one is expected only with ``inhibited_by``, the name of
    that rule (and the component, if it is another one).
    """

    component: str
    severity: Severity | None = None
    summary: str | None = None
    description: str | None = None
    inhibited_by: str = ""
    flapping: bool | None = None


class Check(_Struct, frozen=True):
    """The alerts of one rule that are expected to fire at one time, and their actions."""

    eval_time: Duration
    alertname: str
    exp_alerts: list[Expected] = []
    exp_actions: list[str] | None = None


class Case(_Struct, frozen=True):
    """One test."""

    name: str
    components: list[Input]
    alert_rule_test: list[Check]
    interval: Duration | None = None


class TestFile(_Struct, frozen=True):
    """A file of tests; ``rule_files`` are relative to it."""

    __test__ = False

    rule_files: list[str]
    tests: list[Case]
    evaluation_interval: Duration = Duration(60)


class Result(NamedTuple):
    """What became of one test; ``failures`` are texts for people, empty if it passed.

    ``fired`` and ``quiet`` are the rules that were expected, and seen, to fire or not to.
    """

    place: Place
    name: str
    failures: list[str]
    fired: frozenset[str] = frozenset()
    quiet: frozenset[str] = frozenset()

    def __str__(self) -> str:
        mark = "FAIL" if self.failures else "ok  "
        return "\n".join([f"{mark} {self.place} {self.name}", *self.failures])


def run_tests(
    paths: Sequence[Path],
    vocabulary: Vocabulary,
    attribute_names: Mapping[str, Collection[str]],
    actions: Collection[str] | None,
) -> list[Result]:
    """Runs the tests of files. Raises ConfigError for a file or a rule that is wrong."""
    results = []
    for path in paths:
        source = _read(path)
        file = convert(source, TestFile)
        files = [path.parent / name for name in file.rule_files]
        rules = load_rules(files, vocabulary, attribute_names, actions, complete=False)
        for index, case in enumerate(file.tests):
            place = source.place(("tests", index))
            results.append(_Run(source, index, case, rules, vocabulary).result(file, place))
    return results


def _read(path: Path) -> Source:
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as e:
        raise ConfigError(Place(str(path), 1, 1), f"cannot be read: {e.strerror}") from None


class _Run:
    """One test under way."""

    def __init__(
        self, source: Source, index: int, case: Case, rules: RuleSet, vocabulary: Vocabulary
    ) -> None:
        self._source = source
        self._at: tuple[str | int, ...] = ("tests", index)
        self._case = case
        self._rules = rules
        self._vocabulary = vocabulary
        self._engine = Engine(rules)

    def result(self, file: TestFile, place: Place) -> Result:
        """Runs it."""
        inputs = [self._values(i, component) for i, component in enumerate(self._case.components)]
        for index, check in enumerate(self._case.alert_rule_test):
            self._known(check.alertname, {r.name for r in self._rules}, index)
        interval = self._case.interval or file.evaluation_interval
        checks = sorted(self._case.alert_rule_test, key=lambda c: c.eval_time)
        failures: list[str] = []
        done = 0
        for now in self._times(interval, file.evaluation_interval, checks):
            if now % interval == 0:
                self._observe(now, round(now / interval), inputs)
            self._engine.evaluate(now)
            while done < len(checks) and checks[done].eval_time <= now:
                failures += self._check(checks[done])
                done += 1
        fired = frozenset(c.alertname for c in checks if c.exp_alerts)
        quiet = frozenset(c.alertname for c in checks if not c.exp_alerts)
        return Result(place, self._case.name, failures, fired, quiet)

    def _times(
        self, interval: float, evaluation: float, checks: Sequence[Check]
    ) -> Iterator[float]:
        """Every time something is read, evaluated or checked."""
        end = max((c.eval_time for c in checks), default=Duration(0))
        if min(interval, evaluation) <= 0 or end / min(interval, evaluation) > STEPS_MAX:
            raise ConfigError(self._source.place(self._at), "too many steps", self._case.name)
        times = {float(c.eval_time) for c in checks}
        for step in (interval, evaluation):
            times.update(step * i for i in range(int(end / step) + 1))
        yield from sorted(times)

    def _known(self, name: str, known: Collection[str], index: int) -> None:
        if name not in known:
            place = self._source.place((*self._at, "alert_rule_test", index, "alertname"))
            raise ConfigError(place, f"no alert {name!r}", "alertname", nearest(name, known))

    def _values(self, index: int, component: Input) -> dict[str, list[Value | None]]:
        at = (*self._at, "components", index)
        metrics = self._vocabulary.get(component.kind)
        if metrics is None:
            hint = nearest(component.kind, self._vocabulary)
            place = self._source.place((*at, "kind"))
            raise ConfigError(place, f"unknown kind {component.kind!r}", "kind", hint)
        values: dict[str, list[Value | None]] = {}
        for name, notation in component.series.items():
            place = self._source.keys.get((*at, "series", name), self._source.place(at))
            if name not in metrics:
                what = f"kind {component.kind!r} has no metric {name!r}"
                raise ConfigError(place, what, "series", nearest(name, metrics))
            try:
                values[name] = series(notation, metrics[name])
            except ValueError as e:
                raise ConfigError(place, str(e), f"series.{name}") from None
        return values

    def _observe(
        self, now: float, step: int, inputs: Sequence[Mapping[str, Sequence[Value | None]]]
    ) -> None:
        """The last value of a series holds on after its end."""
        for component, values in zip(self._case.components, inputs, strict=True):
            metrics = dict(_PRESENT)
            for name, of_metric in values.items():
                value = of_metric[min(step, len(of_metric) - 1)]
                if value is None:
                    metrics.pop(name, None)
                else:
                    metrics[name] = value
            self._engine.observe(now, component.id, component.kind, metrics, component.attributes)

    def _check(self, check: Check) -> list[str]:
        alerts = [a for a in self._engine.alerts() if a.rule == check.alertname]
        firing = [a for a in alerts if a.state is AlertState.FIRING]
        missing, left = [], list(firing)
        for expected in check.exp_alerts:
            found = next((a for a in left if _matches(expected, a)), None)
            if found is None:
                missing.append(expected)
            else:
                left.remove(found)
        surplus = [a for a in left if a.active]
        lines = [f"+ expected {_show_expected(e)}" for e in missing]
        lines += [f"- got      {_show(a)}" for a in surplus]
        lines += _wrong_actions(check, firing)
        if not lines:
            return []
        reasons = [
            explain(self._engine, check.alertname, id)
            for id in sorted({e.component for e in missing} | {a.component for a in surplus})
        ]
        when = f"{check.alertname} at {check.eval_time:g} s"
        return [f"     {when}:", *(f"       {x}" for x in (*lines, *reasons) if x)]


def _matches(expected: Expected, alert: Alert) -> bool:
    wanted = (expected.severity, expected.summary, expected.description, expected.flapping)
    got = (alert.severity, alert.summary, alert.description, alert.flapping)
    return (
        expected.component == alert.component
        and expected.inhibited_by == alert.inhibited_by
        and all(w is None or w == g for w, g in zip(wanted, got, strict=True))
    )


def _wrong_actions(check: Check, firing: Sequence[Alert]) -> list[str]:
    if check.exp_actions is None:
        return []
    got = sorted({name for alert in firing if alert.active for name in alert.actions})
    wanted = sorted(check.exp_actions)
    return [] if got == wanted else [f"+ expected actions {wanted}", f"- got      actions {got}"]


def _show_expected(expected: Expected) -> str:
    fields = {k: v for k, v in msgspec.structs.asdict(expected).items() if v not in (None, "")}
    return ", ".join(f"{k}: {v}" for k, v in fields.items())


def _show(alert: Alert) -> str:
    text = f"component: {alert.component}, severity: {alert.severity}, summary: {alert.summary}"
    text += f", inhibited_by: {alert.inhibited_by}" if alert.inhibited_by else ""
    return text + (", flapping: True" if alert.flapping else "")
