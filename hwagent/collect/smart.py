"""SMART: what disks say about themselves, asked with smartctl, one disk at a time.

A look reaches the hardware, so it is rare, one target per disk (a disk that hangs holds up nothing
but itself), never made at a disk that the kernel has given up, and never wakes one that sleeps.
"""

from typing import ClassVar

import msgspec

from hwagent.model import Sample, counter, gauge

from . import smartctl
from .base import Collector
from .disk import disks, transport
from .document import Report, load
from .identity import disk_id
from .root import Missing, Root, Unreadable

#: How smartctl is to talk to a disk. Given, since finding out by trying may wake the disk.
_TYPES = {"sata": "sat", "nvme": "nvme", "sas": "scsi"}
#: A command sent to such a disk hangs or kills its recovery.
_FAILING = frozenset(
    {
        *("offline", "transport-offline", "blocked", "created-blocked", "cancel", "deleted"),
        *("quiesce", "dead", "resetting", "connecting", "deleting", "deleting (no IO)"),
    }
)
#: Exit status of a disk in stand-by: with 2, the default, it would look like a failure to open.
_STANDBY = "3"
_DEADLINE = 60.0

_ATA = "smartmontools drivedb.h"
_NVME = "NVMe base specification 2.0, 5.16.1.3"
_SCSI = "SPC-4, SBC-4 log pages"

METRICS = (
    gauge("asleep", "1 while the disk sleeps and was not asked", "", "smartctl(8), -n"),
    gauge("exit_status", "bits of smartctl's exit status", "", "smartctl(8)"),
    gauge("smart_passed", "the disk's own judgement: 1 passed, 0 failing"),
    gauge("smart_available", "1 if the disk has SMART"),
    gauge("smart_enabled", "1 if SMART is switched on"),
    gauge("rotational", "1 for a hard disk, 0 for flash"),
    gauge("temperature_celsius", "temperature now", "celsius"),
    gauge("temperature_max_celsius", "the drive's own limit for lasting use", "celsius"),
    gauge("temperature_critical_celsius", "the drive's own critical limit", "celsius"),
    counter("power_on_hours", "hours in use"),
    counter("power_cycles", "times switched on"),
    gauge("percentage_used", "rated life used, in percent; may pass 100"),
    gauge("link_speed", "speed of the SATA link", "bits per second"),
    gauge("link_speed_max", "speed of which the drive's SATA port is capable", "bits per second"),
    gauge("prefailure_attributes", "pre-failure attributes at or below their threshold now"),
    gauge("old_age_attributes", "old-age attributes at or below their threshold now"),
    counter("reallocated_sectors", "bad sectors replaced by spare ones", "", f"{_ATA}, 5"),
    counter("spin_retries", "further tries to spin up", "", f"{_ATA}, 10"),
    counter("end_to_end_errors", "data damaged inside the drive", "", f"{_ATA}, 184"),
    counter("reported_uncorrectable", "errors that could not be corrected", "", f"{_ATA}, 187"),
    counter("command_timeouts", "commands given up for time", "", f"{_ATA}, 188, low word"),
    counter("reallocation_events", "tries to replace sectors", "", f"{_ATA}, 196"),
    gauge("pending_sectors", "sectors that could not be read and wait", "", f"{_ATA}, 197"),
    gauge("offline_uncorrectable", "sectors found unreadable by a scan", "", f"{_ATA}, 198"),
    counter("crc_errors", "transfers damaged on the cable", "", f"{_ATA}, 199"),
    counter("ata_errors", "entries ever made in the ATA error log", "", "ACS-4, error log"),
    gauge("selftest_failures", "self-tests in the log that failed and were not passed since"),
    gauge("latest_selftest_failed", "1 if the latest self-test failed"),
    gauge("critical_warning", "bits of the critical warning", "", _NVME),
    gauge("spare_low", "bit 0: spare below its threshold", "", _NVME),
    gauge("temperature_alarm", "bit 1: temperature beyond a threshold", "", _NVME),
    gauge("reliability_degraded", "bit 2: media or internal errors", "", _NVME),
    gauge("media_read_only", "bit 3: the drive has become read-only", "", _NVME),
    gauge("backup_failed", "bit 4: volatile memory is no longer backed up", "", _NVME),
    gauge("memory_region_unreliable", "bit 5: persistent memory region", "", _NVME),
    gauge("available_spare", "spare blocks left, in percent", "", _NVME),
    gauge("available_spare_threshold", "the drive's own limit for them, in percent", "", _NVME),
    counter("media_errors", "data that could not be recovered", "", _NVME),
    counter("error_log_entries", "entries ever made in the error log, benign ones too", "", _NVME),
    counter("unsafe_shutdowns", "times power was lost without notice", "", _NVME),
    counter("data_units_read", "units of 512,000 bytes read", "", _NVME),
    counter("data_units_written", "units of 512,000 bytes written", "", _NVME),
    counter("controller_busy_seconds", "time with commands to do", "seconds", _NVME),
    counter("temperature_over_warning_seconds", "time above the limit", "seconds", _NVME),
    counter("temperature_over_critical_seconds", "time above critical", "seconds", _NVME),
    counter("grown_defects", "defects found since it was made", "", _SCSI),
    counter("start_stop_cycles", "times spun up", "", _SCSI),
    counter("load_unload_cycles", "times the heads were parked", "", _SCSI),
    counter("read_uncorrected_errors", "reads that failed for good", "", _SCSI),
    counter("write_uncorrected_errors", "writes that failed for good", "", _SCSI),
    counter("verify_uncorrected_errors", "verifications that failed for good", "", _SCSI),
    counter("read_corrected_errors", "reads that were corrected, which is normal", "", _SCSI),
    counter("write_corrected_errors", "writes that were corrected", "", _SCSI),
    counter("verify_corrected_errors", "verifications that were corrected", "", _SCSI),
)


