"""What our decoders say of the disk captures, written as the corpus index writes it.

One table of fields for all files: nothing here knows a single file.
"""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from hwagent.collect import nvme, smartctl
from hwagent.collect.registry import attribute_names, vocabulary
from hwagent.daemon.judge import Judge
from hwagent.model import Health, Sample
from hwagent.rules import load_rules

ABSENT = "(absent)"
RULES = Path(__file__).parents[2] / "conf/rules.d/disk.yaml"


def observed(kind_folder: str, path: Path, component: str, field: str) -> str | None:
    """A field as the index writes it, from our decoded samples; None if it is not known here.

    ``component`` is a device such as /dev/sda, or a word in brackets for the file as a whole.
    """
    samples = decoded(kind_folder, path)
    if samples is None:
        return None
    if field == "device_count":
        return str(len(samples))
    if field == "parse":
        return "unknown" if all(s.unreadable for s in samples) else "valid"
    sample = of_component(samples, component)
    if sample is None:
        return None
    if field == "health":
        return health_of(sample)
    return _field(kind_folder, sample, field)


@cache
def decoded(kind_folder: str, path: Path) -> list[Sample] | None:
    """All samples of a file; None for a folder that is not of disks."""
    data = path.read_bytes()
    if kind_folder == "smartctl":
        return smartctl.decode(data)
    if kind_folder == "nvme-cli":
        listing = nvme.decode_list(data)
        return listing if "serial" in listing[0].attributes else nvme.decode_smart_log(data)
    return None


def of_component(samples: list[Sample], component: str) -> Sample | None:
    """The sample of a device; a file of one disk is that disk, whatever name the line gives."""
    named = [s for s in samples if s.attributes.get("device") == component]
    return named[0] if named else samples[0] if len(samples) == 1 else None


def health_of(sample: Sample) -> str:
    """Health of a disk by the shipped rules, from this one look."""
    return str(health(sample))


@cache
def _rules() -> Any:
    names = {kind: [*names, "peer_group"] for kind, names in attribute_names().items()}
    return load_rules([RULES], vocabulary(), names, None, complete=False)


def health(sample: Sample) -> Health:
    """Health of a disk by the shipped rules, from this one look."""
    judge = Judge(_rules(), impatient=True)
    judge.found(0.0, ("smart", ""), [sample])
    judge.engine.evaluate(0.0)
    component = judge.component(sample.id)
    assert component is not None
    return component.health


def _field(folder: str, sample: Sample, field: str) -> str | None:
    if folder == "nvme-cli":
        return _NVME_CLI[field](sample) if field in _NVME_CLI else None
    if field in _SMARTCTL:
        return _SMARTCTL[field](sample)
    for pattern, function in _PATTERNS:
        if match := re.fullmatch(pattern, field):
            return function(sample, match)
    return None


def _show(value: Any) -> str:
    if value is None or value == "":
        return ABSENT
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _attribute(name: str) -> Callable[[Sample], str]:
    return lambda s: _show(s.attributes.get(name))


def _metric(name: str, divide: int = 1) -> Callable[[Sample], str]:
    def show(sample: Sample) -> str:
        value = sample.metrics.get(name)
        return _show(value / divide if isinstance(value, int | float) and divide > 1 else value)

    return show


def _exit_status(sample: Sample) -> str:
    status = sample.metrics.get("exit_status")
    bits = sample.attributes.get("exit_bits") or ["none"]
    return ABSENT if status is None else f"{status} = {'+'.join(bits)}"


def _passed(sample: Sample) -> str:
    passed = sample.metrics.get("smart_passed")
    return ABSENT if passed is None else "true" if passed else "false"


def _rotation(sample: Sample) -> str:
    rate = sample.attributes.get("rotation_rate")
    return "0 (SSD)" if rate == 0 else _show(rate)


def _latest_selftest(sample: Sample) -> str:
    test = sample.attributes.get("latest_selftest")
    return f"{test['type']}: {test['result']} @ {test['power_on_hours']} h" if test else ABSENT


