"""What mdadm prints about arrays: ``--detail``, ``--examine`` and ``--export``.

Source: Detail.c, super0.c, super1.c and super-intel.c of mdadm. A file may hold several devices and
any mixture; a captured /proc/mdstat is recognised too.
"""

import re
from collections.abc import Iterator
from typing import Any

from hwagent.model import Sample

from . import mdstat
from .array import DISKS_MAX, REDUNDANT, set_redundancy
from .gather import Gather
from .identity import safe
from .mdadm_volumes import volumes
from .root import SIZE_MAX, Root

_KIB = 1024
_FIELDS_MAX = 256
_TEXT_MAX = 200
_DEVICES_MAX = 4096
_DEVICE = re.compile(r"(/dev/[^\s:]{1,100}):\s*")
_FIELD = re.compile(r"\s*([A-Za-z][A-Za-z0-9 /()\[\]_-]{0,38}?)\s+:(?:\s+(.*?))?\s*")
_ROW = re.compile(r"\s*(\d{1,9}|-)\s+\d{1,9}\s+\d{1,9}\s+(\d{1,9}|-)\s+(\S.*?)\s*")
_EXPORT = re.compile(r"(MD_[A-Za-z0-9_.:+-]{1,100})=(.*)")
_ROLE = re.compile(r"MD_DEVICE_(.+)_ROLE")
_LEADING = re.compile(r"(\d{1,20})(?:\s|$)")
_PERCENT = re.compile(r"(\d{1,3})% complete")
_SIZE = re.compile(r"(\d{1,12})([KMGT]?)")
_STATES = frozenset({"clean", "active", "inactive", "readonly", "read-auto", "broken"})
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
#: Words in the line State of --detail, and what sync_action calls them.
_ACTIONS = {
    "recovering": "recover",
    "resyncing": "resync",
    "reshaping": "reshape",
    "checking": "check",
}
_PROGRESS = ("Rebuild Status", "Resync Status", "Reshape Status", "Check Status")
_COUNTS = {
    "Raid Devices": "raid_disks",
    "Total Devices": "listed_disks",
    "Failed Devices": "failed_disks",
    "Spare Devices": "spare_disks",
}
_MAGIC_OF_CONTAINERS = ("Intel Raid ISM", "DE11DE11", "de11de11")


class Section:
    """The lines about one device: its fields (the first of a name counts) and its members."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.fields: dict[str, str] = {}
        self.rows: list[dict[str, Any]] = []

    def number(self, field: str) -> int | None:
        """The number a field begins with; None if there is none."""
        found = _LEADING.match(self.fields.get(field, ""))
        return int(found[1]) if found else None


def decode(data: bytes) -> list[Sample]:
    """Judges a whole file; what tells of no array becomes one unreadable array. Never raises."""
    if len(data) > SIZE_MAX:
        return [_damaged(f"larger than {SIZE_MAX} bytes")]
    text = data.decode("utf-8", "replace").replace("\0", "")
    if re.search(r"^(Personalities :|md\S+ : (in)?active)", text, re.M):
        return mdstat.decode(data)
    sections = list(_sections(text))[:_DEVICES_MAX]
    found = [*(_gather(s) for s in sections if s.fields), *volumes(text)]
    samples = {g.id: g.sample() for g in found if g is not None}
    if samples:
        return list(samples.values())
    said = next((line for line in text.splitlines() if line.startswith("mdadm:")), "")
    return [_damaged(said[:_TEXT_MAX] or "nothing about an array")]


def _damaged(why: str) -> Sample:
    return Sample(id="array:unknown", kind="array", unreadable=f"mdadm: {why}")


def _sections(text: str) -> Iterator[Section]:
    section = Section("")
    for line in text.splitlines():
        exported = _EXPORT.fullmatch(line.strip())
        if header := _DEVICE.fullmatch(line):
            yield section
            section = Section(header[1])
        elif exported and exported[1] in section.fields:
            yield section
            section = Section("")
        if exported:
            _keep(section, exported[1], exported[2])
        elif row := _ROW.fullmatch(line):
            if len(section.rows) < DISKS_MAX:
                section.rows.append(_member(row[1], row[2], row[3]))
        elif field := _FIELD.fullmatch(line):
            _keep(section, field[1], field[2] or "")
    yield section


def _keep(section: Section, name: str, value: str) -> None:
    if len(section.fields) < _FIELDS_MAX:
        section.fields.setdefault(name, value[:_TEXT_MAX])


def _member(number: str, slot: str, rest: str) -> dict[str, Any]:
    """``active sync   /dev/sda1``: a member as the array's other witnesses tell of it."""
    words, device = rest.split(), ""
    if words[-1].startswith("/dev/"):
        device = words.pop().removeprefix("/dev/")
    return {
        "slot": int(slot) if slot != "-" else None,
        "number": int(number) if number != "-" else None,
        "device": device,
        "state": _member_state(words),
        "disk": "",
        "flags": words,
    }


