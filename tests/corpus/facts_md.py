"""What our decoders say of a captured mdstat or mdadm output, in the words of INDEX.md."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from hwagent.collect.registry import decoder
from hwagent.model import Sample

_STATES = {"readonly": "active (read-only)", "read-auto": "active (auto-read-only)"}
_FLAGS = ("faulty", "spare", "journal", "write_mostly", "replacement")
_COUNTS = {
    "Raid Level": "level",
    "Raid Devices": "raid_disks",
    "Total Devices": "listed_disks",
    "Active Devices": "in_sync_disks",
    "Failed Devices": "failed_disks",
}


def observed(kind_folder: str, path: Path, component: str, field: str) -> str | None:
    """The value of a field as our samples have it; None if we do not know such a field."""
    samples = _samples(kind_folder, path)
    if field == "array_count":
        return str(sum(not s.unreadable for s in samples.values()))
    sample = samples.get(f"array:{component.removeprefix('/dev/').replace('/', '_')}")
    if sample is None and len(samples) == 1 and component == "md":
        sample = next(iter(samples.values()))  # --export does not name the device
    if sample is None:
        return None
    try:
        return _mdadm(sample, field) if "fields" in sample.attributes else _mdstat(sample, field)
    except KeyError:  # not said of this array, or only as text
        return sample.attributes.get("fields", {}).get(field)


@lru_cache(maxsize=256)
def _samples(kind: str, path: Path) -> dict[str, Sample]:
    return {s.id: s for s in decoder(kind)(path.read_bytes())}


def _mdstat(sample: Sample, field: str) -> str | None:
    metrics, members = sample.metrics, sample.attributes["members"]
    match field:
        case "state":
            return _STATES.get(str(metrics["state"]), str(metrics["state"]))
        case "level":
            return str(metrics.get("level", "(not printed)"))
        case "members_listed":
            return str(metrics["listed_disks"])
        case "size_1k_blocks":
            return str(int(metrics["size_bytes"]) // 1024)
        case "raid_disks/in_sync":
            slots = sample.attributes["slots"]
            return f"{metrics['raid_disks']}/{metrics['in_sync_disks']} [{slots}]"
        case "degraded":
            return _degraded(sample)
        case "sync":
            return _sync(sample)
        case _ if field in _FLAGS:
            return ",".join(m["device"] for m in members if field in m["flags"])
    return None


def _degraded(sample: Sample) -> str | None:
    if sample.metrics["container"]:
        return "n/a: container, inactive is its normal state"
    if sample.metrics["state"] == "inactive":
        return "not running (inactive)"
    degraded = sample.metrics.get("degraded")
    return None if degraded is None else "yes" if degraded else "no"


def _sync(sample: Sample) -> str | None:
    metrics = sample.metrics
    action = {"recover": "recovery"}.get(str(metrics["sync_action"]), str(metrics["sync_action"]))
    if metrics["sync_state"] == "idle":
        return "none"
    if metrics["sync_state"] != "running":
        return f"{action} {str(metrics['sync_state']).upper()}"
    percent = float(metrics["sync_ratio"]) * 100
    speed = int(metrics["sync_speed_bytes_per_second"]) // 1024
    return (
        f"{action} {percent:.1f}% {metrics['sync_done_blocks']}/{metrics['sync_total_blocks']}"
        f" eta {float(metrics['sync_eta_seconds']) / 60:.1f} min, {speed} K/s"
    )


def _mdadm(sample: Sample, field: str) -> str | None:
    metrics, members = sample.metrics, sample.attributes.get("members", [])
    fields: dict[str, str] = sample.attributes["fields"]
    match field:
        case "members (slot:state:dev)":
            return "; ".join(_row(m) for m in members)
        case "members (dev=role)":
            return ", ".join(f"/dev/{m['device']}={_role(m)}" for m in members)
        case "Array Size":
            size = int(metrics["size_bytes"]) // 1024
            return fields[field] if fields[field].split()[0] == str(size) else f"{size}"
        case "Spare Devices":
            return str(int(metrics["spare_disks"]) + int(metrics.get("rebuilding_disks", 0)))
        case "Chunk Size":
            return f"{sample.attributes['chunk_size_bytes'] // 1024}K"
        case "Rebuild Status" | "Resync Status" | "Reshape Status" | "Check Status":
            return f"{float(metrics['sync_ratio']) * 100:.0f}% complete"
        case "UUID" | "Array UUID" | "MD_UUID":
            return str(sample.attributes["uuid"])
        case "Version" | "MD_METADATA":
            return str(sample.attributes["metadata"])
        case "MD_LEVEL":
            return str(metrics["level"])
        case "MD_DEVICES":
            return str(metrics["raid_disks"])
        case "Device Role":
            return str(sample.attributes["role"])
        case _ if field in _COUNTS and _COUNTS[field] in metrics:
            return str(metrics[_COUNTS[field]])
    return fields.get(field)


def _row(member: dict[str, Any]) -> str:
    slot = "-" if member["slot"] is None else member["slot"]
    device = f"/dev/{member['device']}" if member["device"] else ""
    return f"{slot}:{' '.join(member['flags'])}:{device}"


def _role(member: dict[str, Any]) -> str:
    return member["state"] if member["slot"] is None else str(member["slot"])