def _selftest_log(form: str) -> Callable[[Sample], str]:
    def show(sample: Sample) -> str:
        log = sample.attributes.get("selftest_log", {})
        return f"{log['count']}/{log['errors']}" if log.get("form") == form else ABSENT

    return show


def _error_log(form: str) -> Callable[[Sample], str]:
    return lambda s: _show(s.attributes.get("ata_error_log", {}).get(form))


def _scsi_selftest(sample: Sample) -> str:
    test = sample.attributes.get("latest_selftest")
    return f"{test['type']}: {test['result']}" if test else ABSENT


def _start_stop(sample: Sample) -> str:
    return str(sample.metrics.get("start_stop_cycles"))  # the index has None for a missing count


def _listed(sample: Sample) -> str:
    names = ("model", "serial", "firmware", "capacity_bytes")
    return " / ".join(_show(sample.attributes.get(name)) for name in names)


def _kelvin(sample: Sample) -> str:
    celsius = sample.metrics.get("temperature_celsius")
    return f"{celsius + 273} K = {celsius} C" if isinstance(celsius, int) else ABSENT


_SMARTCTL: dict[str, Callable[[Sample], str]] = {
    "type/protocol": lambda s: f"{s.attributes['device_type']}/{s.attributes['protocol']}",
    "exit_status": _exit_status,
    "model": _attribute("model"),
    "model_family": _attribute("model_family"),
    "serial": _attribute("serial"),
    "firmware": _attribute("firmware"),
    "capacity_bytes": _attribute("capacity_bytes"),
    "rotation_rate": _rotation,
    "smart_passed": _passed,
    "messages": lambda s: " / ".join(s.attributes.get("messages", [])) or ABSENT,
    "temperature_c": _metric("temperature_celsius"),
    "drive_trip_c": _attribute("temperature_trip"),
    "power_on_hours": _metric("power_on_hours"),
    "power_cycles": _metric("power_cycles"),
    "ata_attribute_count": lambda s: str(len(s.attributes.get("ata_attributes", {}))),
    "ata_error_log_summary_count": _error_log("summary"),
    "ata_error_log_extended_count": _error_log("extended"),
    "selftest_standard_count/errors": _selftest_log("standard"),
    "selftest_extended_count/errors": _selftest_log("extended"),
    "latest_selftest": _latest_selftest,
    "link current/max": lambda s: (
        f"{s.attributes['link_speed']} / {s.attributes['link_speed_max']}"
    ),
    "transport": _attribute("transport_protocol"),
    "scsi_grown_defect_list": _metric("grown_defects"),
    "scsi_percentage_used_endurance_indicator": _metric("percentage_used"),
    "scsi_self_test_0": _scsi_selftest,
    "scsi start_stop cycles": _start_stop,
    "nvme controller_busy_time": _metric("controller_busy_seconds", 60),
    "nvme warning_temp_time": _metric("temperature_over_warning_seconds", 60),
    "nvme critical_comp_time": _metric("temperature_over_critical_seconds", 60),
    "nvme num_err_log_entries": _metric("error_log_entries"),
    "nvme temperature_sensors": lambda s: json.dumps(s.attributes.get("temperature_sensors")),
    "smart_status.nvme": lambda s: json.dumps({"value": s.attributes.get("nvme_smart_status")}),
}
_NVME_CLI: dict[str, Callable[[Sample], str]] = {
    "model/serial/fw/size": _listed,
    "temperature": _kelvin,
    "percent_used": _metric("percentage_used"),
    "avail_spare": _metric("available_spare"),
    "spare_thresh": _metric("available_spare_threshold"),
    "num_err_log_entries": _metric("error_log_entries"),
    "warning_temp_time": _metric("temperature_over_warning_seconds", 60),
    "critical_comp_time": _metric("temperature_over_critical_seconds", 60),
    "controller_busy_time": _metric("controller_busy_seconds", 60),
    **{
        name: _metric(name)
        for name in (
            *("media_errors", "unsafe_shutdowns", "power_on_hours", "power_cycles"),
            *("data_units_written", "data_units_read", "critical_warning"),
        )
    },
}


