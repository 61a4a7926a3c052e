"""What a BMC says by Redfish: supplies, fans, temperatures, redundancy, drives, controllers. Pure.

Source: DMTF DSP0268 (Redfish schemas). One document at a time, whatever its type: types that are
not known by themselves count by their Status. The new subsystems (2020.4) and the old arrays have
the same parts in other words; who reads a live BMC takes those that have members.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from hwagent.model import Sample

from . import verdict as verdicts
from .document import Report, dig, load, number, objects, text
from .identity import safe
from .ipmi import REDUNDANCY_METRICS
from .redfish_status import redundancy_of, verdict_of

#: Attributes that say what a part is, and the properties that hold them.
_IDENTITY = {
    "model": "Model",
    "serial": "SerialNumber",
    "manufacturer": "Manufacturer",
    "firmware": "FirmwareVersion",
}
_HEALTH_UNKNOWN = "the BMC does not tell its health"
#: Thresholds of the old arrays and of Sensor.
_LIMITS = {
    "max": ("UpperThresholdNonCritical", "UpperCaution"),
    "crit": ("UpperThresholdCritical", "UpperCritical"),
    "min": ("LowerThresholdNonCritical", "LowerCaution"),
    "lcrit": ("LowerThresholdCritical", "LowerCritical"),
}
#: Units of Sensor (UCUM) by kind.
_UNITS = {"Cel": "temperature", "V": "voltage", "A": "current", "W": "power", "RPM": "fan",
          "{rev}/min": "fan", "Hz": "frequency"}  # fmt: skip
#: What the name of a type says if a document does not.
_BY_KEY = {
    "PowerSupplies": "Power",
    "PowerControl": "Power",
    "Temperatures": "Thermal",
    "Fans": "Thermal",
    "StorageControllers": "Storage",
    "Devices": "SimpleStorage",
    "ReadingType": "Sensor",
}
_DOCUMENTS_MAX = 4096
#: Kinds that measure something, and may be told not to.
_SENSORS = (*_UNITS.values(), "sensor")

KINDS = {**verdicts.PART_KINDS, "redundancy": REDUNDANCY_METRICS}
NAMES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(verdicts.PART_KINDS, (*verdicts.PART_ATTRIBUTES, *_IDENTITY, "status")),
    "redundancy": ("name", "label", "of", "status"),
}


def decode(data: bytes) -> list[Sample]:
    """One document, an expanded collection, or several documents in a list. Never raises."""
    try:
        reports = list(_documents(load(data)))
    except ValueError as e:
        return [_nothing(f"redfish: {e}")]
    if not reports:
        return [_nothing("redfish: no part of a machine in it; links are not followed")]
    return [report.sample() for report in _told_apart(reports)]


def _nothing(why: str) -> Sample:
    attributes = {"name": "redfish"}
    return Sample(id="bmc:redfish", kind="bmc", attributes=attributes, unreadable=why)


def _documents(node: Any) -> Iterator[Report]:
    """Parts of a document and of those that it holds whole; links to others are not followed."""
    if isinstance(node, list):
        for one in objects(node)[:_DOCUMENTS_MAX]:
            yield from _documents(one)
        return
    if not isinstance(node, dict):
        raise ValueError("not a JSON object")
    if "error" in node:
        raise ValueError(f"the BMC says: {text(node, 'error', 'message') or 'an error'}")
    if "Members" in node:
        for one in objects(node, "Members"):
            if set(one) != {"@odata.id"}:
                yield from _documents(one)
        return
    yield from _TYPES.get(_type(node), _other)(node)


def _type(node: dict[str, Any]) -> str:
    """``#Power.v1_7_1.Power`` is of type Power; else what its properties show."""
    named = text(node, "@odata.type").removeprefix("#").partition(".")[0]
    if named:
        return named
    return next((type for key, type in _BY_KEY.items() if isinstance(node.get(key), list)), "")


