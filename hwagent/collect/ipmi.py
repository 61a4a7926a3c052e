"""What a BMC says by IPMI: sensors with limits, discrete states, redundancy, power. Pure.

Sources: IPMI 2.0; SIGNALS.md section 11. Rows without a reading and without an event (most of a
BMC's table: sensors that only speak up when something happens) are counted, not judged.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from hwagent.model import Metric, Sample, gauge, state

from . import ipmi_chassis
from . import verdict as verdicts
from .document import Report
from .identity import safe
from .ipmi_dcmi import parse_dcmi
from .ipmi_events import redundancy_of, verdict_of_event, verdict_of_status
from .ipmi_rows import Row, Rows, freeipmi, ipmitool

_SOURCE = "IPMI 2.0"
#: Kinds by unit, in the words of FreeIPMI and ipmitool.
_UNITS = {
    **{"c": "temperature", "degrees c": "temperature", "rpm": "fan", "v": "voltage"},
    **{"volts": "voltage", "a": "current", "amps": "current", "w": "power", "watts": "power"},
    **{"hz": "frequency", "hertz": "frequency"},
}
#: Kinds of discrete sensors, by type.
_TYPES = {"power supply": "psu", "fan": "fan", "cooling device": "fan"}
_ABNORMAL_MAX = 64

REDUNDANCY_METRICS: tuple[Metric, ...] = (
    state("redundancy", "full, degraded, not redundant, insufficient or lost", f"{_SOURCE} 42-2"),
)
BMC_METRICS: tuple[Metric, ...] = (
    gauge("rows", "sensors in its table", "", _SOURCE),
    gauge("rows_silent", "of these, the ones that say nothing now", "", _SOURCE),
    gauge("rows_unjudged", "of these, the ones whose words are the maker's own", "", _SOURCE),
    gauge("documents", "documents that it told of health by Redfish", "", "DMTF DSP0268"),
    *ipmi_chassis.METRICS,
)
KINDS: dict[str, tuple[Metric, ...]] = {
    **verdicts.PART_KINDS,
    "redundancy": REDUNDANCY_METRICS,
    "bmc": BMC_METRICS,
}
NAMES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(verdicts.PART_KINDS, (*verdicts.PART_ATTRIBUTES, "number", "events")),
    "redundancy": ("name", "label", "of", "number", "events"),
    "bmc": ("name", "fault", "address", "host"),
}


def decode_freeipmi(data: bytes) -> list[Sample]:
    """Output of ipmi-sensors or ipmimonitoring. Never raises."""
    return _decode(freeipmi, data)


def decode_ipmitool(data: bytes) -> list[Sample]:
    """Output of ``ipmitool sdr`` or ``ipmitool sensor``, with ``-c`` too. Never raises."""
    return _decode(ipmitool, data)


def decode_dcmi(data: bytes) -> list[Sample]:
    """Output of ``ipmi-dcmi --get-system-power-statistics`` or ``ipmitool dcmi power reading``: the
    power that the host takes. Never raises."""
    report = Report("power:ipmi/dcmi", "power")
    report.attributes.update(name="DCMI", label="DCMI", of="bmc:ipmi")
    try:
        windows = parse_dcmi(data.decode("utf-8", "replace"))
    except ValueError as e:
        report.fail(str(e))
        return [report.sample()]
    report.attributes["windows"] = windows
    verdicts.measure(report, windows[0]["watts"])
    return [report.sample()]


def _decode(parse: Callable[[str], Rows], data: bytes) -> list[Sample]:
    try:
        return samples(*parse(data.decode("utf-8", "replace")))
    except ValueError as e:
        return samples([], str(e))


def samples(rows: list[Row], problem: str = "") -> list[Sample]:
    """The BMC, and each of its sensors that says something. ``problem`` is what of its table could
    not be understood."""
    bmc = Report("bmc:ipmi", "bmc")
    told = [row for row in rows if row.reading is not None or row.events]
    named = Counter(row.name for row in rows)
    parts = [_part(row, alone=named[row.name] == 1) for row in told]
    unjudged = [row.name for row, part in zip(told, parts) if part is None]
    bmc.attributes.update(name="ipmi", unjudged=unjudged[:_ABNORMAL_MAX])
    bmc.metrics.update(rows=len(rows), rows_silent=len(rows) - len(told))
    bmc.metrics["rows_unjudged"] = len(unjudged)
    if problem:
        bmc.fail(problem)
    bmc.note("not_ok", [f"{r.name} {r.status}" for r in rows if r.status in ("ns", "us")])
    return [bmc.sample(), *(part.sample() for part in parts if part)]


def _part(row: Row, alone: bool) -> Report | None:
    """A sensor as a component; None if it says nothing that we can judge."""
    told = [v for e in row.events if (v := verdict_of_event(e))]
    status = verdict_of_status(row.status)
    if row.reading is None and not told:
        return None
    name = safe(row.name) if alone else f"{safe(row.name)}-{row.number}"
    if redundancy := redundancy_of(row.events):
        report = _report(row, f"redundancy:ipmi/{name}", "redundancy")
        report.metrics["redundancy"] = redundancy
        return report
    kind = _kind(row)
    prefix = kind if kind == "psu" or (kind == "fan" and row.reading is None) else "sensor"
    report = _report(row, f"{prefix}:ipmi/{name}", kind)
    if row.reading is not None:
        verdicts.measure(report, row.reading, row.limits)
        report.note("type", row.units)
    if status and (status != "good" or row.reading is not None):
        told.append(status)
    if told:
        verdicts.judge(report, _verdict(row, kind, told))
    return report


def _verdict(row: Row, kind: str, told: list[str]) -> str:
    """The worst; a supply that is not said to be present is an empty bay (SIGNALS 11)."""
    if kind == "psu" and row.events and all(e.strip().lower() == "ok" for e in row.events):
        return "absent"
    return verdicts.worst_verdict(told)


def _kind(row: Row) -> str:
    if row.reading is not None:
        return _UNITS.get(row.units.lower(), "sensor")
    return _TYPES.get(row.type.lower(), "sensor")


def _report(row: Row, id: str, kind: str) -> Report:
    report = Report(id, kind)
    report.attributes.update(name=row.name, label=row.name, of="bmc:ipmi")
    told: dict[str, Any] = {"number": row.number, "events": list(row.events)}
    told.update(sensor_type=row.type, states=", ".join(row.events))
    for name, value in told.items():
        report.note(name, value)
    return report
