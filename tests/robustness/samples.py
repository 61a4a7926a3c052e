"""Captured files of every kind that ``hwagent decode`` reads, from the corpora where they are."""

import json
from functools import cache
from pathlib import Path

from hwagent.testing.arrays import Array, Member, mdstat
from hwagent.testing.disks import Disk, ata_report, complete, nvme_report

_CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
_FOLDERS = {
    "mdstat": "mdstat/*",
    "mdadm-detail": "mdadm-detail/*-query-*",
    "smartctl": "smartctl/*.json",
    "nvme-smart-log": "nvme-cli/*smart-log*",
    "nvme-list": "nvme-cli/*list*",
    "ethtool-module": "ethtool/*m*",
    "ethtool": "ethtool/*default*",
}


@cache
def captured(kind: str) -> dict[str, bytes]:
    """Files by name; those that the simulated server makes are always there."""
    found = {p.name: p.read_bytes() for p in _CORPORA.glob(_FOLDERS.get(kind, "none"))}
    return {**found, **_made(kind)}


def _made(kind: str) -> dict[str, bytes]:
    if kind == "mdstat":
        members = [Member("sda1", 0), Member("sdb1", 1)]
        return {"simulated": mdstat([Array(name="md0", members=members, raid_disks=2)]).encode()}
    if kind == "smartctl":
        disks = [complete(Disk(name=name), 1) for name in ("sda", "nvme0n1")]
        reports = [nvme_report(d) if d.nvme else ata_report(d) for d in disks]
        return {f"simulated {n}": json.dumps(r).encode() for n, r in enumerate(reports)}
    return {}
