"""Volumes inside the containers of firmware RAID, as ``mdadm --examine`` of a member prints them.

Source: super-intel.c (imsm) and super-ddf.c of mdadm. A container itself is always well; its
volumes need not be.
"""

import re
from collections.abc import Iterator, Mapping

from .array import DISKS_MAX, set_redundancy
from .gather import Gather
from .identity import safe
from .root import Root

_VOLUMES_MAX = 256
_HEADER = re.compile(r"\[([^\]]{1,40})\]:\s*")
_FIELD = re.compile(r"\s*([A-Za-z][A-Za-z ]{0,30}?)\s*:\s*(.{0,200}?)\s*")
_INDEXED = re.compile(r"\s*([A-Za-z][A-Za-z ]{0,30}?)\[(\d{1,3})\]\s*:\s*(.{0,200}?)\s*")
_SLOTS = re.compile(r"\[([U_]{1,256})\]")
_LEVEL = re.compile(r"(?:RAID)?(\d{1,2})", re.I)
_COUNT = re.compile(r"\d{1,4}")
#: Words for the state of a volume, of both formats, in ours; of others nothing is known.
_WELL = ("normal", "uninitialized", "optimal", "partially optimal")
_DEGRADED = ("degraded",)
_FAILED = ("failed", "missing", "deleted")


def volumes(text: str) -> list[Gather]:
    """All volumes that a text tells of; those that several members tell of once."""
    found: dict[str, Gather] = {}
    for name, fields in [*_imsm(text), *_ddf(text)][:_VOLUMES_MAX]:
        g = _volume(name, fields)
        found.setdefault(g.id, g)
    return list(found.values())


def _imsm(text: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Sections ``[Volume0]:``, each up to an empty line or the next one."""
    name, fields = "", dict[str, str]()
    for line in text.splitlines():
        header = _HEADER.fullmatch(line)
        if name and (header or not line.strip()):
            yield name, fields
            name = ""
        if header:
            name, fields = header[1], {}
        elif name and (field := _FIELD.fullmatch(line)):
            fields.setdefault(field[1].lower(), field[2])
    if name:
        yield name, fields


def _ddf(text: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Fields ``state[0] : Optimal, Consistent``, by their number."""
    by: dict[str, dict[str, str]] = {}
    for field in map(_INDEXED.fullmatch, text.splitlines()):
        if field:
            by.setdefault(field[2], {}).setdefault(field[1].lower(), field[3])
    for number, fields in by.items():
        if "raid level" in fields:
            yield fields.get("name") or f"ddf-{number}", fields


def _volume(name: str, fields: Mapping[str, str]) -> Gather:
    g = Gather(f"array:{safe(name) or 'unknown'}", "array", Root())
    g.attributes.update(device=name, uuid=fields.get("uuid", ""), fields=dict(fields))
    g.set("container", 0)
    if level := _LEVEL.match(fields.get("raid level", "")):
        g.metrics["level"] = f"raid{level[1]}"
    word = re.split(r",| <-- ", fields.get("map state") or fields.get("state", ""))[0].lower()
    if word not in (*_WELL, *_DEGRADED, *_FAILED):
        g.problem("state", f"state of the volume: {word[:40]!r}", required=True)
        return g
    g.metrics["state"] = "active"
    _members(g, fields, word)
    if word in _FAILED:
        g.set("failures_survivable", -1)
    return g


def _members(g: Gather, fields: Mapping[str, str], word: str) -> None:
    """How many members it has and how many are in sync; where the two differ the worse counts."""
    slots = _SLOTS.match(fields.get("slots", ""))
    count = _COUNT.match(fields.get("raid devices", ""))
    disks = len(slots[1]) if slots else int(count[0]) if count else 0
    if not 0 < disks <= DISKS_MAX:
        g.problem("raid_disks", "number of members unknown", required=True)
        return
    in_sync = slots[1].count("U") if slots else disks
    in_sync = min(in_sync, disks - int(word in _DEGRADED))
    g.set("raid_disks", disks)
    g.set("in_sync_disks", in_sync)
    set_redundancy(g, str(g.metrics.get("level", "")), disks, in_sync)
