"""The NVMe health log (log page 0x02), as smartctl and nvme-cli print it, and nvme-cli's list.

Source: NVM Express Base Specification 2.0, section 5.16.1.3; nvme-cli's nvme-print.c.
"""

import re
from collections.abc import Mapping
from typing import Any

from hwagent.model import Sample

from .document import ITEMS_MAX, Report, load, number, objects, text, whole
from .root import SIZE_MAX

#: Metric, factor to base units, and its names in smartctl, nvme-cli's JSON and nvme-cli's text.
_FIELDS: tuple[tuple[str, float, tuple[str, ...]], ...] = (
    ("available_spare_threshold", 1, ("available_spare_threshold", "spare_thresh")),
    ("available_spare", 1, ("available_spare", "avail_spare")),
    ("percentage_used", 1, ("percentage_used", "percent_used")),
    ("media_errors", 1, ("media_errors", "media_and_data_integrity_errors")),
    ("error_log_entries", 1, ("num_err_log_entries",)),
    ("unsafe_shutdowns", 1, ("unsafe_shutdowns",)),
    ("power_cycles", 1, ("power_cycles",)),
    ("power_on_hours", 1, ("power_on_hours",)),
    ("data_units_read", 1, ("data_units_read",)),
    ("data_units_written", 1, ("data_units_written",)),
    ("controller_busy_seconds", 60, ("controller_busy_time",)),
    ("temperature_over_warning_seconds", 60, ("warning_temp_time", "warning_temperature_time")),
    (
        "temperature_over_critical_seconds",
        60,
        ("critical_comp_time", "critical_composite_temperature_time"),
    ),
)
#: One byte each in the log; used may pass 100 and stops at 255.
_BYTES = frozenset({"available_spare", "available_spare_threshold", "percentage_used"})
#: Bits of the critical warning, from bit 0 on.
WARNINGS = (
    "spare_low",
    "temperature_alarm",
    "reliability_degraded",
    "media_read_only",
    "backup_failed",
    "memory_region_unreliable",
)
_KELVIN = 273
#: What composite temperatures a drive may report, in degrees Celsius; below or above is damage.
TEMPERATURE_LEAST, TEMPERATURE_MOST = -60, 150
_SENSOR = re.compile(r"temperature_sensor_[1-8]")
_DEVICE = re.compile(r"device:\s*([A-Za-z0-9._-]{1,40})")
_IN_KELVIN = re.compile(r"\((\d{1,4}) K\)")  # what stands before it is in the unit of the locale
_NUMBER = re.compile(r"(0x[0-9a-fA-F]{1,16}|[0-9][0-9,']{0,59})\s*(%|C|K|°C)?")


def health_log(report: Report, log: Mapping[str, Any]) -> None:
    """Puts the counters and the warning bits of a health log into metrics.

    ``log`` has the names of any of the tools; temperatures are the caller's, since tools print
    them in different units.
    """
    for metric, scale, names in _FIELDS:
        value = next((log[name] for name in names if name in log), None)
        report.take(metric, value, scale, most=255 if metric in _BYTES else 2**128)
    warning = log.get("critical_warning")
    # nvme-cli -v spells the byte out as an object with its value in it
    warning = warning.get("value") if isinstance(warning, dict) else warning
    report.take("critical_warning", warning, most=255)
    bits = whole(warning)
    if bits is not None and "critical_warning" in report.metrics:
        for bit, metric in enumerate(WARNINGS):
            report.set(metric, bits >> bit & 1)


def decode_smart_log(data: bytes) -> list[Sample]:
    """Output of ``nvme smart-log``, JSON or text, as one disk."""
    report = Report("disk:nvme", "disk")
    try:
        log = _document(data)
    except ValueError as e:
        report.fail(f"nvme smart-log: {e}")
        return [report.sample()]
    if device := text(log, "device"):
        report.id = f"disk:{device}"
        report.note("name", device)
    health_log(report, log)
    sensors = [v for k in sorted(log) if _SENSOR.fullmatch(k) and (v := number(log[k]))]
    report.take("temperature_celsius", _celsius(log.get("temperature")), **_RANGE)
    report.note("temperature_sensors", [_celsius(v) for v in sensors])
    if "critical_warning" not in report.metrics:
        report.fail("nvme smart-log: no critical_warning in it")
    return [report.sample()]


_RANGE: dict[str, float] = {"least": TEMPERATURE_LEAST, "most": TEMPERATURE_MOST}


