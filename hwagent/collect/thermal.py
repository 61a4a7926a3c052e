"""Thermal zones with their trip points, and what the kernel does to cool.

Sources: Documentation/ABI/testing/sysfs-class-thermal, Documentation/driver-api/thermal/
sysfs-api.rst (types of trip points).
"""

import re
from collections import Counter
from typing import ClassVar

from hwagent.model import Sample, gauge, state

from .base import Collector
from .gather import Gather
from .identity import safe, text_or_empty
from .root import Root, Unreadable

#: More than any host has; a capture may hold any number of directories.
ZONES_MAX = 256
DEVICES_MAX = 4096
TRIPS_MAX = 64
_CLASS = "sys/class/thermal"
_ZONE = re.compile(r"thermal_zone\d{1,4}")
_DEVICE = re.compile(r"cooling_device\d{1,5}")
_TRIP = re.compile(r"trip_point_\d{1,3}_type")
_MODES = frozenset({"enabled", "disabled"})
_ABI = "sysfs-class-thermal"
#: A zone's sensor has no answer now: its device is off.
_NO_ANSWER = ("ENODATA", "ENETDOWN")
_LEAST, _MOST = -50.0, 150.0  # beyond is damage: SIGNALS.md section 8
_LEVELS = 2**31
_TRIPS = ("active", "passive", "hot", "critical")

ZONE_METRICS = (
    gauge("celsius", "temperature", "celsius", _ABI),
    state("mode", "disabled while the kernel leaves the zone to others", _ABI),
    gauge("active_celsius", "fans are switched on from here", "celsius", _ABI),
    gauge("passive_celsius", "processors are slowed from here", "celsius", _ABI),
    gauge("hot_celsius", "firmware and drivers are told from here", "celsius", _ABI),
    gauge("critical_celsius", "the kernel switches the host off here", "celsius", _ABI),
)
COOLING_METRICS = (
    gauge("devices", "how many of this type there are"),
    gauge("cur_state", "how hard the one that works most works", "", _ABI),
    gauge("max_state", "how hard one can work", "", _ABI),
)


class Thermal(Collector):
    """Zones as ``thermal:x86_pkg_temp``, cooling devices by type as ``cooling:Processor``.

    Each zone is read by itself, as some ask firmware that may not answer.
    """

    name: ClassVar = "thermal"
    kinds: ClassVar = {"thermal": ZONE_METRICS, "cooling": COOLING_METRICS}
    attributes: ClassVar = {"thermal": ("name", "type", "policy"), "cooling": ("type",)}
    interval: ClassVar = 30.0

    def targets(self, root: Root) -> list[str]:
        """Ids of the zones, and the cooling devices together. Raises Unreadable if they cannot be
        listed."""
        return [*zones(root), "cooling"]

    def collect(self, root: Root, target: str) -> list[Sample]:
        """One zone or the cooling devices. Raises Unreadable if they cannot be listed."""
        if target == "cooling":
            return _cooling(root)
        return [_zone(root, id, n) for id, n in zones(root).items() if id == target]


def zones(root: Root) -> dict[str, str]:
    """Ids of the zones and the kernel's names of them. Raises Unreadable.

    Zones are numbered in the order in which drivers were loaded, so the type names them; of several
    of one type (one for each processor) the others are numbered among themselves.
    """
    seen: Counter[str] = Counter()
    found = {}
    for name in [n for n in root.names(_CLASS) if _ZONE.fullmatch(n)][:ZONES_MAX]:
        type = safe(text_or_empty(root, f"{_CLASS}/{name}/type")) or name
        found[f"thermal:{type}.{seen[type]}" if seen[type] else f"thermal:{type}"] = name
        seen[type] += 1
    return found


def _zone(root: Root, id: str, name: str) -> Sample:
    g = Gather(id, "thermal", root, f"{_CLASS}/{name}")
    g.attributes.update(name=name, type="", policy="")
    g.attribute("type", "type")
    g.attribute("policy", "policy")
    g.word("mode", "mode", _MODES)
    value = _celsius(g, "celsius", "temp", required=True)
    if value is not None and _LEAST <= value <= _MOST:
        g.set("celsius", value)
    elif value is not None:
        g.problem("celsius", f"cannot be true: {value:.5g}", required=True)
    _trips(g)
    return g.sample()


def _trips(g: Gather) -> None:
    """The lowest trip point of each type; 0 and less stand for one that is not set."""
    found: dict[str, list[float]] = {}
    for name in [n for n in g.root.names(g.directory) if _TRIP.fullmatch(n)][:TRIPS_MAX]:
        type = text_or_empty(g.root, f"{g.directory}/{name}")
        if type not in _TRIPS:
            g.problem("critical_celsius", f"{name}: not a known type: {type[:40]!r}")
            continue
        value = _celsius(g, f"{type}_celsius", f"{name.removesuffix('type')}temp")
        if value is not None and 0 < value <= _MOST:
            found.setdefault(f"{type}_celsius", []).append(value)
    for metric, values in found.items():
        g.set(metric, min(values))


def _celsius(g: Gather, metric: str, file: str, required: bool = False) -> float | None:
    """A temperature in thousandths; None too where its sensor is off."""
    try:
        return round(g.root.number(f"{g.directory}/{file}") * 0.001, 3)
    except Unreadable as e:
        if not e.why.startswith(_NO_ANSWER):
            g.problem(metric, str(e), required)
    return None


def _cooling(root: Root) -> list[Sample]:
    """One sample for each type of cooling device: there is one device for each processor."""
    found: dict[str, Gather] = {}
    devices: Counter[str] = Counter()
    for name in [n for n in root.names(_CLASS) if _DEVICE.fullmatch(n)][:DEVICES_MAX]:
        type = text_or_empty(root, f"{_CLASS}/{name}/type") or name
        g = found.setdefault(type, Gather(f"cooling:{safe(type)}", "cooling", root, _CLASS))
        g.attributes["type"] = type
        devices[type] += 1
        for metric in ("cur_state", "max_state"):
            before = g.metrics.get(metric)
            value = _level(g, metric, f"{name}/{metric}")
            if isinstance(before, int | float):
                g.metrics[metric] = max(before, before if value is None else value)
    for type, g in found.items():
        g.set("devices", devices[type])
    return [g.sample() for g in found.values()]


def _level(g: Gather, metric: str, file: str) -> int | float | None:
    """A number of steps; -1 stands for a device that does nothing."""
    value = g.number(metric, file)
    if value is None or -1 <= value < _LEVELS:
        return value
    del g.metrics[metric]
    g.problem(metric, f"{file}: cannot be true: {value:.5g}")
    return None


COLLECTOR = Thermal
