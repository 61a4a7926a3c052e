"""md arrays of a simulated server, and the part of the md driver that reacts to what is written.

Files and words are those of Documentation/admin-guide/md.rst.
"""

import msgspec

from .tree import Tree

#: How far a recovery comes in a second of simulated time.
BLOCKS_PER_SECOND = 200_000 * 2
_REDUNDANCY = {
    "raid1": -1,
    "raid4": 1,
    "raid5": 1,
    "raid6": 2,
    "raid10": 1,
    "raid0": 0,
    "linear": 0,
}


class Member(msgspec.Struct):
    """A member device; ``state`` is in_sync, spare, faulty or recovering."""

    device: str
    slot: int | None
    state: str = "in_sync"
    errors: int = 0


class Array(msgspec.Struct, kw_only=True):
    """One array; ``size`` counts bytes of one member."""

    name: str
    level: str = "raid1"
    members: list[Member] = []
    raid_disks: int = 0
    size: int = 4_000_000_000_000
    state: str = "clean"
    sync_action: str = "idle"
    sync_done: int = 0
    mismatches: int = 0

    @property
    def degraded(self) -> int:
        """Slots without an in-sync member."""
        return self.raid_disks - sum(m.state == "in_sync" for m in self.members)

    @property
    def sectors(self) -> int:
        """512-byte sectors of one member."""
        return self.size // 512

    @property
    def failed(self) -> bool:
        """True once more members are missing than the level bears."""
        bears = _REDUNDANCY[self.level]
        return self.degraded > (self.raid_disks - 1 if bears < 0 else bears)


def directory(array: Array) -> str:
    """The array's directory."""
    return f"sys/devices/virtual/block/{array.name}"


def write_array(tree: Tree, array: Array) -> None:
    """Writes everything about one array."""
    place = directory(array)
    syncing = array.sync_action != "idle"
    tree.fill(
        place,
        {
            "size": array.sectors * max(1, array.raid_disks - 1),
            "ro": 0,
            "stat": "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
            "md/array_state": "broken" if array.failed else array.state,
            "md/level": array.level,
            "md/raid_disks": array.raid_disks,
            "md/degraded": array.degraded,
            "md/metadata_version": "1.2",
            "md/component_size": array.size // 1024,
            "md/chunk_size": 524288 if array.level != "raid1" else 0,
            "md/sync_action": array.sync_action,
            "md/sync_completed": f"{array.sync_done} / {array.sectors}" if syncing else "none",
            "md/sync_speed": BLOCKS_PER_SECOND // 2 if syncing else "none",
            "md/sync_speed_min": "1000 (system)",
            "md/sync_speed_max": "200000 (system)",
            "md/mismatch_cnt": array.mismatches,
            "md/last_sync_action": "idle",
        },
    )
    for root in ("sys/block", "sys/class/block"):
        tree.link(f"{root}/{array.name}", place)
    _write_members(tree, array, place)


def _write_members(tree: Tree, array: Array, place: str) -> None:
    present = {f"dev-{m.device}" for m in array.members}
    present |= {f"rd{m.slot}" for m in array.members if m.slot is not None}
    for name in tree.names(f"{place}/md"):
        of_member = name.startswith("dev-") or name.removeprefix("rd").isdecimal()
        if of_member and name not in present:
            tree.remove(f"{place}/md/{name}")
    for member in array.members:
        base = f"{place}/md/dev-{member.device}"
        slot = "none" if member.slot is None else member.slot
        state = "spare" if member.state == "recovering" else member.state
        tree.fill(base, {"state": state, "slot": slot, "errors": member.errors, "size": array.size})
        tree.link(f"{base}/block", f"sys/class/block/{member.device}")
        if member.slot is not None:
            tree.link(f"{place}/md/rd{member.slot}", base)


def react(tree: Tree, array: Array) -> None:
    """Takes in what was written to the array's files since they were made."""
    place = f"{directory(array)}/md"
    for member in list(array.members):
        word = tree.take(f"{place}/dev-{member.device}/state")
        if word == "faulty" and member.state != "faulty":
            fail_member(array, member.device)
        elif word == "remove":
            array.members.remove(member)
        elif word == "re-add":
            member.state, member.slot = "spare", None
    if device := tree.take(f"{place}/new_dev"):
        tree.remove(f"{place}/new_dev")
        if all(m.device != device for m in array.members):
            array.members.append(Member(device, None, "spare"))
    wanted = tree.take(f"{place}/sync_action")
    if (
        wanted in ("check", "idle")
        and wanted != array.sync_action
        and array.sync_action != "recover"
    ):
        array.sync_action, array.sync_done = wanted, 0


def fail_member(array: Array, device: str) -> None:
    """Marks a member faulty, as the kernel does after an error it could not correct."""
    for member in array.members:
        if member.device == device:
            member.state, member.slot = "faulty", None


def advance(array: Array, seconds: float) -> None:
    """Lets time pass: spares take free slots, recoveries and checks go on and end."""
    if array.sync_action == "idle" and array.degraded and not array.failed:
        taken = {m.slot for m in array.members}
        free = [s for s in range(array.raid_disks) if s not in taken]
        spare = next((m for m in array.members if m.state == "spare"), None)
        if spare is not None and free:
            spare.slot, spare.state = free[0], "recovering"
            array.sync_action, array.sync_done = "recover", 0
    if array.sync_action == "idle":
        return
    array.sync_done += int(BLOCKS_PER_SECOND * seconds)
    if array.sync_done >= array.sectors:
        array.sync_action, array.sync_done = "idle", 0
        for member in array.members:
            if member.state == "recovering":
                member.state = "in_sync"


def mdstat(arrays: list[Array]) -> str:
    """``/proc/mdstat`` (drivers/md/md.c, status_resync and the personalities' status)."""
    lines = ["Personalities : [raid1] [raid6] [raid5] [raid4] [raid10]"]
    for array in arrays:
        lines += _mdstat_array(array)
    return "\n".join([*lines, "unused devices: <none>"])


def _mdstat_array(array: Array) -> list[str]:
    flags = {"faulty": "(F)", "spare": "(S)"}
    members = " ".join(
        f"{m.device}[{number if m.slot is None else m.slot}]{flags.get(m.state, '')}"
        for number, m in enumerate(array.members)
    )
    in_sync = {m.slot for m in array.members if m.state == "in_sync"}
    letters = "".join("U" if slot in in_sync else "_" for slot in range(array.raid_disks))
    data = (
        max(1, array.raid_disks - max(0, _REDUNDANCY[array.level])) if array.level != "raid1" else 1
    )
    counts = f" [{array.raid_disks}/{len(in_sync)}] [{letters}]" if array.level != "raid0" else ""
    lines = [
        f"{array.name} : active {array.level} {members}",
        f"      {array.size // 1024 * data} blocks super 1.2{counts}",
    ]
    if array.sync_action != "idle":
        word = {"recover": "recovery"}.get(array.sync_action, array.sync_action)
        share = 100 * array.sync_done / array.sectors
        left = (array.sectors - array.sync_done) / BLOCKS_PER_SECOND / 60
        lines.append(
            f"      [{'=' * int(share / 5)}>{'.' * (20 - int(share / 5))}]  {word} = {share:4.1f}% "
            f"({array.sync_done // 2}/{array.sectors // 2}) finish={left:.1f}min "
            f"speed={BLOCKS_PER_SECOND // 2}K/sec"
        )
    return [*lines, "      "]