def _member_state(words: list[str]) -> str:
    if "active" in words and "sync" in words:
        return "in_sync"
    for word in ("faulty", "removed", "journal", "replacement", "rebuilding", "spare"):
        if word in words:
            return word
    return "unknown"


def _gather(section: Section) -> Gather | None:
    """What one section tells; None if it is about something else (a partition table)."""
    if any(name.startswith("MD_") for name in section.fields):
        return _exported(section)
    if not section.device or not {"Raid Level", "Magic", "UUID", "State"} & section.fields.keys():
        return None
    g = Gather(f"array:{safe(section.device.removeprefix('/dev/'))}", "array", Root())
    g.attributes["device"] = section.device.removeprefix("/dev/")
    g.attributes["fields"] = section.fields
    g.attributes["metadata"] = section.fields.get("Version", "")
    g.attributes["uuid"] = section.fields.get("Array UUID") or section.fields.get("UUID", "")
    _common(g, section)
    if "Magic" in section.fields:
        _examined(g, section)
    else:
        _detailed(g, section)
    return g


def _common(g: Gather, section: Section) -> None:
    level = section.fields.get("Raid Level", "")
    if level and level != "-unknown-":
        g.metrics["level"] = level
    magic = section.fields.get("Magic", "")
    g.set("container", int(level == "container" or magic.startswith(_MAGIC_OF_CONTAINERS)))
    for field, metric in _COUNTS.items():
        if (count := section.number(field)) is not None:
            g.set(metric, count)
    if (size := section.number("Array Size")) is not None:
        g.set("size_bytes", size * _KIB)
    if chunk := _SIZE.fullmatch(section.fields.get("Chunk Size", "")):
        g.attributes["chunk_size_bytes"] = int(chunk[1]) * _UNITS[chunk[2]]


def _detailed(g: Gather, section: Section) -> None:
    g.attributes["members"] = section.rows
    state = section.fields.get("State", "")
    words = re.split(r"[,\s]+", state.strip())
    if words[0] in _STATES:
        g.metrics["state"] = "inactive" if "Not Started" in state else words[0]
    elif not g.metrics["container"]:
        g.problem("state", f"State: {state[:40]!r}", required=True)
    known = {metric for metric in _COUNTS.values() if metric in g.metrics}
    for metric, word in (("failed_disks", "faulty"), ("spare_disks", "spare")):
        if metric not in known and section.rows:
            g.set(metric, sum(m["state"] == word for m in section.rows))
    # mdadm counts a member that is being filled among the spares
    rebuilding = sum(m["state"] == "rebuilding" for m in section.rows)
    g.set("rebuilding_disks", rebuilding)
    if spares := section.number("Spare Devices"):
        g.set("spare_disks", max(0, spares - rebuilding))
    g.set("journal_disks", sum(m["state"] == "journal" for m in section.rows))
    _redundancy(g, section, words)
    if "FAILED" in words:
        g.set("failures_survivable", -1)
    _sync(g, section, state, words)


def _redundancy(g: Gather, section: Section, words: list[str]) -> None:
    disks, active = section.number("Raid Devices"), section.number("Active Devices")
    level, running = str(g.metrics.get("level", "")), g.metrics.get("state") != "inactive"
    if disks is None or active is None:
        if level in REDUNDANT and running:
            g.problem("degraded", "mdadm: number of active devices is missing", required=True)
        return
    if disks > DISKS_MAX:
        g.problem("degraded", f"{active} of {disks} devices active", required=True)
        return
    # a replacement in sync is active beside the member that it replaces
    g.set("in_sync_disks", min(active, disks))
    if running:
        said = int("degraded" in words)
        set_redundancy(g, level, disks, min(active, disks - said))


