"""Sensors: temperatures, fans, voltages, currents, power and the like, and chassis intrusion.

Sources: Documentation/hwmon/sysfs-interface.rst (ENODATA: a channel that is off), SIGNALS.md
section 8 (how chips lie).
"""

import re
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from hwagent.model import Sample

from .base import Collector
from .facts import fact
from .gather import Gather
from .hwmon_chips import Chip, chips, still_there
from .hwmon_kinds import KINDS, Kind
from .root import Root, Unreadable

#: More than any chip has; a capture may hold any number of files.
CHANNELS_MAX = 1024
_FILE = re.compile(rf"((?:{'|'.join(KINDS)})\d{{1,3}})((?:_\w+)?)")
_NUMBER = re.compile(r"\d+")
_LETTERS = re.compile(r"[a-z]+")
#: Temperatures that stand for no limit at all in one chip or another, and in no other.
_NO_LIMIT = (0, 127, 255)
_OFF = "ENODATA"
_LONG = 2**63


class Channel(NamedTuple):
    """What does not change of a channel: its kind, the ends of its files' names (``_input``,
    ``_min``), and what was set: its label and its limits."""

    kind: Kind
    files: set[str]
    was: Gather


class Hwmon(Collector):
    """Channels of sensor chips, as ``sensor:nct6779/fan1``; their kinds tell what they measure.

    Each chip is read by itself, as some ask firmware or a bus that may not answer. Alarm bits are
    the chip's own and may be left from an event in the past.
    """

    name: ClassVar = "hwmon"
    kinds: ClassVar = {kind.name: kind.metrics for kind in KINDS.values()}
    attributes: ClassVar = {
        kind.name: ("chip", "chip_name", "sensor", "label") for kind in KINDS.values()
    }
    interval: ClassVar = 20.0

    def __init__(self) -> None:
        self._known: dict[str, Chip] = {}  # finding a chip by its id takes a look at all of them

    def targets(self, root: Root) -> list[str]:
        """Ids of the chips. Raises Unreadable if they cannot be listed."""
        return [chip.id for chip in chips(root)]

    def collect(self, root: Root, target: str) -> list[Sample]:
        """All channels of a chip. Raises Unreadable if they cannot be listed."""
        chip = self._known.get(target)
        if chip is None or not still_there(root, chip):
            self._known = {chip.id: chip for chip in chips(root)}
            chip = self._known.get(target)
        return [] if chip is None else _read(root, chip)


def _read(root: Root, chip: Chip) -> list[Sample]:
    channels = _channels(root, chip.place)
    if not channels:  # drivers that are older than the class keep their files at the device
        chip = chip._replace(place=f"{chip.place}/device")
        channels = _channels(root, chip.place)
    samples = []
    for name, channel in channels.items():
        g = _measured(root, chip, name, channel)
        number = _LETTERS.sub("", name)
        control = channels.get(f"pwm{number}")
        if g.kind == "fan" and control is not None and "" in control.files:
            g.number("pwm", f"pwm{number}")
        samples.append(g.sample())
    return samples


@fact("")
def _channels(root: Root, place: str) -> Mapping[str, Channel]:
    """All channels of a chip, by name."""
    found: dict[str, set[str]] = {}
    for name in root.names(place):
        if match := _FILE.fullmatch(name):
            found.setdefault(match[1], set()).add(match[2])
    real = {c: files for c, files in found.items() if files - {"_label"}}
    return {
        name: _channel(root, place, name, files)
        for name, files in list(real.items())[:CHANNELS_MAX]
    }


def _channel(root: Root, place: str, channel: str, files: set[str]) -> Channel:
    kind = KINDS[_NUMBER.sub("", channel)]
    g = Gather("", kind.name, root, place)
    g.attributes.update(sensor=channel, label="")
    g.attribute("label", f"{channel}_label")
    for limit in kind.limits:
        if f"_{limit}" in files:
            _limit(g, kind, limit, f"{channel}_{limit}")
    return Channel(kind, files, g)


def _measured(root: Root, chip: Chip, name: str, channel: Channel) -> Gather:
    kind, files, was = channel
    g = Gather(f"sensor:{chip.id}/{name}", kind.name, root, chip.place)
    g.attributes.update(was.attributes, chip=chip.label, chip_name=chip.name)
    for flag in kind.flags:
        if f"_{flag}" in files:
            _flag(g, flag, f"{name}_{flag}")
    _value(g, kind, name, files)
    g.metrics.update(was.metrics)
    g.problems.update(was.problems)
    for number in kind.numbers:
        if number.file in files:
            _number(g, number.metric, f"{name}{number.file}", number.scale)
    return g


def _flag(g: Gather, metric: str, file: str) -> None:
    """A file of 0 or 1. An alarm bit that stays set until it is read is read twice: the second
    time it tells of now."""
    value = g.number(metric, file)
    if value == 1 and metric.endswith("alarm"):
        value = g.number(metric, file)
    if value not in (None, 0, 1):
        g.metrics.pop(metric, None)
        g.problem(metric, f"{file}: neither 0 nor 1: {value:.3g}")


def _value(g: Gather, kind: Kind, channel: str, files: set[str]) -> None:
    """What the channel measures, unless it is off; one with a fault shows a number without
    meaning."""
    end = next((end for end in kind.inputs if end in files), None)
    if end is None or not kind.value:
        if not g.metrics.keys() & set(kind.flags) and kind.value:
            g.problem(kind.value, "the channel has neither a value nor an alarm")
        return
    switch = kind.switch
    if switch and switch in files and g.number("enabled", f"{channel}{switch}") == 0:
        return
    if g.metrics.get("fault") == 1:
        g.problem(kind.value, "the chip says that the sensor has a fault")
        return
    try:
        raw = g.root.number(f"{g.directory}/{channel}{end}")
    except Unreadable as e:
        _no_value(g, kind, e)
        return
    value = round(raw * kind.scale, 9) if kind.scale != 1 else raw
    least, most = kind.range
    if least <= value <= most:
        g.set(kind.value, value)
    else:
        g.problem(kind.value, f"cannot be true: {value:.5g}")


def _no_value(g: Gather, kind: Kind, e: Unreadable) -> None:
    if e.why.startswith(_OFF):
        g.set("enabled", 0)
    else:
        g.problem(kind.value, str(e))


def _limit(g: Gather, kind: Kind, limit: str, file: str) -> None:
    """A limit; one that the channel cannot reach is what chips show when none was set."""
    metric = f"{limit}_{kind.value}"
    value = _number(g, metric, file, kind.scale)
    least, most = kind.range
    unset = _NO_LIMIT if kind.name == "temperature" else ()
    if value is not None and (value in unset or not least <= value <= most):
        del g.metrics[metric]


def _number(g: Gather, metric: str, file: str, scale: float) -> float | None:
    """A number that the kernel can hold."""
    value = g.number(metric, file, scale)
    if value is None or abs(value) < _LONG * scale:
        return value
    del g.metrics[metric]
    g.problem(metric, f"{file}: cannot be true: {value:.5g}")
    return None


COLLECTOR = Hwmon