class Smart(Collector):
    """SMART data of one disk per target; joins the disk that the collector ``disk`` reports."""

    name: ClassVar = "smart"
    kinds: ClassVar = {"disk": METRICS}
    attributes: ClassVar = {"disk": ("protocol", "model_family")}
    interval: ClassVar = 1800.0  # smartd's default: smartd(8), -i
    deadline: ClassVar = 90.0
    privileged: ClassVar = True

    def targets(self, root: Root) -> list[str]:
        """Kernel names of the disks that may have SMART. Raises Unreadable."""
        asked = (*_TYPES, "usb", "scsi")
        return [name for name in disks(root) if transport(root, name) in asked]

    def collect(self, root: Root, target: str) -> list[Sample]:
        """One look at one disk. Raises Unreadable if smartctl cannot be run or overruns."""
        if not root.exists(f"sys/block/{target}"):
            return []
        id = disk_id(root, target)
        if why := _not_now(root, target):
            return [Sample(id=id, kind="disk", problems={"smart_passed": f"not asked: {why}"})]
        if _suspended(root, target):
            report = Report(id, "disk")
            smartctl.sleeping(report)
            return [report.sample()]
        try:
            output = root.command(f"smartctl-{target}", _command(root, target), _DEADLINE)
        except Missing:
            if root.live:
                raise
            return []  # a capture without SMART data
        return [_sample(id, output.stdout, output.stderr)]


def _command(root: Root, name: str) -> list[str]:
    """A read-only command: all logs, as JSON, not waking the disk."""
    kind = _TYPES.get(transport(root, name))
    device = ["-d", kind] if kind else []
    return ["smartctl", "--json=c", "-n", f"standby,{_STANDBY}", "-x", *device, f"/dev/{name}"]


def _not_now(root: Root, name: str) -> str:
    """Why a disk must not be asked; empty if it may."""
    try:
        state = root.text(f"sys/block/{name}/device/state")
    except Missing:
        return ""
    except Unreadable as e:
        return str(e)
    return f"the device is {state}" if state in _FAILING else ""


def _suspended(root: Root, name: str) -> bool:
    """True if the kernel has put the disk to sleep: any command would wake it."""
    try:
        return root.text(f"sys/block/{name}/device/power/runtime_status") == "suspended"
    except Unreadable:
        return False


def _sample(id: str, output: bytes, errors: bytes) -> Sample:
    try:
        document = load(output)
    except ValueError as e:
        said = errors.decode("utf-8", "replace").strip()[:200]
        return Sample(id=id, kind="disk", unreadable=f"smartctl: {e}" + (said and f": {said}"))
    if not isinstance(document, dict):
        return Sample(id=id, kind="disk", unreadable="smartctl: not a JSON object")
    return msgspec.structs.replace(smartctl.disk(document), id=id)


COLLECTOR = Smart