def _sync(g: Gather, section: Section, state: str, words: list[str]) -> None:
    action = next((_ACTIONS[word] for word in words if word in _ACTIONS), None)
    waits = next((w for w in ("delayed", "pending", "remote") if w in state.lower()), None)
    if action is None and waits is not None:
        action = "resync"
    if action is None:
        if g.metrics.get("level") in REDUNDANT and g.metrics.get("state") != "inactive":
            g.metrics["sync_action"] = g.metrics["sync_state"] = "idle"
        return
    g.metrics["sync_action"] = action
    g.metrics["sync_state"] = waits or "running"
    for field in _PROGRESS:
        if done := _PERCENT.match(section.fields.get(field, "")):
            g.set("sync_ratio", int(done[1]) / 100)


def _examined(g: Gather, section: Section) -> None:
    """The array as one of its members last saw it: a member left behind tells of old times."""
    g.attributes["role"] = section.fields.get("Device Role", "")
    if "expected" in section.fields.get("Checksum", ""):
        g.fail(f"{section.device}: the checksum of the metadata is wrong")
    state = section.fields.get("State", "")
    if state in _STATES:
        g.metrics["state"] = state
    elif not g.metrics["container"]:
        g.problem("state", f"State: {state[:40]!r}", required=True)
    disks, level = section.number("Raid Devices"), str(g.metrics.get("level", ""))
    slots = section.fields.get("Array State", "").partition(" ")[0]
    if slots and disks == len(slots) and not slots.strip("AR."):
        in_sync = disks - slots.count(".")
    elif disks is not None and (active := section.number("Active Devices")) is not None:
        in_sync = min(active, disks)
    elif g.metrics["container"]:
        return
    else:
        g.problem("degraded", f"Array State: {slots[:40]!r}", required=True)
        return
    g.attributes["slots"] = slots
    g.set("in_sync_disks", in_sync)
    set_redundancy(g, level, disks, in_sync)


def _exported(section: Section) -> Gather:
    """--export names members and roles, but neither the state nor who is in sync."""
    fields = section.fields
    name = fields.get("MD_DEVNAME") or section.device.removeprefix("/dev/")
    g = Gather(f"array:{safe(name or fields.get('MD_UUID', '')) or 'unknown'}", "array", Root())
    g.attributes["device"] = name
    g.attributes["fields"] = fields
    g.attributes["metadata"] = fields.get("MD_METADATA", "")
    g.attributes["uuid"] = fields.get("MD_UUID", "")
    members = _roles(fields)
    g.attributes["members"] = members
    if level := fields.get("MD_LEVEL", ""):
        g.metrics["level"] = level
    g.set("container", int(level == "container"))
    g.set("listed_disks", len(members))
    g.set("spare_disks", sum(m["state"] == "spare" for m in members))
    disks = section.number("MD_DEVICES")
    if disks is None or disks > DISKS_MAX:
        g.problem("raid_disks", f"MD_DEVICES: {fields.get('MD_DEVICES', '')[:40]!r}", required=True)
        return g
    g.set("raid_disks", disks)
    if g.metrics["container"]:
        return g
    held = len({m["slot"] for m in members if m["slot"] is not None})
    if members and held < disks:
        set_redundancy(g, level, disks, held)
    g.problem("state", "mdadm --export does not tell the state", required=True)
    return g


def _roles(fields: dict[str, str]) -> list[dict[str, Any]]:
    members: list[dict[str, Any]] = []
    for name, role in fields.items():
        if found := _ROLE.fullmatch(name):
            slot = int(role) if role.isascii() and role.isdecimal() and len(role) < 10 else None
            device = fields.get(f"MD_DEVICE_{found[1]}_DEV", found[1])
            members.append(
                {
                    "slot": slot,
                    "number": None,
                    "device": device.removeprefix("/dev/"),
                    "state": "unknown" if slot is not None else role,
                    "disk": "",
                    "flags": [],
                }
            )
    return members
