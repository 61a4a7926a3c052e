"""Output of sas2ircu's and sas3ircu's ``DISPLAY``: volumes and devices of LSI HBAs. Pure.

Source: Broadcom's SAS-3 Integrated RAID Configuration Utility user guide (states).
"""

import re

from hwagent.model import Sample

from . import hwraid
from .document import Report
from .hwraid_text import Block, blocks

_HEADINGS = (
    (re.compile(r"\s*IR [Vv]olume (\d+)\s*"), "volume"),
    (re.compile(r"\s*Device is an? (.+)"), "device"),
    (re.compile(r"\s*(Enclosure information)\s*"), ""),
)
_CONTROLLER = re.compile(r"initiated for controller (\d{1,3})")


def decode(data: bytes) -> list[Sample]:
    """One captured output. Never raises."""
    content = data.decode("utf-8", "replace")
    match = _CONTROLLER.search(content)
    name = f"c{match[1] if match else 0}"
    found = [part for k, n, b in blocks(content, _HEADINGS) if (part := _part(name, k, n, b))]
    if not found:
        why = "sas3ircu: neither volumes nor devices in it"
        return [Sample(id=f"controller:{name}", kind="controller", unreadable=why)]
    return [report.sample() for report in hwraid.distinct(found)]


def _part(controller: str, kind: str, name: str, block: Block) -> Report | None:
    of = f"controller:{controller}"
    if kind == "volume":
        return hwraid.part(
            *("array", f"array:{controller}/v{name}", name, block.get("Status of volume", "")),
            level=block.get("RAID level", ""),
            size=f"{block.get('Size (in MB)', '')} MB",
            of=of,
        )
    if kind != "device":
        return None
    place = f"{block.get('Enclosure #', '?')}:{block.get('Slot #', '?')}"
    is_disk = "disk" in name.lower() or "ssd" in block.get("Drive Type", "").lower()
    serial = block.get("Serial No", "")
    id = hwraid.drive_id(controller, place, serial) if is_disk else f"{of}/{place}"
    return hwraid.part(
        *("disk" if is_disk else "controller", id, place, block.get("State", "")),
        model=block.get("Model Number", ""),
        serial=serial,
        media=block.get("Drive Type", name),
        of=of,
    )
