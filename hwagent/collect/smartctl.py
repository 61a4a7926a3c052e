"""What ``smartctl --json`` says about a disk: ATA, SCSI/SAS and NVMe. Pure.

Source: smartctl(8), smartmontools 7.x; the JSON has no published schema, so every value is taken
as one that may be missing or of another type. What is absent stays absent: no status is not a good
status.
"""

import re
from typing import Any

import msgspec

from hwagent.model import Sample

from . import ata
from .document import Report, dig, load, number, objects, text, whole
from .identity import safe
from .nvme import TEMPERATURE_LEAST, TEMPERATURE_MOST, health_log

#: Bits of the exit status, from bit 0 on; smartctl(8), "RETURN VALUES".
EXIT_BITS = (
    "command_line_error",
    "open_failed",
    "command_failed",
    "disk_failing",
    "prefail_below_threshold",
    "attribute_below_threshold_in_past",
    "error_log_has_errors",
    "selftest_log_has_errors",
)
_USAGE, _OPEN = 1, 2
_ASLEEP = re.compile(r"device is in \S+( \S+)? mode", re.I)
#: What smartctl says of USB bridges and volumes of RAID controllers: no disk that has SMART itself.
_INDIRECT = re.compile(r"unknown usb bridge|specify device type|try adding '?-d", re.I)
_SCSI_SELFTESTS = 20
#: SCSI self-test results that are failures (SPC, self-test results log page): 3 to 7.
_SCSI_SELFTEST_FAILED = range(3, 8)
#: Values that drives give for a limit that is not set.
_NO_LIMIT = (0, 127, 255)


def decode(data: bytes) -> list[Sample]:
    """One captured output: of one disk, or of ``smartctl --scan``. Never raises."""
    try:
        document = load(data)
    except ValueError as e:
        return [_unknown(f"smartctl: {e}")]
    if not isinstance(document, dict):
        return [_unknown("smartctl: not a JSON object")]
    if isinstance(document.get("devices"), list):
        return _scan(document)
    return [_alone(disk(document), document)]


def _alone(sample: Sample, document: Any) -> Sample:
    """A disk of which nothing else is known than this file: one that sleeps or has no SMART may be
    well, but nobody has said so."""
    name = text(document, "device", "name").removeprefix("/dev/")
    attributes = {"name": name, **sample.attributes} if name else sample.attributes
    known = sample.unreadable or sample.problems or "smart_passed" in sample.metrics
    said = next(iter(_messages(document)), "smartctl reports no SMART health status")
    why = sample.unreadable if known else f"health unknown: {said}"
    return msgspec.structs.replace(sample, attributes=attributes, unreadable=why)


def decode_scan(data: bytes) -> list[Sample]:
    """Output of ``smartctl --scan``: one disk per device that it found, unknown. Never raises."""
    return decode(data)


def disk(document: dict[str, Any]) -> Sample:
    """The sample of one disk, from the decoded JSON of ``smartctl``."""
    report = Report(_id(document), "disk")
    _identity(report, document)
    if asleep(document):
        sleeping(report)
        return report.sample()
    if any(_INDIRECT.search(line) for line in _messages(document)):
        report.set("smart_available", 0)
        return report.sample()
    _exit_status(report, document)
    if not report.unreadable:
        _health(report, document)
        _common(report, document)
        ata.attributes(report, document)
        ata.logs(report, document)
        _scsi(report, document)
        _nvme(report, document)
        if "percentage_used" not in report.metrics:  # of any protocol, since smartctl 7.5
            used = dig(document, "endurance_used", "current_percent")
            report.take("percentage_used", used, most=255)
    return report.sample()


def asleep(document: Any) -> bool:
    """True if smartctl let a disk sleep on (``-n standby``) instead of reading it."""
    if dig(document, "smart_status") is not None:
        return False
    return any(_ASLEEP.search(line) for line in _messages(document))


def sleeping(report: Report) -> None:
    """Notes that a disk sleeps and was not asked: what it said last still counts."""
    report.set("asleep", 1)
    report.partial = True


def _unknown(why: str) -> Sample:
    return Sample(id="disk:unknown", kind="disk", unreadable=why)


