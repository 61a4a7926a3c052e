"""Output of arcconf's ``GETCONFIG`` and ``GETSTATUS``: controllers of Adaptec and Microsemi. Pure.

Source: Microsemi's ARCCONF command line utility user guide.
"""

import re

from hwagent.model import Sample

from . import hwraid
from . import verdict as verdicts
from .document import Report
from .hwraid_text import Block, blocks

_HEADINGS = (
    (re.compile(r"(Controller) information\s*"), "controller"),
    (re.compile(r"Logical [Dd]evice number (\d+)\s*"), "volume"),
    (re.compile(r"\s*Device #(\d+)\s*"), "device"),
    (re.compile(r"\s*Logical device (Task):\s*"), "task"),
    (re.compile(r"(Physical Device) information\s*"), ""),
)
_SEGMENT = re.compile(r"Group (\d+), Segment (\d+)")
#: arcconf numbers controllers from 1 and asks one at a time without telling which.
_NAME = "c1"


def decode(data: bytes) -> list[Sample]:
    """One captured output. Never raises."""
    content = data.decode("utf-8", "replace")
    found = [part for k, n, b in blocks(content, _HEADINGS) if (part := _part(k, n, b))]
    if not found:
        why = "arcconf: neither a controller nor devices in it"
        return [Sample(id=f"controller:{_NAME}", kind="controller", unreadable=why)]
    return [report.sample() for report in hwraid.distinct(found)]


def _part(kind: str, name: str, block: Block) -> Report | None:
    match kind:
        case "controller":
            return _controller(block)
        case "volume":
            return _volume(name, block)
        case "device" if "State" in block:
            return _device(name, block)
        case "task" if "Current operation" in block:
            return _task(block)
    return None


def _controller(block: Block) -> Report:
    state = block.get("Controller Status", "")
    report = hwraid.part(
        *("controller", f"controller:{_NAME}", _NAME, state),
        model=block.get("Controller Model", ""),
        serial=block.get("Controller Serial Number", ""),
    )
    hwraid.temperature(report, block.get("Temperature", ""), "celsius")
    return report


def _volume(number: str, block: Block) -> Report:
    report = hwraid.part(
        *("array", f"array:{_NAME}/v{number}", block.get("Logical device name", number)),
        block.get("Status of logical device", block.get("Status of Logical Device", "")),
        level=f"RAID {block.get('RAID level', '?')}",
        size=block.get("Size", ""),
        of=f"controller:{_NAME}",
    )
    segments = {
        f"{match[1]},{match[2]}": value.partition(" ")[0]
        for key, value in block.items()
        if (match := _SEGMENT.fullmatch(key))
    }
    report.note("segments", segments)
    return report


def _device(number: str, block: Block) -> Report:
    serial = block.get("Serial number", "")
    report = hwraid.part(
        *("disk", hwraid.drive_id(_NAME, number, serial), number, block["State"]),
        model=block.get("Model", ""),
        size=block.get("Total Size", ""),
        serial=serial,
        of=f"controller:{_NAME}",
    )
    hwraid.smart_alert(report, block.get("S.M.A.R.T.", "").partition(" ")[0])
    return report


def _task(block: Block) -> Report | None:
    """What a volume is at: while it is rebuilt it lacks redundancy."""
    operation = block["Current operation"]
    if operation.lower() == "none":
        return None
    number = block.get("Logical device", "?")
    report = Report(f"array:{_NAME}/v{number}", "array")
    percent = f"{block.get('Percentage complete', '?')}%"
    task = f"{operation} {block.get('Status', '')} {percent}, priority {block.get('Priority', '?')}"
    report.attributes.update(name=number, state=operation, task=task, of=f"controller:{_NAME}")
    verdicts.judge(report, "warning" if "rebuild" in operation.lower() else "good")
    return report
