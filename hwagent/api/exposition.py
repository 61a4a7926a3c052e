"""Metrics of components as OpenMetrics text. Lines are kept and made anew only on change."""

from collections.abc import Iterable, Mapping
from typing import Any

from hwagent.model import Metric, MetricType, Value, Vocabulary

#: Label keys that node_exporter's users know, by kind, and the attribute that holds the value;
#: an empty name stands for what follows the kind in the component's id.
LABELS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "disk": (("device", "name"),),
    "array": (("device", ""),),
    "nic": (("device", ""),),
    "link": (("device", ""),),
    "bond": (("master", ""),),
    "temperature": (("chip", "chip"), ("sensor", "sensor"), ("label", "label")),
    "fan": (("chip", "chip"), ("sensor", "sensor"), ("label", "label")),
    "voltage": (("chip", "chip"), ("sensor", "sensor"), ("label", "label")),
    "current": (("chip", "chip"), ("sensor", "sensor"), ("label", "label")),
    "power": (("chip", "chip"), ("sensor", "sensor"), ("label", "label")),
    "intrusion": (("chip", "chip"), ("sensor", "sensor")),
    "psu": (("power_supply", ""),),
    "battery": (("power_supply", ""),),
    "memory_controller": (("controller", ""),),
    "dimm": (("controller", "controller"), ("dimm", "dimm"), ("dimm_label", "label")),
    "thermal": (("zone", ""),),
    "cpu": (("cpu", ""),),
    "watchdog": (("name", ""),),
    "fc_port": (("fc_host", ""),),
    "ib_port": (("device", "device"), ("port", "port")),
    "filesystem": (("mountpoint", ""), ("device", "device"), ("fstype", "fstype")),
    "multipath": (("device", ""),),
    "pcie": (("device", ""),),
    "service": (("service", ""),),
}
_UNIT_IN_NAME = ("bytes", "seconds", "celsius", "volts", "amperes", "watts", "ratio", "rpm")


class Family:
    """One metric family: its header, and its lines by component."""

    __slots__ = ("header", "lines")

    def __init__(self, name: str, type: str, help: str) -> None:
        text = help.replace("\\", "\\\\").replace("\n", "\\n")
        self.header = f"# TYPE {name} {type}\n# HELP {name} {text}\n"
        self.lines: dict[str, str] = {}


class Exposition:
    """All families of this host."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._families: dict[str, Family] = {}
        self._of: dict[str, set[str]] = {}
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
            if metric is not None:
                now.add(self._put(id, kind, metric, value, labels))
        for family in before - now:
            self._families[family].lines.pop(id, None)

    def remove(self, id: str) -> None:
        """Forgets a component."""
        for family in self._of.pop(id, set()):
            self._families[family].lines.pop(id, None)

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

    def _put(self, id: str, kind: str, metric: Metric, value: Value, labels: str) -> str:
        name = family_name(kind, metric)
        family = self._families.get(name)
        if family is None:
            type = "counter" if metric.type is MetricType.COUNTER else "gauge"
            family = self._families[name] = Family(name, type, metric.help)
        if metric.type is MetricType.STATE:
            words = self._words.setdefault((id, metric.name), {})
            words[str(value)] = None
            family.lines[id] = "".join(
                f'{name}{{{labels},state="{escape(w)}"}} {int(w == value)}\n' for w in words
            )
        else:
            suffix = "_total" if metric.type is MetricType.COUNTER else ""
            family.lines[id] = f"{name}{suffix}{{{labels}}} {_number(value)}\n"
        return name


def family_name(kind: str, metric: Metric) -> str:
    """``hwagent_<kind>_<metric>`` with the unit last, without ``_total``."""
    name = f"hwagent_{kind}_{metric.name}".removesuffix("_total")
    if metric.unit in _UNIT_IN_NAME and not name.endswith(metric.unit):
        name += f"_{metric.unit}"
    return name


def simple_family(
    name: str, type: str, help: str, samples: Iterable[tuple[Mapping[str, str], float]]
) -> str:
    """A finished family of the agent's own metrics."""
    suffix = "_total" if type == "counter" else ""
    lines = [
        f"{name}{suffix}{{{_pairs(labels.items())}}} {_number(value)}\n"
        for labels, value in samples
    ]
    return Family(name, type, help).header + "".join(lines) if lines else ""


def escape(text: str) -> str:
    """A label value as OpenMetrics wants it."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _labels(id: str, kind: str, attributes: Mapping[str, Any]) -> str:
    rest = id.partition(":")[2]
    pairs = [("component", id)]
    for key, attribute in LABELS.get(kind, ()):
        value = attributes.get(attribute, "") if attribute else rest
        if value != "":
            pairs.append((key, str(value)))
    return _pairs(pairs)


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return ",".join(f'{key}="{escape(value)}"' for key, value in pairs)


def _number(value: Value) -> str:
    return str(int(value)) if isinstance(value, bool) else repr(value)