def _messages(document: Any) -> list[str]:
    return [text(m, "string") for m in objects(document, "smartctl", "messages")[:8]]


def _id(document: Any) -> str:
    """The id that identity.disk_id gives the same disk from sysfs."""
    if wwn := world_wide_name(document):
        return f"disk:{wwn}"
    if serial := text(document, "serial_number"):
        return f"disk:serial-{safe(serial)}"
    name = text(document, "device", "name").removeprefix("/dev/")
    return f"disk:{safe(name)}" if name else "disk:unknown"


def world_wide_name(document: Any) -> str:
    """``wwn-0x...`` or ``nvme-eui....`` as in /dev/disk/by-id; empty if the disk has none."""
    naa, oui, own = (whole(document, "wwn", part) for part in ("naa", "oui", "id"))
    if naa and oui is not None and own is not None:
        return f"wwn-0x{naa:x}{oui:06x}{own:09x}"
    unit = text(document, "logical_unit_id").lower()
    if re.fullmatch(r"0x[0-9a-f]{16,32}", unit) and int(unit, 16):
        return f"wwn-{unit}"
    vendor = whole(document, "nvme_namespaces", 0, "eui64", "oui")
    extension = whole(document, "nvme_namespaces", 0, "eui64", "ext_id")
    return f"nvme-eui.{vendor:06x}{extension:010x}" if vendor and extension is not None else ""


def _identity(report: Report, document: Any) -> None:
    for attribute, path in (
        ("device", ("device", "name")),
        ("device_type", ("device", "type")),
        ("protocol", ("device", "protocol")),
        ("model_family", ("model_family",)),
        ("serial", ("serial_number",)),
        ("firmware", ("firmware_version",)),
        ("revision", ("scsi_revision",)),
        ("transport_protocol", ("scsi_transport_protocol", "name")),
        ("form_factor", ("form_factor", "name")),
        ("link_speed", ("interface_speed", "current", "string")),
        ("link_speed_max", ("interface_speed", "max", "string")),
    ):
        report.note(attribute, text(document, *path))
    report.note("model", text(document, "model_name") or text(document, "scsi_model_name"))
    capacity = number(document, "user_capacity", "bytes")
    report.note("capacity_bytes", capacity or number(document, "nvme_total_capacity"))
    report.note("rotation_rate", number(document, "rotation_rate"))
    report.note("messages", _messages(document))


def _exit_status(report: Report, document: Any) -> None:
    status = number(document, "smartctl", "exit_status")
    report.take("exit_status", dig(document, "smartctl", "exit_status"), most=255)
    if "exit_status" in report.metrics and isinstance(status, int):
        report.note("exit_bits", exit_bits(status))
        said = next(iter(_messages(document)), "")
        if status & _OPEN:
            report.fail(f"smartctl could not open the device: {said or 'no reason given'}")
        elif status & _USAGE:
            report.fail(f"smartctl did not understand its command line: {said or status}")


def exit_bits(status: int) -> list[str]:
    """Names of the bits of an exit status."""
    return [name for bit, name in enumerate(EXIT_BITS) if status >> bit & 1]


def _health(report: Report, document: Any) -> None:
    passed = dig(document, "smart_status", "passed")
    if isinstance(passed, bool):
        report.set("smart_passed", int(passed))
    elif dig(document, "smart_support", "available") is False:
        report.set("smart_available", 0)
    else:
        report.problem("smart_passed", "smartctl reports no SMART health status")
    if isinstance(available := dig(document, "smart_support", "available"), bool):
        report.set("smart_available", int(available))
    if isinstance(enabled := dig(document, "smart_support", "enabled"), bool):
        report.set("smart_enabled", int(enabled))