def _told_apart(reports: list[Report]) -> list[Report]:
    """Parts of one id get the number that the BMC gives them, or that they stand at."""
    same = Counter(report.id for report in reports)
    used: Counter[str] = Counter()
    for report in reports:
        if same[report.id] > 1:
            used[report.id] += 1
            report.id += f"-{report.attributes.get('member') or used[report.id]}"
    again = Counter(report.id for report in reports)
    for place, report in enumerate(reports):
        report.id += f"-{place}" if again[report.id] > 1 else ""
    return reports


def _part(node: dict[str, Any], kind: str, prefix: str = "") -> Report:
    name = text(node, "Name") or text(node, "FanName") or text(node, "Id") or kind
    report = Report(f"{prefix or kind}:redfish/{safe(name)}", kind)
    report.attributes.update(name=name, label=name, of="bmc:redfish")
    report.note("member", text(node, "MemberId") or text(node, "Id"))
    for attribute, key in _IDENTITY.items():
        report.note(attribute, text(node, key))
    if isinstance(node.get("Status"), dict):
        report.note("status", {k: v for k, v in node["Status"].items() if isinstance(v, str)})
    return report


def _judged(report: Report, node: dict[str, Any], measured: bool = False) -> Report:
    """Puts the verdict of the Status in. Without a health, what is measured counts by its value."""
    verdict = verdict_of(node.get("Status"))
    if verdict == "disabled" and report.kind in _SENSORS:
        report.metrics["enabled"] = 0
    elif verdict != "unknown":
        verdicts.judge(report, verdict)
    elif not measured:
        report.fail(_HEALTH_UNKNOWN)
    return report


def _power(node: dict[str, Any]) -> Iterator[Report]:
    """Power, the old array."""
    for control in objects(node, "PowerControl"):
        report = _part(control, "power", "sensor")
        report.note("capacity_watts", number(control, "PowerCapacityWatts"))
        yield _measured(report, control, control.get("PowerConsumedWatts"))
    for supply in objects(node, "PowerSupplies"):
        yield from _supply(supply)
    for voltage in objects(node, "Voltages"):
        report = _part(voltage, "voltage", "sensor")
        yield _measured(report, voltage, voltage.get("ReadingVolts"))
    yield from _redundancy(node, "Redundancy")


def _supply(node: dict[str, Any]) -> Iterator[Report]:
    report = _part(node, "psu")
    report.take("watts", number(node, "LastPowerOutputWatts"), most=1e6)
    for attribute, key in (
        ("capacity_watts", "PowerCapacityWatts"),
        ("line_volts", "LineInputVoltage"),
        ("input_watts", "PowerInputWatts"),
    ):
        report.note(attribute, number(node, key))
    line = text(node, "LineInputStatus")
    report.note("line", line)
    if line == "LossOfInput":
        verdicts.judge(report, "no_input")
        yield report
    else:
        yield _judged(report, node)


def _thermal(node: dict[str, Any]) -> Iterator[Report]:
    """Thermal, the old array."""
    for heat in objects(node, "Temperatures"):
        report = _part(heat, "temperature", "sensor")
        yield _measured(report, heat, heat.get("ReadingCelsius"))
    for fan in objects(node, "Fans"):
        yield from _fan(fan)
    yield from _redundancy(node, "Redundancy")


def _fan(node: dict[str, Any]) -> Iterator[Report]:
    report = _part(node, "fan")
    speed = dig(node, "SpeedPercent", "SpeedRPM")
    if speed is None and text(node, "ReadingUnits") in ("RPM", ""):
        speed = node.get("Reading", node.get("ReadingRPM"))
    report.note("type", text(node, "ReadingUnits") or "RPM")
    yield _measured(report, node, speed)


def _sensor(node: dict[str, Any]) -> Iterator[Report]:
    """Sensor, of 2020.4."""
    report = _part(node, _UNITS.get(text(node, "ReadingUnits"), "sensor"), "sensor")
    report.note("type", text(node, "ReadingUnits"))
    yield _measured(report, node, node.get("Reading"))


