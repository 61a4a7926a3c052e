"""Software RAID arrays from sys/block/md*/md, with /proc/mdstat as a second witness.

Source: Documentation/admin-guide/md.rst of the kernel; drivers/md/md.c for what the files hold.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

from hwagent.model import Sample

from . import mdstat
from .array import ARRAY_METRICS, DISKS_MAX, REDUNDANT, is_container, set_redundancy
from .base import Collector
from .disk import disks
from .gather import Gather
from .identity import disk_id, disk_ids, whole_disk
from .root import Missing, Root, Unreadable

#: Component id of the disk behind a device, which may be a partition.
Identify = Callable[[str], str]
_KIB = 1024
_SECTOR = 512
_RUNNING = frozenset({"readonly", "read-auto", "clean", "active", "write-pending", "active-idle"})
_STATES = _RUNNING | {"clear", "inactive", "suspended", "broken"}
_ACTIONS = frozenset({"idle", "resync", "recover", "check", "repair", "reshape", "frozen"})
#: Words of level and of dev-*/state; any other is damage.
_LEVELS = REDUNDANT | {"raid0", "linear", "container", "faulty"}
_FLAGS = frozenset(
    {"faulty", "in_sync", "write_mostly", "blocked", "spare", "write_error", "external_bbl"}
    | {"failfast", "want_replacement", "replacement", "journal"}
)
#: Each member is one of these (drivers/md/md.c, state_show).
_DECIDING = frozenset({"faulty", "in_sync", "spare", "journal"})
#: A number alone, or one and what it is or was in parentheses.
_LEADING = re.compile(r"([0-9]{1,18})(?: \(\w+\))?")
_COMPLETED = re.compile(r"([0-9]{1,20}) / ([0-9]{1,20})")
#: Metric and the flag of dev-*/state that it counts; the documentation spells one differently.
_COUNTED = {
    "failed_disks": "faulty",
    "journal_disks": "journal",
    "write_mostly_disks": "write_mostly",
    "write_error_disks": "write_error",
    "want_replacement_disks": "want_replacement",
    "replacement_disks": "replacement",
}


class MdCollector(Collector):
    """All arrays in one look: these files are answered by the kernel without asking a disk."""

    name = "md"
    kinds: ClassVar = {"array": ARRAY_METRICS}
    attributes: ClassVar = {
        "array": ("device", "members", "metadata", "slots", "uuid", "chunk_size_bytes")
    }
    interval = 20.0  # POLLPRI tells of its state at once (md_events.py)

    def collect(self, root: Root, target: str) -> list[Sample]:
        """Every array that either witness tells of. Raises Unreadable if none can be listed."""
        identify = _identifier(root)
        names = [n for n in root.names("sys/block") if n.startswith("md")]
        found = {n: _read(root, n, identify) for n in names if root.exists(f"sys/block/{n}/md")}
        witness, why = _witness(root)
        for name, g in list(found.items()):
            if g is None:
                del found[name]
            elif witness is not None:
                _compare(g, witness.get(name))
            elif why:
                g.problem("witness_disagrees", why)
        for name, array in (witness or {}).items():
            if name not in found and not root.exists(f"sys/block/{name}/md"):
                found[name] = _identified(mdstat.gather(array), identify)
        return [g.sample() for g in found.values() if g is not None]


def _identifier(root: Root) -> Identify:
    """Tells disks as the disk collector does, all in one pass, if there is any member to tell."""

    @cache
    def known() -> dict[str, str]:
        return disk_ids(root, disks(root))

    def identify(device: str) -> str:
        name = whole_disk(root, device)
        return known().get(name) or disk_id(root, name)

    return identify


def _read(root: Root, name: str, identify: Identify) -> Gather | None:
    """One array; None if there is none behind the device (state clear), or it just went away."""
    g = Gather(f"array:{name}", "array", root, f"sys/block/{name}/md")
    state = g.word("state", "array_state", _STATES, required=True)
    if state == "clear" or not root.exists(g.directory):
        return None
    g.attributes["device"] = name
    g.attribute("uuid", "uuid")
    g.attribute("metadata", "metadata_version")
    _number_before_blank(g, "raid_disks", "raid_disks", required=True)
    chunk = _leading(g, "chunk_size")
    if chunk:
        g.attributes["chunk_size_bytes"] = chunk
    g.set("container", int(is_container(str(g.attributes.get("metadata", "")))))
    g.number("size_bytes", "../size", _SECTOR)
    _level(g, state)
    _members(g, identify)
    _redundancy(g, state)
    _sync(g)
    return g


def _level(g: Gather, state: str | None) -> None:
    """An inactive array that was never started has an empty level, which is no fault of it."""
    try:
        level = g.root.text(f"{g.directory}/level")
    except Unreadable as e:
        g.problem("level", str(e), required=state in _RUNNING)
        return
    if level in _LEVELS:
        g.metrics["level"] = level
    elif level:
        g.problem("level", f"level: not a known one: {level[:40]!r}", required=True)
    elif state in _RUNNING:
        g.problem("level", "level: empty although the array runs", required=True)


def _number_before_blank(
    g: Gather, metric: str, file: str, scale: int = 1, required: bool = False
) -> None:
    """A number that may be followed by words: ``4 (3)`` during a reshape, ``1000 (system)``."""
    text = g.read(metric, lambda: g.root.text(f"{g.directory}/{file}"), required)
    if text is None:
        return
    if found := _LEADING.fullmatch(text):
        g.set(metric, int(found[1]) * scale)
    elif text != "none":
        g.problem(metric, f"{file}: not a number: {text[:40]!r}", required)


def _leading(g: Gather, file: str) -> int | None:
    try:
        found = _LEADING.fullmatch(g.root.text(f"{g.directory}/{file}"))
    except Unreadable:
        return None
    return int(found[1]) if found else None


def _members(g: Gather, identify: Identify) -> None:
    try:
        names = [n[4:] for n in g.root.names(g.directory) if n.startswith("dev-")][:DISKS_MAX]
    except Unreadable as e:
        g.problem("listed_disks", str(e), required=True)
        return
    members = [m for m in (_member(g, n, identify) for n in names) if m is not None]
    members.sort(key=lambda m: (m["slot"] is None, m["slot"] or 0))
    g.attributes["members"] = members
    g.set("listed_disks", len(members))
    for metric, flag in _COUNTED.items():
        g.set(metric, sum(flag in m["flags"] for m in members))
    for metric, word in (("spare_disks", "spare"), ("rebuilding_disks", "rebuilding")):
        g.set(metric, sum(m["state"] == word for m in members))
    for metric, key in (("corrected_errors", "errors"), ("bad_block_ranges", "bad_blocks")):
        if known := [m[key] for m in members if m[key] is not None]:
            g.set(metric, sum(known))


def _member(g: Gather, device: str, identify: Identify) -> dict[str, Any] | None:
    """One member; None if it was taken out while it was read."""
    at = f"{g.directory}/dev-{device}"
    try:
        flags = g.root.text(f"{at}/state").replace("writemostly", "write_mostly").split(",")
    except Unreadable as e:
        if isinstance(e, Missing) and not g.root.exists(at):
            return None
        g.problem("failed_disks", str(e), required=True)
        flags = ["unknown"]
    if flags != ["unknown"] and (set(flags) - _FLAGS or not _DECIDING & set(flags)):
        said = ",".join(flags)[:40]
        g.problem("failed_disks", f"{at}/state: not understood: {said!r}", required=True)
        flags = ["unknown"]
    slot = _slot(g, at)
    name = device.replace("!", "/")
    return {
        "slot": slot,
        "device": name,
        "state": _member_state(flags, slot),
        "disk": identify(device),
        "flags": [flag for flag in flags if flag],
        "errors": _leading(g, f"dev-{device}/errors"),
        "bad_blocks": _lines(g, f"{at}/bad_blocks"),
    }


def _member_state(flags: list[str], slot: int | None) -> str:
    """The one word that tells most; the kernel calls a member that is being filled a spare."""
    for flag in ("faulty", "unknown", "journal", "replacement", "in_sync"):
        if flag in flags:
            return flag
    return "spare" if slot is None else "rebuilding"


def _slot(g: Gather, at: str) -> int | None:
    try:
        return g.root.number(f"{at}/slot")
    except Unreadable:  # "none" and "journal" are no slots
        return None


def _lines(g: Gather, path: str) -> int | None:
    try:
        return len(g.root.text(path).splitlines())
    except Unreadable:
        return None


def _redundancy(g: Gather, state: str | None) -> None:
    level, disks = str(g.metrics.get("level", "")), g.metrics.get("raid_disks")
    if state not in (*_RUNNING, "broken") or not isinstance(disks, int):
        return
    if level not in REDUNDANT:
        set_redundancy(g, level, disks, disks)
        return
    missing = g.number("degraded", "degraded", required=state != "broken")
    if not isinstance(missing, int):
        return
    if not 0 <= missing <= disks <= DISKS_MAX:
        g.problem("degraded", f"{missing} of {disks} members missing", required=True)
        return
    g.set("in_sync_disks", disks - missing)
    set_redundancy(g, level, disks, disks - missing)


def _sync(g: Gather) -> None:
    action = g.word("sync_action", "sync_action", _ACTIONS)
    _number_before_blank(g, "mismatch_count", "mismatch_cnt")
    for metric, file in (
        ("sync_speed_bytes_per_second", "sync_speed"),
        ("sync_speed_min_bytes_per_second", "sync_speed_min"),
        ("sync_speed_max_bytes_per_second", "sync_speed_max"),
    ):
        _number_before_blank(g, metric, file, _KIB)
    if action is None:
        return
    completed = g.read("sync_state", lambda: g.root.text(f"{g.directory}/sync_completed"))
    if completed is None:
        return
    if completed == "delayed":
        g.metrics["sync_state"] = "delayed"
    elif completed == "none":
        g.metrics["sync_state"] = "idle"
    elif found := _COMPLETED.fullmatch(completed):
        _progress(g, int(found[1]), int(found[2]))
    else:
        g.problem("sync_state", f"sync_completed: {completed[:40]!r}")


def _progress(g: Gather, done: int, total: int) -> None:
    if not 0 <= done <= total or total == 0:
        g.problem("sync_state", f"sync_completed: {done} of {total} sectors")
        return
    g.metrics["sync_state"] = "running"
    g.set("sync_done_blocks", done // 2)
    g.set("sync_total_blocks", total // 2)
    g.set("sync_ratio", round(done / total, 6))
    speed = g.metrics.get("sync_speed_bytes_per_second")
    if isinstance(speed, int) and speed > 0:
        g.set("sync_eta_seconds", round((total - done) * _SECTOR / speed, 3))


def _witness(root: Root) -> tuple[dict[str, mdstat.MdstatArray] | None, str]:
    """What mdstat tells; None if there is none, with the reason if there should be."""
    try:
        return {a.name: a for a in mdstat.parse(root.text("proc/mdstat"))}, ""
    except Missing:
        return None, ""
    except Unreadable as e:
        return None, str(e)


def _compare(g: Gather, array: mdstat.MdstatArray | None) -> None:
    """Sets ``witness_disagrees``; an array of which mdstat does not know disagrees too."""
    if array is None:
        g.set("witness_disagrees", 1)
        return
    failed = g.metrics.get("failed_disks") == array.count("F")
    other = mdstat.gather(array).metrics
    missing = g.metrics.get("degraded", 0) == other.get("degraded", 0)
    g.set("witness_disagrees", int(not (failed and missing)))
    if "size_bytes" in other and "size_bytes" not in {**g.metrics, **g.problems}:
        g.metrics["size_bytes"] = other["size_bytes"]
    g.attributes.setdefault("slots", array.slots)


def _identified(g: Gather, identify: Identify) -> Gather:
    """An array that only mdstat knows, with the identities of its members' disks."""
    for member in g.attributes["members"]:
        member["disk"] = identify(member["device"])
    return g


COLLECTOR = MdCollector