def _common(report: Report, document: Any) -> None:
    now = dig(document, "temperature", "current")
    now = ata.temperature(document) if now is None else now
    report.take("temperature_celsius", now, least=TEMPERATURE_LEAST, most=TEMPERATURE_MOST)
    for metric, path in (
        ("temperature_max_celsius", ("temperature", "op_limit_max")),
        ("temperature_critical_celsius", ("temperature", "limit_max")),
        ("temperature_critical_celsius", ("temperature", "critical_limit_max")),
        ("temperature_max_celsius", ("nvme_composite_temperature_threshold", "warning")),
        ("temperature_critical_celsius", ("nvme_composite_temperature_threshold", "critical")),
        ("temperature_critical_celsius", ("temperature", "drive_trip")),
    ):
        if (limit := number(document, *path)) is not None and limit not in _NO_LIMIT:
            report.take(metric, limit, most=TEMPERATURE_MOST)
    report.note("temperature_trip", number(document, "temperature", "drive_trip"))
    hours = dig(document, "power_on_time", "hours")
    report.take("power_on_hours", ata.power_on_hours(document) if hours is None else hours)
    report.take("power_cycles", dig(document, "power_cycle_count"))
    if (rate := number(document, "rotation_rate")) is not None:
        report.set("rotational", int(rate > 0))
    for metric, which in (("link_speed", "current"), ("link_speed_max", "max")):
        units = number(document, "interface_speed", which, "units_per_second")
        bits = number(document, "interface_speed", which, "bits_per_unit")
        if units and bits:
            report.set(metric, units * bits)


def _scsi(report: Report, document: Any) -> None:
    report.take("grown_defects", dig(document, "scsi_grown_defect_list"))
    report.take(
        "percentage_used", dig(document, "scsi_percentage_used_endurance_indicator"), most=255
    )
    cycles = dig(document, "scsi_start_stop_cycle_counter")
    report.take("start_stop_cycles", dig(cycles, "accumulated_start_stop_cycles"))
    report.take("load_unload_cycles", dig(cycles, "accumulated_load_unload_cycles"))
    counters = dig(document, "scsi_error_counter_log")
    for way in ("read", "write", "verify"):
        report.take(f"{way}_uncorrected_errors", dig(counters, way, "total_uncorrected_errors"))
        report.take(f"{way}_corrected_errors", dig(counters, way, "total_errors_corrected"))
    _scsi_selftests(report, document)


def _scsi_selftests(report: Report, document: Any) -> None:
    names = (f"scsi_self_test_{n}" for n in range(_SCSI_SELFTESTS))
    tests = [document[name] for name in names if isinstance(document.get(name), dict)]
    failed = [whole(t, "result", "value") in _SCSI_SELFTEST_FAILED for t in tests]
    if tests:
        hours = number(tests[0], "power_on_time", "hours")
        kind, result = text(tests[0], "code", "string"), text(tests[0], "result", "string")
        ata.latest(report, kind, result, hours, failed[0])
        report.set("selftest_failures", sum(failed))


def _nvme(report: Report, document: Any) -> None:
    log = dig(document, "nvme_smart_health_information_log")
    if isinstance(log, dict):
        health_log(report, log)
        sensors = log.get("temperature_sensors")
        if isinstance(sensors, list):
            report.note("temperature_sensors", [number(v) for v in sensors[:8]])
    report.note("nvme_smart_status", whole(document, "smart_status", "nvme", "value"))
    tests = objects(document, "nvme_self_test_log", "table")
    # Results 5, 6, 7 of the self-test log are failures (NVMe, device self-test log)
    failed = [whole(t, "self_test_result", "value") in (5, 6, 7) for t in tests]
    if tests:
        kind = text(tests[0], "self_test_code", "string")
        result = text(tests[0], "self_test_result", "string")
        hours = number(tests[0], "power_on_hours")
        ata.latest(report, kind, result, hours, failed[0])
        report.set("selftest_failures", sum(failed))


def _scan(document: dict[str, Any]) -> list[Sample]:
    """Devices that a scan found: where they are; how they are is unknown."""
    found: dict[str, Sample] = {}
    for device in objects(document, "devices"):
        name, how = text(device, "name").removeprefix("/dev/"), text(device, "type")
        behind = f"-{how}" if "," in how else ""  # many disks behind one controller's node
        report = Report(f"disk:{safe(name + behind) or 'unknown'}", "disk")
        report.note("device", text(device, "name"))
        report.note("device_type", how)
        report.note("protocol", text(device, "protocol"))
        error = text(device, "open_error")
        report.fail(f"smartctl could not open the device: {error}" if error else "")
        if not name:
            report.fail("smartctl: an entry of the scan without a name")
        report.fail("smartctl only listed it: how it is was not read")
        found[report.id] = report.sample()
    return list(found.values())