def _measured(report: Report, node: dict[str, Any], value: Any) -> Report:
    found = number({"value": value}, "value")
    if found is not None:
        verdicts.measure(report, found, _limits(node))
    elif value is not None:
        report.problem(verdicts.metric_of(report.kind), f"not a number: {str(value)[:40]}")
    else:  # its limits are set all the same
        report.note("limits", _limits(node))
    return _judged(report, node, measured=found is not None)


def _limits(node: dict[str, Any]) -> dict[str, float]:
    found = {}
    for limit, (old, new) in _LIMITS.items():
        value = number(node, old)
        value = number(node, "Thresholds", new, "Reading") if value is None else value
        if value is not None:
            found[limit] = float(value)
    return found


def _redundancy(node: dict[str, Any], key: str) -> Iterator[Report]:
    for place, group in enumerate(objects(node, key)):
        state = redundancy_of(group)
        if not state:
            continue
        report = _part(group, "redundancy")
        if not text(group, "Name"):
            name = f"{text(node, 'Name') or key} {place}"
            report.id = f"redundancy:redfish/{safe(name)}"
            report.attributes.update(name=name, label=name)
        report.metrics["redundancy"] = state
        yield report


def _subsystem(node: dict[str, Any]) -> Iterator[Report]:
    """PowerSubsystem and ThermalSubsystem: their members are documents of their own."""
    yield from _other(node)
    yield from _redundancy(node, "PowerSupplyRedundancy")
    yield from _redundancy(node, "FanRedundancy")


def _storage(node: dict[str, Any]) -> Iterator[Report]:
    """Storage and SimpleStorage: the subsystem, its controllers, its devices."""
    yield _judged(_part(node, "controller"), node)
    for controller in objects(node, "StorageControllers"):
        yield _judged(_part(controller, "controller"), controller)
    for device in objects(node, "Devices"):
        yield from _drive(device)
    for drive in objects(node, "Drives"):
        if set(drive) != {"@odata.id"}:
            yield from _drive(drive)


def _drive(node: dict[str, Any]) -> Iterator[Report]:
    """A drive, under the id that the host's own collectors give the same disk."""
    report = _part(node, "disk")
    if serial := text(node, "SerialNumber"):
        report.id = f"disk:serial-{safe(serial)}"
    report.note("capacity_bytes", number(node, "CapacityBytes"))
    report.note("protocol", text(node, "Protocol"))
    if node.get("FailurePredicted") is True:
        report.metrics["smart_passed"] = 0
    left = number(node, "PredictedMediaLifeLeftPercent")
    if left is not None and 0 <= left <= 100:
        report.metrics["percentage_used"] = 100 - left
    yield _judged(report, node)


def _other(node: dict[str, Any]) -> Iterator[Report]:
    """Anything else that has a Status: systems, chassis, memory, processors, managers."""
    for part in (node, *(node.get(key) for key in ("ProcessorSummary", "MemorySummary"))):
        if not isinstance(part, dict) or not isinstance(part.get("Status"), dict):
            continue
        report = _part(part if part is node else {**part, "Name": _summary(node, part)}, "sensor")
        yield _judged(report, part)


def _summary(node: dict[str, Any], part: dict[str, Any]) -> str:
    key = next(k for k, v in node.items() if v is part)
    return f"{text(node, 'Name')} {key.removesuffix('Summary')}".strip()


_TYPES: dict[str, Callable[[dict[str, Any]], Iterator[Report]]] = {
    "Power": _power,
    "PowerSupply": _supply,
    "PowerSubsystem": _subsystem,
    "Thermal": _thermal,
    "ThermalSubsystem": _subsystem,
    "Fan": _fan,
    "Sensor": _sensor,
    "Storage": _storage,
    "SimpleStorage": _storage,
    "StorageController": _storage,
    "Drive": _drive,
}