def _celsius(kelvin: Any) -> Any:
    """Kelvin to Celsius; 0 means that there is no such sensor, and no number stays what it is."""
    value = number(kelvin)
    return (value - _KELVIN if value else None) if value is not None else kelvin


def _document(data: bytes) -> dict[str, Any]:
    if data.lstrip()[:1] in (b"{", b"["):
        log = load(data)
        if not isinstance(log, dict):
            raise ValueError("not a JSON object")
        return log
    return _lines(data)


def _lines(data: bytes) -> dict[str, Any]:
    """The text form: ``name : 1,234 (unit)``; temperatures are brought to Kelvin as in JSON."""
    log: dict[str, Any] = {}
    content = data[:SIZE_MAX].decode("utf-8", "replace")
    if device := _DEVICE.search(content):
        log["device"] = device[1]
    for line in content.splitlines()[:ITEMS_MAX]:
        name, colon, rest = line.rpartition(":")
        found = _NUMBER.match(rest.strip())
        if not colon or not found:
            continue
        value = int(found[1].replace(",", "").replace("'", ""), 0 if found[1][:2] == "0x" else 10)
        kelvin = _KELVIN if found[2] in ("C", "°C") else 0
        told = _IN_KELVIN.search(rest)
        log[re.sub(r"\W+", "_", name.strip().lower())] = int(told[1]) if told else value + kelvin
    if not log:
        raise ValueError("neither JSON nor lines of names and numbers")
    return log


def decode_list(data: bytes) -> list[Sample]:
    """Output of ``nvme list``, JSON (flat or by subsystem) or table, as one disk per namespace: it
    says which there are, so how they are is unknown."""
    try:
        devices = _namespaces(load(data)) if data.lstrip()[:1] in (b"{", b"[") else _table(data)
    except ValueError as e:
        return [Sample(id="disk:nvme", kind="disk", unreadable=f"nvme list: {e}")]
    found = {sample.id: sample for sample in map(_listed, devices)}
    return list(found.values())


def _namespaces(document: Any) -> list[dict[str, Any]]:
    """Flat records of namespaces from both JSON layouts. Raises ValueError."""
    if not isinstance(document, dict) or not isinstance(document.get("Devices"), list):
        raise ValueError("no Devices in it")
    flat: list[dict[str, Any]] = []
    for device in objects(document, "Devices"):
        subsystems = objects(device, "Subsystems")
        flat += [] if subsystems else [device]
        for subsystem in subsystems:
            for controller in objects(subsystem, "Controllers"):
                own = objects(controller, "Namespaces") or objects(subsystem, "Namespaces")
                flat += [{**controller, **namespace} for namespace in own]
    return flat[:ITEMS_MAX]


def _listed(device: Mapping[str, Any]) -> Sample:
    path = text(device, "DevicePath") or text(device, "NameSpace") or text(device, "Controller")
    name = path.removeprefix("/dev/")
    report = Report(f"disk:{name or 'nvme'}", "disk")
    report.note("name", name)
    report.note("device", f"/dev/{name}" if name else "")
    for attribute, key in (
        ("model", "ModelNumber"),
        ("serial", "SerialNumber"),
        ("firmware", "Firmware"),
        ("capacity_bytes", "PhysicalSize"),
        ("usage", "Usage"),
    ):
        value = device.get(key)
        report.note(attribute, value.strip() if isinstance(value, str) else number(value))
    if not name or not report.attributes.get("serial"):
        report.fail("nvme list: an entry without a device or a serial number")
    report.fail("nvme only listed it: how it is was not read")
    return report.sample()


def _table(data: bytes) -> list[dict[str, Any]]:
    """The table: columns are as wide as the dashes under their names. Raises ValueError."""
    lines = data[:SIZE_MAX].decode("utf-8", "replace").splitlines()[:ITEMS_MAX]
    rule = next((n for n, line in enumerate(lines) if n and line.startswith("-----")), 0)
    if not rule:
        raise ValueError("neither JSON nor a table")
    spans = [m.span() for m in re.finditer(r"-+", lines[rule])]
    heads = [lines[rule - 1][a:b].strip() for a, b in spans]
    rows = [[line[a:b].strip() for a, b in spans] for line in lines[rule + 1 :] if line.strip()]
    keys = {"Node": "DevicePath", "SN": "SerialNumber", "Model": "ModelNumber", "Usage": "Usage"}
    keys["FW Rev"] = "Firmware"
    return [{keys[h]: cell for h, cell in zip(heads, row) if h in keys} for row in rows]
