"""What ipmitool prints of the chassis and of the system event log (SEL). Pure.

Sources: ipmitool(1), ``chassis status``, ``sel info``, ``-c sel elist``; IPMI 2.0, sections 28.2
and 31. The log never clears itself, and one that is full loses what is new (SIGNALS.md section 11).
"""

import csv
from typing import Any

from hwagent.model import Metric, counter, gauge

from .ipmi_events import verdict_of_event

_CHASSIS, _LOG = "IPMI 2.0, 28.2", "IPMI 2.0, 31"
#: Lines of ``chassis status``, the metric of each, and what it says if that is so.
_STATES = {
    "system power": ("power_on", "on"),
    "power overload": ("power_overload", "true"),
    "main power fault": ("power_fault", "true"),
    "power control fault": ("power_control_fault", "true"),
    "drive fault": ("drive_fault", "true"),
    "cooling/fan fault": ("cooling_fault", "true"),
    "chassis intrusion": ("intrusion", "active"),
}
METRICS: tuple[Metric, ...] = (
    gauge("power_on", "1 while the machine is switched on", "", _CHASSIS),
    gauge("power_overload", "1 if it was switched off for too much load", "", _CHASSIS),
    gauge("power_fault", "1 if the main power has a fault", "", _CHASSIS),
    gauge("power_control_fault", "1 if it could not be switched on or off", "", _CHASSIS),
    gauge("drive_fault", "1 if a drive has failed", "", _CHASSIS),
    gauge("cooling_fault", "1 if a fan has failed or it is too hot", "", _CHASSIS),
    gauge("intrusion", "1 if the case is open", "", _CHASSIS),
    counter("sel_entries", "entries in the event log", "", _LOG),
    gauge("sel_percent", "how full the event log is, in percent", "", _LOG),
    gauge("sel_overflow", "1 if the log is full and events were lost", "", _LOG),
    counter("sel_newest_fault", "number of the newest entry that tells of a fault", "", _LOG),
)
#: Verdicts that make an entry of the log one of a fault.
_FAULTS = ("failed", "critical", "no_input", "warning")


def chassis(content: str) -> dict[str, int]:
    """Metrics of ``ipmitool chassis status``. Raises ValueError if it says nothing of power."""
    found = {}
    for key, value in _lines(content).items():
        if key in _STATES and value:
            metric, yes = _STATES[key]
            found[metric] = int(value.lower() == yes)
    if "power_on" not in found:
        raise ValueError("no System Power in it")
    return found


def log_info(content: str) -> dict[str, int]:
    """Metrics of ``ipmitool sel info``. Raises ValueError if it does not say how many there are."""
    lines = _lines(content)
    entries = lines.get("entries", "").split(" ")[0]
    if not entries.isdecimal():
        raise ValueError("no number of entries in it")
    found = {"sel_entries": int(entries[:9])}
    percent = lines.get("percent used", "").rstrip("%")
    if percent.isdecimal():
        found["sel_percent"] = int(percent[:3])
    if "overflow" in lines:
        found["sel_overflow"] = int(lines["overflow"].lower() == "true")
    return found


def log_entries(content: str) -> list[dict[str, Any]]:
    """Entries of ``ipmitool -c sel elist``: ``number``, ``time`` as the BMC writes it, ``sensor``,
    ``event``, ``verdict`` (empty: says nothing, or is over). Lines of another form are left out."""
    entries = []
    for row in csv.reader(content.splitlines(), skipinitialspace=True):
        cells = [cell.strip() for cell in row]
        if len(cells) < 5 or not _hex(cells[0]):
            continue
        number, date, time, sensor, event, *rest = cells
        over = rest and rest[0].lower().startswith("deasserted")
        verdict = "" if over else verdict_of_event(event) or ""
        entries.append(
            {"number": int(number, 16), "time": f"{date} {time}", "sensor": sensor}
            | {"event": event, "verdict": verdict}
        )
    return entries


def newest_fault(entries: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The newest entry that tells of a fault, if there is one."""
    return next((e for e in reversed(entries) if e["verdict"] in _FAULTS), None)


def _lines(content: str) -> dict[str, str]:
    """Words before and after the first colon of each line."""
    parts = (line.partition(":") for line in content.splitlines())
    return {key.strip().lower(): value.strip() for key, _, value in parts}


def _hex(text: str) -> bool:
    return 0 < len(text) <= 4 and all(c in "0123456789abcdefABCDEF" for c in text)
