"""Output of storcli and perccli with ``J``: controllers, volumes, drives, batteries. Pure.

Source: Broadcom's StorCLI user guide; JSON of ``/cALL show all`` and ``/cALL/eALL/sALL show all``.
"""

import re
from collections.abc import Iterator
from typing import Any

from hwagent.model import Sample

from . import hwraid
from .document import Report, dig, load, number, objects, text
from .identity import safe

_DRIVE = re.compile(r"(Drive /c(\d+)(?:/e(\d+))?/s(\d+)) - Detailed Information")
_ROC = re.compile(r"ROC temperature", re.IGNORECASE)
_BATTERIES = ("Cachevault_Info", "BBU_Info")


def decode(data: bytes) -> list[Sample]:
    """One captured output. Never raises."""
    try:
        reports = list(_controllers(load(data)))
    except ValueError as e:
        return [Sample(id="controller:unknown", kind="controller", unreadable=f"storcli: {e}")]
    return [report.sample() for report in hwraid.distinct(reports)]


def _controllers(document: Any) -> Iterator[Report]:
    found = objects(document, "Controllers")
    if not found:
        raise ValueError("no controllers in it")
    for node in found:
        name = f"c{number(node, 'Command Status', 'Controller') or 0}"
        data = dig(node, "Response Data")
        if text(node, "Command Status", "Status") not in ("Success", "") or data is None:
            why = text(node, "Command Status", "Description") or "the command failed"
            report = Report(f"controller:{name}", "controller")
            report.fail(f"storcli: {why}")
            yield report
            continue
        yield from _controller(name, data)


def _controller(name: str, data: Any) -> Iterator[Report]:
    details = dict(_details(data))
    status = dig(data, "Status")
    if isinstance(status, dict):
        yield _itself(name, data)
    for volume in objects(data, "VD LIST"):
        place = text(volume, "DG/VD")
        yield hwraid.part(
            *("array", f"array:{name}/v{place.rpartition('/')[2]}", place, text(volume, "State")),
            level=text(volume, "TYPE"),
            size=text(volume, "Size"),
            of=f"controller:{name}",
        )
    rows = [*objects(data, "PD LIST"), *(row for row, _ in details.values())]
    for row in rows:
        yield _drive(name, row, details.get(text(row, "EID:Slt"), ({}, {}))[1])
    for key in _BATTERIES:
        for battery in objects(data, key):
            yield _battery(name, battery)


def _itself(name: str, data: Any) -> Report:
    report = hwraid.part(
        *("controller", f"controller:{name}", name, text(data, "Status", "Controller Status")),
        model=text(data, "Basics", "Model"),
        serial=text(data, "Basics", "Serial Number"),
        firmware=text(data, "Version", "Firmware Version"),
    )
    hardware = dig(data, "HwCfg")
    for key in hardware if isinstance(hardware, dict) else ():
        if _ROC.match(key):
            report.take("celsius", number(hardware, key), least=-50, most=150)
    return report


def _details(data: Any) -> Iterator[tuple[str, tuple[dict[str, Any], dict[str, Any]]]]:
    """Row and details of each drive by its enclosure and slot, of ``sALL show all``."""
    for key, node in data.items() if isinstance(data, dict) else ():
        match = _DRIVE.fullmatch(key)
        rows = objects(data, match[1]) if match else []
        if match and rows and isinstance(node, dict):
            yield text(rows[0], "EID:Slt"), (rows[0], node)


def _drive(controller: str, row: dict[str, Any], details: dict[str, Any]) -> Report:
    place = text(row, "EID:Slt").strip()
    state, own = _section(details, " State"), _section(details, "Device attributes")
    serial = text(own, "SN")
    report = hwraid.part(
        *("disk", hwraid.drive_id(controller, place, serial), place, text(row, "State")),
        model=text(row, "Model"),
        size=text(row, "Size"),
        media=" ".join(t for t in (text(row, "Intf"), text(row, "Med")) if t),
        serial=serial,
        of=f"controller:{controller}",
    )
    counts = ("Media Error Count", "Other Error Count", "Predictive Failure Count")
    hwraid.errors(report, *(number(state, key) for key in counts))
    hwraid.smart_alert(report, text(state, "S.M.A.R.T alert flagged by drive"))
    hwraid.temperature(report, text(state, "Drive Temperature"))
    return report


def _section(details: dict[str, Any], end: str) -> dict[str, Any]:
    found = (v for k, v in details.items() if k.endswith(end) and isinstance(v, dict))
    return next(found, {})


def _battery(controller: str, node: dict[str, Any]) -> Report:
    model = text(node, "Model")
    id = f"controller:{controller}/{safe(model or 'battery')}"
    report = hwraid.part(
        "controller", id, model, text(node, "State"), of=f"controller:{controller}"
    )
    hwraid.temperature(report, text(node, "Temp"), "celsius")
    return report
