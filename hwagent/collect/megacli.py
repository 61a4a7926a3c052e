"""Output of MegaCli: ``-PDList`` and ``-LDInfo``, drives and volumes of LSI controllers. Pure.

Source: MegaCli's manual; lines of ``key: value``, a drive begins with its enclosure, a volume with
its number.
"""

import re
from collections.abc import Iterator

from hwagent.model import Sample

from . import hwraid
from .document import Report

Block = dict[str, str]
_ADAPTER = re.compile(r"Adapter:?\s*#?\s*(\d{1,3})\b")
_BEGINS = ("Enclosure Device ID", "Virtual Drive", "CacheCade Virtual Drive")
#: More than any controller has.
_BLOCKS_MAX = 4096


def decode(data: bytes) -> list[Sample]:
    """One captured output. Never raises."""
    blocks = list(_blocks(data.decode("utf-8", "replace")))
    if not blocks:
        why = "megacli: neither drives nor volumes in it"
        return [Sample(id="controller:unknown", kind="controller", unreadable=why)]
    return [_part(adapter, block).sample() for adapter, block in blocks[:_BLOCKS_MAX]]


def _blocks(content: str) -> Iterator[tuple[str, Block]]:
    adapter, block = "0", Block()
    for line in content.splitlines():
        if match := _ADAPTER.match(line.strip()):
            adapter = match[1]
            continue
        key, colon, value = line.partition(":")
        key = key.strip()
        if key in _BEGINS:
            if block:
                yield block[""], block
            block = {"": adapter}
        if colon and block:
            block.setdefault(key, value.strip())
    if block:
        yield block[""], block


def _part(adapter: str, block: Block) -> Report:
    return _drive(adapter, block) if _BEGINS[0] in block else _volume(adapter, block)


def _volume(adapter: str, block: Block) -> Report:
    number = next(block[key] for key in _BEGINS[1:] if key in block).partition(" ")[0]
    report = hwraid.part(
        *("array", f"array:c{adapter}/v{number}", number, block.get("State", "")),
        level=block.get("RAID Level", ""),
        size=block.get("Size", ""),
        of=f"controller:c{adapter}",
    )
    report.note("drives", block.get("Number Of Drives"))
    report.note("cache", block.get("Current Cache Policy"))
    return report


def _drive(adapter: str, block: Block) -> Report:
    enclosure, slot = block[_BEGINS[0]], block.get("Slot Number", "?")
    place = f"{enclosure}:{slot}"
    report = hwraid.part(
        *("disk", hwraid.drive_id(f"c{adapter}", place, ""), place),
        block.get("Firmware state", ""),
        size=block.get("Raw Size", "").partition(" [")[0],
        media=" ".join(t for t in (block.get("PD Type", ""), block.get("Media Type", "")) if t),
        of=f"controller:c{adapter}",
    )
    report.note("device_id", block.get("Device Id"))
    report.note("inquiry", " ".join(block.get("Inquiry Data", "").split()))
    names = ("Media Error Count", "Other Error Count", "Predictive Failure Count")
    hwraid.errors(report, *(block.get(name) for name in names))
    hwraid.smart_alert(report, block.get("Drive has flagged a S.M.A.R.T alert", ""))
    hwraid.temperature(report, block.get("Drive Temperature", ""))
    return report
