"""What node_exporter prints of a host, line by line, and finding the same in our samples."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from hwagent.collect import mdstat
from hwagent.collect.registry import collectors
from hwagent.collect.root import Root
from hwagent.model import Sample
from tests.corpus.host_tree import CORPORA

ORACLE = CORPORA / "node_exporter-e2e-hw.txt"
_LINE = re.compile(r"node_(\w+?)(\{.*\})? (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Labels = Mapping[str, str]


class Line(NamedTuple):
    """One line of the oracle; ``family`` is without ``node_``."""

    family: str
    labels: Labels
    value: float

    def __str__(self) -> str:
        told = ",".join(f"{k}={v}" for k, v in sorted(self.labels.items()))
        return f"{self.family}{{{told}}}"


def lines() -> list[Line]:
    """All lines; none where the corpus is not there. Raises ValueError for what is none."""
    text = ORACLE.read_text(errors="replace") if ORACLE.exists() else ""
    return [_line(line) for line in text.split("\n") if line and not line.startswith("#")]


def _line(text: str) -> Line:
    found = _LINE.fullmatch(text)
    if found is None:
        raise ValueError(f"not a line of metrics: {text!r}")
    return Line(found[1], dict(_LABEL.findall(found[2] or "")), float(found[3]))


class Host:
    """The samples of a tree by kind; ``mdstat`` are those of /proc/mdstat alone."""

    def __init__(self, place: Path) -> None:
        root = Root(place)
        self._kinds: dict[str, list[Sample]] = {}
        for collector in collectors():
            for target in collector.targets(root):
                for sample in collector.collect(root, target):
                    self._kinds.setdefault(sample.kind, []).append(sample)
        self._kinds["mdstat"] = mdstat.decode(root.content("proc/mdstat"))

    def named(self, id: str) -> Sample:
        """A component that a collector found, by its id. Raises KeyError."""
        of_kinds = (samples for kind, samples in self._kinds.items() if kind != "mdstat")
        return {s.id: s for samples in of_kinds for s in samples}[id]

    def find(self, kind: str, labels: Labels) -> Sample | None:
        """The component of a kind that the labels of a line name."""
        keys = {key: tell for key, tell in KEYS[kind].items() if key in labels}
        for sample in self._kinds.get(kind, []):
            if all(tell(sample) == labels[key] for key, tell in keys.items()):
                return sample
        return None


#: How we tell a line: from the host and the labels, its value; None if we do not know it.
Tell = Callable[[Host, Labels], float | None]
Read = Callable[[Sample], object]


def of(kind: str, read: str | Read, scale: float = 1) -> Tell:
    """A metric by name, or anything that is read from the sample of that kind."""
    read_it = read if callable(read) else metric(read)

    def tell(host: Host, labels: Labels) -> float | None:
        sample = host.find(kind, labels)
        value = read_it(sample) if sample else None
        return value * scale if isinstance(value, int | float) else None

    return tell


def metric(name: str) -> Read:
    """A metric of a sample."""
    return lambda sample: sample.metrics.get(name)


def attribute(name: str) -> Read:
    """An attribute of a sample."""
    return lambda sample: sample.attributes.get(name, "")


def first(*ways: Tell) -> Tell:
    """The first way that knows the line."""

    def tell(host: Host, labels: Labels) -> float | None:
        return next((v for way in ways if (v := way(host, labels)) is not None), None)

    return tell


def info(kind: str, **told: str | Read) -> Tell:
    """1 if each label named says what our attribute, or what is read from the sample, says."""

    def tell(host: Host, labels: Labels) -> float | None:
        sample = host.find(kind, labels)
        if sample is None:
            return None
        reads = {k: r if callable(r) else attribute(r) for k, r in told.items()}
        ours = {key: str(read(sample)) for key, read in reads.items()}
        assert ours == {key: labels.get(key, "") for key in ours}
        return 1

    return tell


def _id(pattern: str) -> Read:
    """A part of the component's id."""
    compiled = re.compile(pattern)
    return lambda sample: m[1] if (m := compiled.search(sample.id)) else ""


def _number_in(name: str) -> Read:
    return lambda sample: re.sub(r"\D", "", str(sample.attributes.get(name, "")))


_SENSOR = {name: attribute(name) for name in ("chip", "sensor", "label")}
_NAME = {"device": _id(r":(.*)")}
#: The labels that tell components of a kind apart, and our words for them.
KEYS: Mapping[str, Mapping[str, Read]] = {
    "array": {"device": attribute("device")},
    "mdstat": {"device": attribute("device")},
    "disk": {"device": attribute("name")},
    "nic": _NAME,
    "bond": {**_NAME, "master": _id(r":(.*)")},
    "memory_controller": {"controller": _id(r"mc(\d+)$")},
    "dimm": {
        "controller": _id(r"mc(\d+)/"),
        "csrow": _number_in("csrow"),
        "channel": _number_in("channel"),
    },
    "watchdog": {"name": _id(r":(.*)")},
    "fc_port": {"fc_host": _id(r":(.*)")},
    "ib_port": {"device": attribute("device"), "port": attribute("port")},
    "pcie": {
        "segment": _id(r"^pcie:(\w+):"),
        "bus": _id(r":(\w\w):\w\w\."),
        "device": _id(r":(\w\w)\."),
        "function": _id(r"\.(\w)$"),
    },
    "host": {},
    "nvme_controller": {"device": _id(r":(.*)")},
    "psu": {"power_supply": attribute("name")},
    "battery": {"power_supply": attribute("name")},
    "thermal": {"zone": _number_in("name"), "type": attribute("type")},
    "cooling": {"type": attribute("type")},
    **dict.fromkeys(("temperature", "fan", "voltage", "frequency", "intrusion", "pwm"), _SENSOR),
}
