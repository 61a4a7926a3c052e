"""Output of ssacli's or hpssacli's ``ctrl all show config detail``: HPE Smart Array. Pure.

Source: HPE Smart Storage Administrator user guide.
"""

import re

from hwagent.model import Sample

from . import hwraid
from . import verdict as verdicts
from .document import Report
from .hwraid_text import Block, blocks

_HEADINGS = (
    (re.compile(r"(\S.* in Slot .+)"), "controller"),
    (re.compile(r"\s*Logical Drive: (\d+)\s*"), "volume"),
    (re.compile(r"\s*physicaldrive (\S+)\s*"), "drive"),
    (re.compile(r"\s*(Array: \w+|Port Name: \w+|Unassigned|SEP .*)\s*"), ""),
)
#: ``physicaldrive 1I:1:1 (port 1I:box 1:bay 1, SATA SSD, 1.9 TB, OK)``
_LISTED = re.compile(r"\s*physicaldrive (\S+) \(([^)]*)\)\s*")
_STATUSES = ("Controller Status", "Cache Status", "Battery/Capacitor Status")
_TEMPERATURES = {
    "celsius": "Controller Temperature (C)",
    "cache_celsius": "Cache Module Temperature (C)",
}


def decode(data: bytes) -> list[Sample]:
    """One captured output, of one controller or several. Never raises."""
    content = data.decode("utf-8", "replace")
    found, listed, at = list[Report](), dict[str, Report](), "slot0"
    for kind, name, block in blocks(content, _HEADINGS):
        if kind == "controller":
            at = "slot" + "".join(re.findall(r"in Slot (\w+)", name)[:1])
            found.append(_controller(at, name, block))
        elif kind == "volume":
            found.append(_volume(at, name, block))
        elif kind == "drive":
            listed[name] = _drive(at, name, block)
    for place, words in _LISTED.findall(content):
        if place not in listed:
            listed[place] = _brief(at, place, [word.strip() for word in words.split(",")])
    found += listed.values()
    if not found:
        why = "ssacli: neither a controller nor drives in it"
        return [Sample(id="controller:unknown", kind="controller", unreadable=why)]
    return [report.sample() for report in hwraid.distinct(found)]


def _controller(at: str, name: str, block: Block) -> Report:
    report = hwraid.part(
        *("controller", f"controller:{at}", name, block.get(_STATUSES[0], "")),
        model=name.partition(" in Slot")[0],
        serial=block.get("Serial Number", ""),
        firmware=block.get("Firmware Version", ""),
    )
    told = {status: block[status] for status in _STATUSES if block.get(status)}
    report.note("states", told)
    worst = [hwraid.verdict_of("controller", word) for word in told.values()]
    if all(worst) and worst:
        verdicts.judge(report, verdicts.worst_verdict(worst))
    for metric, key in _TEMPERATURES.items():
        hwraid.temperature(report, f"{block.get(key, '')}C", metric)
    return report


def _volume(at: str, number: str, block: Block) -> Report:
    return hwraid.part(
        *("array", f"array:{at}/v{number}", number, block.get("Status", "")),
        level=f"RAID {block.get('Fault Tolerance', '?')}",
        size=block.get("Size", ""),
        of=f"controller:{at}",
    )


def _drive(at: str, place: str, block: Block) -> Report:
    serial = block.get("Serial Number", "")
    report = hwraid.part(
        *("disk", hwraid.drive_id(at, place, serial), place, block.get("Status", "")),
        model=" ".join(block.get("Model", "").split()),
        size=block.get("Size", ""),
        media=block.get("Interface Type", ""),
        serial=serial,
        of=f"controller:{at}",
    )
    hwraid.temperature(report, f"{block.get('Current Temperature (C)', '')}C")
    return report


def _brief(at: str, place: str, words: list[str]) -> Report:
    """A drive that only stands in a list: its port, its kind, its size, its status."""
    return hwraid.part(
        *("disk", hwraid.drive_id(at, place, ""), place, words[-1]),
        media=words[1] if len(words) > 2 else "",
        size=words[2] if len(words) > 3 else "",
        of=f"controller:{at}",
    )
