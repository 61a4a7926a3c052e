"""What every witness of a software RAID array tells in the same words: sysfs, mdstat and mdadm.

Source: Documentation/admin-guide/md.rst of the kernel, md(4).
"""

from hwagent.model import counter, gauge, state

from .gather import Gather

_MD = "Documentation/admin-guide/md.rst"
_MDSTAT = "md(4), /proc/mdstat"
#: Levels that survive the loss of a member, and so have ``degraded``.
REDUNDANT = frozenset({"raid1", "raid4", "raid5", "raid6", "raid10", "multipath"})
#: A kernel array has at most 1920 members (MD_SB_DISKS of metadata 1.x); more is damage.
DISKS_MAX = 1920
_PARITY = {"raid4": 1, "raid5": 1, "raid6": 2}

ARRAY_METRICS = (
    state("state", "array_state: clean, active, readonly, inactive, broken, ...", _MD),
    state("level", "raid0, raid1, raid4, raid5, raid6, raid10, linear; absent if not known", _MD),
    gauge("container", "1 if it only holds metadata (imsm, ddf): inactive is its normal state"),
    gauge("raid_disks", "members that a complete array has", source=_MD),
    gauge("in_sync_disks", "members that hold current data", source=_MDSTAT),
    gauge("degraded", "members that are missing or out of date; redundant levels only", "", _MD),
    gauge("failures_survivable", "members that can still be lost; below 0 data is out of reach"),
    gauge("listed_disks", "members attached in any state", source=_MDSTAT),
    gauge("failed_disks", "members that are faulty but still attached", source=_MD),
    gauge("spare_disks", "members that wait for the failure of another", source=_MD),
    gauge("rebuilding_disks", "members that are being filled", source=_MD),
    gauge("journal_disks", "members that are a write journal", source=_MD),
    gauge("write_mostly_disks", "members that are read only if others cannot be", source=_MD),
    gauge("write_error_disks", "members that refused a write", source=_MD),
    gauge("want_replacement_disks", "members that want to be replaced", source=_MD),
    gauge("replacement_disks", "members that are replacing another", source=_MD),
    gauge("bad_block_ranges", "ranges that members know to be bad", source=_MD),
    counter("corrected_errors", "read errors that were corrected by rewriting", source=_MD),
    gauge("size_bytes", "size of the array", "bytes"),
    state("sync_action", "idle, resync, recover, check, repair, reshape or frozen", _MD),
    state("sync_state", "idle, running, delayed, pending or remote", _MDSTAT),
    gauge("sync_ratio", "how much of the sync is done, 0 to 1", source=_MDSTAT),
    gauge("sync_done_blocks", "how much of each member is synchronised", "KiB", _MDSTAT),
    gauge("sync_total_blocks", "how much of each member is to be synchronised", "KiB", _MDSTAT),
    gauge("sync_eta_seconds", "time until the sync is done at this speed", "seconds", _MDSTAT),
    gauge("sync_speed_bytes_per_second", "speed of the sync", "bytes/s", _MD),
    gauge("sync_speed_min_bytes_per_second", "speed that the kernel tries to keep", "bytes/s", _MD),
    gauge("sync_speed_max_bytes_per_second", "speed that the kernel does not pass", "bytes/s", _MD),
    gauge("mismatch_count", "sectors that differed in the last check or repair", "sectors", _MD),
    gauge("witness_disagrees", "1 if sysfs and /proc/mdstat count other failed or missing members"),
)


def set_redundancy(g: Gather, level: str, disks: int, in_sync: int) -> None:
    """Sets ``degraded`` and ``failures_survivable`` of a running array; nothing for other levels.

    RAID10 is told by the least it survives: which further loss it bears depends on the layout.
    """
    missing = disks - in_sync
    if level in REDUNDANT:
        g.set("degraded", missing)
        if level in _PARITY:
            left = _PARITY[level] - missing
        elif level == "raid10":
            left = 1 if missing == 0 else 0
        else:
            left = in_sync - 1
        g.set("failures_survivable", left)
    elif level in ("raid0", "linear"):
        broken = g.metrics.get("state") == "broken" or g.metrics.get("failed_disks")
        g.set("failures_survivable", -1 if missing or broken else 0)


def is_container(metadata: str) -> bool:
    """True for ``external:imsm``; a volume in a container says ``external:/md127/0`` instead."""
    return metadata.startswith("external:") and metadata[9:10] not in ("/", "-", "")