def _row(sample: Sample, match: re.Match[str]) -> dict[str, Any]:
    """A row of the attribute table, by number and name; empty if there is none such."""
    row = sample.attributes.get("ata_attributes", {}).get(match["id"], {})
    return row if row.get("name") == match["name"] else {}


def _raw(sample: Sample, match: re.Match[str]) -> str:
    return _show(_row(sample, match).get("raw"))


def _value_raw(sample: Sample, match: re.Match[str]) -> str:
    row = _row(sample, match)
    return f"{_show(row.get('value'))}/{_show(row.get('raw'))}"


def _when_failed(sample: Sample, match: re.Match[str]) -> str:
    row = _row(sample, match)
    if not row:
        return ABSENT
    numbers = " ".join(f"{name} {row[name]}" for name in ("value", "worst", "thresh", "raw"))
    return f"{row['when_failed']} ({numbers})"


def _packed(sample: Sample, match: re.Match[str]) -> str:
    row = sample.attributes.get("ata_attributes", {}).get(match["id"])
    if not row:
        return ABSENT
    now = _show(sample.metrics.get("temperature_celsius"))
    return f"raw.value {row['raw']}, raw.string '{row['raw_string']}' (temperature is {now})"


_PATTERNS: tuple[tuple[str, Callable[[Sample, re.Match[str]], str]], ...] = (
    (r"attr (?P<id>\d+) raw is packed", _packed),
    (r"attr (?P<id>\d+) (?P<name>\S+) raw", _raw),
    (r"attr (?P<id>\d+) (?P<name>\S+) value/raw", _value_raw),
    (r"attr (?P<id>\d+) (?P<name>\S+) when_failed", _when_failed),
    (
        r"scsi (?P<way>read|write|verify) total_uncorrected_errors",
        lambda s, m: _show(s.metrics.get(f"{m['way']}_uncorrected_errors")),
    ),
    (r"nvme (?P<metric>\w+)", lambda s, m: _show(s.metrics.get(m["metric"]))),
)
#: Claims that prose makes about a disk, and our value for each.
_CLAIMS: tuple[tuple[str, Callable[[Sample], Any]], ...] = (
    (r"exit (\d+)", lambda s: s.metrics.get("exit_status")),
    (r"(\d+) reallocated", lambda s: s.metrics.get("reallocated_sectors")),
    (r"(\d+) pending", lambda s: s.metrics.get("pending_sectors")),
    (r"(\d+) CRC errors", lambda s: s.metrics.get("crc_errors")),
    (r"(\d+) media errors", lambda s: s.metrics.get("media_errors")),
    (r"spare (\d+)%", lambda s: s.metrics.get("available_spare")),
    (r"grown defects? (?:list )?(\d+)", lambda s: s.metrics.get("grown_defects")),
    (r"uncorrected read (\d+)", lambda s: s.metrics.get("read_uncorrected_errors")),
    (r"write (\d+)", lambda s: s.metrics.get("write_uncorrected_errors")),
)


def contradictions(sample: Sample, prose: str) -> list[str]:
    """What a line of prose claims about a disk and our sample does not bear out."""
    wrong = []
    for pattern, value in _CLAIMS:
        for found in re.findall(pattern, prose):
            if value(sample) != int(found):
                wrong.append(f"{pattern}: {found}, we have {value(sample)}")
    for number, raw in re.findall(r"attr (\d+) failing now raw (\d+)", prose):
        row = sample.attributes.get("ata_attributes", {}).get(number, {})
        if row.get("when_failed") != "now" or row.get("raw") != int(raw):
            wrong.append(f"attribute {number}: {row}")
    passed = sample.metrics.get("smart_passed")
    if "passed" in prose and passed != int("passed false" not in prose):
        wrong.append(f"smart_passed is {passed}")
    return wrong


def healths(prose: str) -> set[str]:
    """The healths of ours that a line of prose allows."""
    if "unknown" in prose:
        return {"unknown"}
    if "FAILED" in prose:
        return {"failed"}
    # "passed, but ..." is a finding; errors of a cable without a "but" may be history
    found = "but" in prose or "grown defect" in prose
    return {"degraded", "failed"} if found else {"ok", "degraded"}
