"""Metrics of components as OpenMetrics text. Lines are kept and made anew only on change."""

from collections.abc import Iterable, Mapping
from typing import Any

from hwagent.model import Metric, MetricType, Value, Vocabulary

from .names import INFO, LABELS, UNITS, Label, Shown, shown

PREFIX = "hwagent_"


class Family:
    """One metric family: its header, and its lines by component and metric."""

    __slots__ = ("header", "lines", "name")

    def __init__(self, name: str, type: str, help: str) -> None:
        self.name = name
        unit = name.rpartition("_")[2]
        text = help.replace("\\", "\\\\").replace("\n", "\\n")
        self.header = (
            f"# TYPE {name} {type}\n"
            + (f"# UNIT {name} {unit}\n" if unit in UNITS else "")
            + f"# HELP {name} {text}\n"
        )
        self.lines: dict[tuple[str, str], str] = {}


class Exposition:
    """All families of this host."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._families: dict[str, Family] = {}
        self._shown: dict[tuple[str, str], tuple[tuple[Shown, Family], ...]] = {}
        self._of: dict[str, set[tuple[str, str]]] = {}
        self._words: dict[tuple[str, str], dict[str, None]] = {}

    def update(
        self, id: str, kind: str, attributes: Mapping[str, Any], metrics: Mapping[str, Value]
    ) -> None:
        """Takes the values of one component."""
        labels = _labels(id, kind, attributes)
        before = self._of.get(id, set())
        now = self._of[id] = set()
        for name, value in metrics.items():
            metric = self._vocabulary.get(kind, {}).get(name)
            if metric is None:
                continue
            for form, family in self._families_of(kind, metric):
                like = _labels(id, form.like, attributes) if form.like else labels
                family.lines[id, name] = self._lines(id, metric, form, family.name, like, value)
                now.add((family.name, name))
        if told := self._tell(id, kind, attributes, labels):
            now.add((told, ""))
        self._drop(id, before - now)

    def remove(self, id: str) -> None:
        """Forgets a component."""
        self._drop(id, self._of.pop(id, set()))

    def text(self, extra: Iterable[str] = ()) -> bytes:
        """The whole text, ended with ``# EOF``; ``extra`` are finished families."""
        parts: list[str] = []
        for name in sorted(self._families):
            family = self._families[name]
            if family.lines:
                parts.append(family.header)
                parts.extend(family.lines.values())
        parts.extend(extra)
        parts.append("# EOF\n")
        return "".join(parts).encode()

    def _drop(self, id: str, lines: Iterable[tuple[str, str]]) -> None:
        for family, name in lines:
            self._families[family].lines.pop((id, name), None)

    def _families_of(self, kind: str, metric: Metric) -> tuple[tuple[Shown, Family], ...]:
        found = self._shown.get((kind, metric.name))
        if found is None:
            type = "counter" if metric.type is MetricType.COUNTER else "gauge"
            found = self._shown[kind, metric.name] = tuple(
                (form, self._family(PREFIX + form.family, type, metric.help))
                for form in shown(kind, metric)
            )
        return found

    def _family(self, name: str, type: str, help: str) -> Family:
        return self._families.setdefault(name, Family(name, type, help))

    def _lines(
        self, id: str, metric: Metric, form: Shown, name: str, labels: str, value: Value
    ) -> str:
        if form.word:
            return f"{name}{{{labels}}} {int(value == form.word)}\n"
        if metric.type is MetricType.STATE:
            words = self._words.setdefault((id, metric.name), {})
            words[str(value)] = None
            return "".join(
                f'{name}{{{labels},state="{escape(w)}"}} {int(w == value)}\n' for w in words
            )
        if form.extra:
            labels += "," + _pairs(form.extra)
        if form.factor != 1 and not isinstance(value, str):
            value = value * form.factor
        suffix = "_total" if metric.type is MetricType.COUNTER else ""
        return f"{name}{suffix}{{{labels}}} {_number(value)}\n"

    def _tell(self, id: str, kind: str, attributes: Mapping[str, Any], labels: str) -> str:
        """Writes what the component is; returns the family, empty if nothing is known."""
        name, told = INFO.get(kind, ("", ()))
        pairs = [(label.key, _label(id, label, attributes)) for label in told]
        if not any(value for _, value in pairs):
            return ""
        family = self._family(PREFIX + name, "gauge", "1; the labels tell what it is")
        family.lines[id, ""] = f"{family.name}{{{labels},{_pairs(pairs)}}} 1\n"
        return family.name


def simple_family(
    name: str, type: str, help: str, samples: Iterable[tuple[Mapping[str, str], float]]
) -> str:
    """A finished family of the agent's own metrics."""
    suffix = "_total" if type == "counter" else ""
    lines = sample_lines(f"{name}{suffix}", samples)
    return Family(name, type, help).header + lines if lines else ""


def sample_lines(name: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> str:
    """The lines of a family without its header."""
    return "".join(
        f"{name}{{{_pairs(labels.items())}}} {_number(value)}\n" for labels, value in samples
    )


def escape(text: str) -> str:
    """A label value as OpenMetrics wants it."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _labels(id: str, kind: str, attributes: Mapping[str, Any]) -> str:
    pairs = [("component", id)]
    for label in LABELS.get(kind, ()):
        if (value := _label(id, label, attributes)) != "":
            pairs.append((label.key, value))
    return _pairs(pairs)


def _label(id: str, label: Label, attributes: Mapping[str, Any]) -> str:
    """The value of one label; empty if the component has none."""
    value = attributes.get(label.attribute, "") if label.attribute else id.partition(":")[2]
    match = label.part.search(str(value))
    return match[1] if match else ""


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return ",".join(f'{key}="{escape(value)}"' for key, value in pairs)


def _number(value: Value) -> str:
    return str(int(value)) if isinstance(value, bool) else repr(value)
