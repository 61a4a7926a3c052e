"""/proc/mdstat: what the kernel prints about software RAID arrays.

Source: md_seq_show() and status_resync() in drivers/md/md.c of the kernel, and the status function
of each personality.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from hwagent.model import Sample

from .array import DISKS_MAX, REDUNDANT, is_container, set_redundancy
from .gather import Gather
from .identity import safe
from .root import SIZE_MAX, Root

#: The kernel's minor numbers end there (MINORBITS is 20), sane hosts long before.
ARRAYS_MAX = 4096
_KIB = 1024
_HEADER = re.compile(r"(md[A-Za-z0-9_.+-]{1,32})\s*:\s*(\S.*)?")
_MEMBER = re.compile(r"([^\s\[\]]{1,64})\[(\d{1,9})\]((?:\([A-Z]\))*)")
_ONE_LINE = re.compile(r"\s(?=\d{1,20} blocks\b)")  # kernels before 2.4
_BLOCKS = re.compile(r"\s*(\d{1,20}) blocks\b")
_SUPER = re.compile(r"\bsuper (\S{1,64})")
_COUNTS = re.compile(r"\[(\d{1,9})/(\d{1,9})\]")
_SLOTS = re.compile(r"\[([U_]{1,2000})\]")
_SYNC = re.compile(
    r"\b(resync|recovery|reshape|check|repair)\s*=\s*(\d{1,3}(?:\.\d+)?)%\s*\((\d{1,20})/(\d{1,20})\)"
    r"(?:\s*finish=(\d{1,12}(?:\.\d+)?)min)?(?:\s*speed=(\d{1,12})K/sec)?"
)
_WAIT = re.compile(r"\b(resync|recovery|reshape|check|repair)\s*=\s*(DELAYED|PENDING|REMOTE)\b")
_STATES = {
    ("active", ""): "active",
    ("active", "read-only"): "readonly",
    ("active", "auto-read-only"): "read-auto",
    ("broken", ""): "broken",
    ("broken", "read-only"): "broken",
    ("broken", "auto-read-only"): "broken",
    ("inactive", ""): "inactive",
}
#: The kernel's letters in the words of dev-*/state.
_FLAGS = {
    "W": "write_mostly",
    "J": "journal",
    "F": "faulty",
    "S": "spare",
    "R": "replacement",
}


class MdstatMember(msgspec.Struct, frozen=True):
    """One device of an array. ``flags`` are the kernel's letters: W write mostly, J journal,
    F faulty, S spare, R replacement. ``number`` is its place in the metadata, not its slot."""

    device: str
    number: int
    flags: str


class MdstatSync(msgspec.Struct, frozen=True):
    """A sync in the words of sync_action; ``state`` is running, delayed, pending or remote.
    Blocks are KiB, ``eta`` is seconds, ``speed`` bytes per second; None if not printed."""

    action: str
    state: str
    ratio: float | None = None
    done: int | None = None
    total: int | None = None
    eta: float | None = None
    speed: int | None = None


class MdstatArray(msgspec.Struct, frozen=True, kw_only=True):
    """One array as printed. ``state`` is a word of array_state, empty if it was not understood;
    ``slots`` is such as ``U_U``; ``blocks`` are KiB; None if not printed."""

    name: str
    state: str
    level: str = ""
    members: tuple[MdstatMember, ...] = ()
    blocks: int | None = None
    metadata: str = ""
    raid_disks: int | None = None
    in_sync: int | None = None
    slots: str = ""
    sync: MdstatSync | None = None

    def count(self, flag: str) -> int:
        """How many members have a flag."""
        return sum(flag in member.flags for member in self.members)


def parse(text: str) -> list[MdstatArray]:
    """All arrays, in the order of the file; lines that belong to none are passed over."""
    return [_array(name, head, body) for name, head, body in _sections(text)][:ARRAYS_MAX]


def _sections(text: str) -> Iterator[tuple[str, str, list[str]]]:
    name, head, body = "", "", list[str]()
    for line in text.splitlines():
        if found := _HEADER.fullmatch(line.rstrip()):
            if name:
                yield name, head, body
            name, head, body = found[1], found[2] or "", []
        elif not line.startswith((" ", "\t")) and line.strip():
            if name:
                yield name, head, body
            name = ""
        elif name:
            body.append(line)
    if name:
        yield name, head, body


def _array(name: str, head: str, body: list[str]) -> MdstatArray:
    head, *rest = _ONE_LINE.split(head, 1)
    body = [*rest, *body]
    word, mode, level, members = _head(head)
    details = "\n".join(body)
    blocks = next((m for line in body if (m := _BLOCKS.match(line))), None)
    about = blocks.string if blocks else ""
    metadata, counts, slots = _SUPER.search(about), _COUNTS.search(about), _SLOTS.search(about)
    return MdstatArray(
        name=name,
        state=_STATES.get((word, mode), ""),
        level=level,
        members=members,
        blocks=int(blocks[1]) if blocks else None,
        metadata=metadata[1] if metadata else "",
        raid_disks=int(counts[1]) if counts else None,
        in_sync=int(counts[2]) if counts else None,
        slots=slots[1] if slots else "",
        sync=_sync(details),
    )


def _head(head: str) -> tuple[str, str, str, tuple[MdstatMember, ...]]:
    """``active (read-only) raid1 sdb1[1] sda1[0](F)``: state, mode, level, members."""
    word, mode, level = "", "", ""
    members = []
    for token in head.split():
        if member := _MEMBER.fullmatch(token):
            flags = member[3].replace("(", "").replace(")", "")
            members.append(MdstatMember(member[1], int(member[2]), flags))
        elif not word:
            word = token
        elif token.startswith("("):
            mode = token.strip("()")
        elif not level and token.replace("-", "").isalnum():
            level = token
        else:
            word = f"{word} {token}"  # not understood: no known state
    return word, mode, level, tuple(members[:DISKS_MAX])


def _sync(details: str) -> MdstatSync | None:
    if waits := _WAIT.search(details):
        return MdstatSync(_action(waits[1]), waits[2].lower())
    found = _SYNC.search(details)
    if found is None:
        return None
    return MdstatSync(
        _action(found[1]),
        "running",
        round(float(found[2]) / 100, 9),
        int(found[3]),
        int(found[4]),
        round(float(found[5]) * 60, 3) if found[5] else None,
        int(found[6]) * _KIB if found[6] else None,
    )


def _action(word: str) -> str:
    return "recover" if word == "recovery" else word


def decode(data: bytes) -> list[Sample]:
    """Judges a whole file; what is no mdstat becomes one unreadable array. Never raises."""
    if len(data) > SIZE_MAX:
        return [_damaged(f"larger than {SIZE_MAX} bytes")]
    text = data.decode("utf-8", "replace").replace("\0", "")
    arrays = parse(text)
    if not arrays and not re.search(r"^unused devices\s*:", text, re.M):
        return [_damaged("neither arrays nor the last line of /proc/mdstat")]
    times = Counter(array.name for array in arrays)
    samples = {}
    for array in arrays:
        g = gather(array)
        if times[array.name] > 1:
            g.fail(f"{array.name} is listed more than once")
        samples[g.id] = g.sample()
    return list(samples.values())


def _damaged(why: str) -> Sample:
    return Sample(id="array:unknown", kind="array", unreadable=f"mdstat: {why}")


def gather(array: MdstatArray) -> Gather:
    """The finding about one array, with members of which only mdstat tells."""
    g = Gather(f"array:{safe(array.name)}", "array", Root())
    g.attributes["device"] = array.name
    g.attributes["metadata"] = array.metadata
    g.attributes["slots"] = array.slots
    g.attributes["members"] = [_member(m, array) for m in array.members]
    if array.state:
        g.metrics["state"] = array.state
    else:
        g.problem("state", "mdstat: the state of the array is not understood", required=True)
    if array.level:
        g.metrics["level"] = array.level
    g.set("container", int(is_container(array.metadata)))
    g.set("listed_disks", len(array.members))
    for metric, flag in (
        ("failed_disks", "F"),
        ("spare_disks", "S"),
        ("journal_disks", "J"),
        ("write_mostly_disks", "W"),
        ("replacement_disks", "R"),
    ):
        g.set(metric, array.count(flag))
    if array.blocks is not None:
        g.set("size_bytes", array.blocks * _KIB)
    elif array.members or array.state != "inactive":
        g.problem("size_bytes", "mdstat: the line with the size is missing", required=True)
    _redundancy(g, array)
    _progress(g, array)
    return g


def _member(member: MdstatMember, array: MdstatArray) -> dict[str, Any]:
    """mdstat prints no slots, so these stay unknown; and no identity of the disk behind."""
    state = next((_FLAGS[flag] for flag in "FJSR" if flag in member.flags), "")
    if not state:
        state = "unknown" if array.state == "inactive" else _state_by_number(member, array)
    return {
        "slot": None,
        "number": member.number,
        "device": member.device,
        "state": state,
        "disk": "",
        "flags": [_FLAGS[flag] for flag in member.flags if flag in _FLAGS],
    }


def _state_by_number(member: MdstatMember, array: MdstatArray) -> str:
    """A number beyond the slots of a degraded array is the member being rebuilt; or not, since
    replaced members keep theirs: then what can be said is that it is attached."""
    if array.in_sync == array.raid_disks:
        return "in_sync"
    attached = [m for m in array.members if not set("FJSR") & set(m.flags)]
    if array.in_sync == len(attached):
        return "in_sync"
    highest = max(m.number for m in attached)
    recovering = array.sync is not None and array.sync.action == "recover"
    return "rebuilding" if recovering and member.number == highest else "in_sync"


def _redundancy(g: Gather, array: MdstatArray) -> None:
    disks, in_sync = array.raid_disks, array.in_sync
    if disks is None or in_sync is None:
        if array.level in REDUNDANT and array.state != "inactive":
            g.problem("degraded", "mdstat: [n/m] is missing", required=True)
        elif array.level in ("raid0", "linear") and array.state != "inactive":
            _all_needed(g, array)
        return
    if in_sync > disks or disks > DISKS_MAX or len(array.slots) not in (0, disks):
        g.problem("degraded", f"mdstat: [{disks}/{in_sync}] [{array.slots[:40]}]", required=True)
        return
    g.set("raid_disks", disks)
    g.set("in_sync_disks", in_sync)
    if array.state == "inactive":
        return
    # where the two disagree the worse one counts: health must not be guessed
    up = array.slots.count("U") if array.slots else in_sync
    set_redundancy(g, array.level, disks, min(in_sync, up))


def _all_needed(g: Gather, array: MdstatArray) -> None:
    """Levels without redundancy, of which the kernel prints no counts: no member can be spare or
    missing while they run."""
    disks = len(array.members)
    in_sync = disks - array.count("F")
    g.set("raid_disks", disks)
    if array.state != "broken":  # then one of them is gone, though it is printed as before
        g.set("in_sync_disks", in_sync)
    set_redundancy(g, array.level, disks, in_sync)


def _progress(g: Gather, array: MdstatArray) -> None:
    sync = array.sync
    if sync is None:
        # only levels that can synchronise are idle; the others have nothing to synchronise
        if array.level in REDUNDANT and array.state not in ("inactive", ""):
            g.metrics["sync_action"] = g.metrics["sync_state"] = "idle"
        return
    g.metrics["sync_action"], g.metrics["sync_state"] = sync.action, sync.state
    for metric, value in (
        ("sync_ratio", sync.ratio),
        ("sync_done_blocks", sync.done),
        ("sync_total_blocks", sync.total),
        ("sync_eta_seconds", sync.eta),
        ("sync_speed_bytes_per_second", sync.speed),
    ):
        if value is not None:
            g.set(metric, value)
    if sync.action == "recover" and sync.state == "running":
        rebuilding = sum(m["state"] == "rebuilding" for m in g.attributes["members"])
        g.set("rebuilding_disks", rebuilding)
