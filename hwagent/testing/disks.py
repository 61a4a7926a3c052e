"""Disks of a simulated server: sysfs, ``/proc/diskstats`` and what smartctl would say."""

import json
from typing import Any

import msgspec

from .tree import Tree


class Disk(msgspec.Struct, kw_only=True):
    """One disk; every field may be changed later, which rewrites its files.

    Times are what the kernel counts: ``read_ms`` milliseconds spent in ``reads`` reads.
    """

    name: str
    model: str = "ST4000NM0035"
    serial: str = ""
    wwn: str = ""
    size: int = 4_000_787_030_016
    rotational: bool = True
    state: str = "running"
    firmware: str = "TN05"
    temperature: int = 34
    smart_passed: bool = True
    power_on_hours: int = 21_000
    reallocated_sectors: int = 0
    pending_sectors: int = 0
    offline_uncorrectable: int = 0
    reported_uncorrectable: int = 0
    crc_errors: int = 0
    percentage_used: int = 3
    available_spare: int = 100
    critical_warning: int = 0
    media_errors: int = 0
    io_errors: int = 0
    reads: int = 100_000
    writes: int = 80_000
    read_ms: int = 600_000
    write_ms: int = 400_000
    in_flight: int = 0
    await_ms: float = 6.0
    iops: float = 40.0
    smart: bool = True

    @property
    def nvme(self) -> bool:
        """True for an NVMe namespace."""
        return self.name.startswith("nvme")

    @property
    def id(self) -> str:
        """Component id."""
        return f"disk:nvme-eui.{self.wwn}" if self.nvme else f"disk:wwn-0x{self.wwn}"


def complete(disk: Disk, number: int) -> Disk:
    """Fills in a serial number and world wide name that no other disk has."""
    disk.serial = disk.serial or f"SIM{number:05d}"
    disk.wwn = disk.wwn or f"5000c500a1b2{number:04x}"
    if disk.nvme and disk.model == "ST4000NM0035":
        disk.model, disk.firmware, disk.rotational = "SAMSUNG MZQL23T8HCLS-00A07", "GDC5602Q", False
    return disk


def directory(disk: Disk) -> str:
    """The disk's own directory in /sys/devices."""
    if disk.nvme:
        controller = f"nvme{_digit(disk)}"
        return f"sys/devices/pci0000:00/0000:01:00.{_digit(disk)}/nvme/{controller}/{disk.name}"
    port = _port(disk)
    return (
        f"sys/devices/pci0000:00/0000:00:17.0/ata{port + 1}/host{port}/target{port}:0:0/"
        f"{port}:0:0:0/block/{disk.name}"
    )


def write_disk(tree: Tree, disk: Disk) -> None:
    """Writes everything about one disk."""
    place = directory(disk)
    stat = (
        f"{disk.reads} 0 {disk.reads * 64} {disk.read_ms} {disk.writes} 0 {disk.writes * 64} "
        f"{disk.write_ms} {disk.in_flight} {disk.read_ms + disk.write_ms} "
        f"{disk.read_ms + disk.write_ms} 0 0 0 0 0 0"
    )
    tree.fill(
        place,
        {
            "size": disk.size // 512,
            "ro": 0,
            "removable": 0,
            "dev": f"{259 if disk.nvme else 8}:{16 * _port(disk)}",
            "stat": stat,
            "inflight": f"{disk.in_flight:8} {0:8}",
            "queue/rotational": int(disk.rotational),
            "queue/logical_block_size": 512,
            "diskseq": _port(disk) + 1,
        },
    )
    _write_device(tree, disk, place)
    for root in ("sys/block", "sys/class/block"):
        tree.link(f"{root}/{disk.name}", place)
    if disk.smart:
        text = json.dumps(nvme_report(disk) if disk.nvme else ata_report(disk))
        tree.write(f"commands/smartctl-{disk.name}", text)


def remove_disk(tree: Tree, disk: Disk) -> None:
    """Takes a disk out of the tree, as when it is pulled."""
    for part in [disk.name, *(n for n in tree.names("sys/class/block") if _part_of(n, disk.name))]:
        tree.remove(f"sys/class/block/{part}")
    tree.remove(f"sys/block/{disk.name}")
    tree.remove(directory(disk))
    tree.remove(f"commands/smartctl-{disk.name}")


def write_partition(tree: Tree, disk: Disk, number: int) -> str:
    """Writes one partition over the whole disk; returns its name."""
    name = f"{disk.name}{'p' if disk.nvme else ''}{number}"
    place = f"{directory(disk)}/{name}"
    tree.fill(place, {"partition": number, "start": 2048, "size": disk.size // 512 - 4096})
    tree.link(f"sys/class/block/{name}", place)
    return name


def diskstats(disks: list[Disk]) -> str:
    """``/proc/diskstats`` (Documentation/admin-guide/iostats.rst)."""
    lines = []
    for disk in disks:
        lines.append(
            f"{259 if disk.nvme else 8:4} {16 * _port(disk):7} {disk.name} {disk.reads} 0 "
            f"{disk.reads * 64} {disk.read_ms} {disk.writes} 0 {disk.writes * 64} {disk.write_ms} "
            f"{disk.in_flight} {disk.read_ms + disk.write_ms} {disk.read_ms + disk.write_ms} "
            "0 0 0 0 0 0"
        )
    return "\n".join(lines)


def work(disk: Disk, seconds: float) -> None:
    """Lets a disk do its usual work for a time: counters grow by its rate and latency."""
    count = int(disk.iops * seconds / 2)
    disk.reads += count
    disk.writes += count
    disk.read_ms += int(count * disk.await_ms)
    disk.write_ms += int(count * disk.await_ms)


def ata_report(disk: Disk) -> dict[str, Any]:
    """What ``smartctl --json -x`` says of an ATA disk."""
    table = [
        _attribute(5, "Reallocated_Sector_Ct", disk.reallocated_sectors, 100, 10),
        _attribute(9, "Power_On_Hours", disk.power_on_hours, 76, 0),
        _attribute(187, "Reported_Uncorrect", disk.reported_uncorrectable, 100, 0),
        _attribute(188, "Command_Timeout", 0, 100, 0),
        _attribute(194, "Temperature_Celsius", disk.temperature, 66, 0),
        _attribute(197, "Current_Pending_Sector", disk.pending_sectors, 100, 0),
        _attribute(198, "Offline_Uncorrectable", disk.offline_uncorrectable, 100, 0),
        _attribute(199, "UDMA_CRC_Error_Count", disk.crc_errors, 200, 0),
    ]
    return {
        **_report_head(disk, "sat", "ATA"),
        "rotation_rate": 7200 if disk.rotational else 0,
        "wwn": {"naa": 5, "oui": 3152, "id": int(disk.wwn[-9:], 16)},
        "ata_smart_attributes": {"revision": 10, "table": table},
        "ata_smart_error_log": {"summary": {"revision": 1, "count": 0}},
    }


def nvme_report(disk: Disk) -> dict[str, Any]:
    """What ``smartctl --json -x`` says of an NVMe disk."""
    return {
        **_report_head(disk, "nvme", "NVMe"),
        "nvme_smart_health_information_log": {
            "critical_warning": disk.critical_warning,
            "temperature": disk.temperature,
            "available_spare": disk.available_spare,
            "available_spare_threshold": 10,
            "percentage_used": disk.percentage_used,
            "data_units_read": 1000,
            "data_units_written": 1000,
            "power_cycles": 20,
            "power_on_hours": disk.power_on_hours,
            "unsafe_shutdowns": 3,
            "media_errors": disk.media_errors,
            "num_err_log_entries": 0,
        },
    }


def _report_head(disk: Disk, type: str, protocol: str) -> dict[str, Any]:
    return {
        "json_format_version": [1, 0],
        "smartctl": {"version": [7, 3], "exit_status": 0 if disk.smart_passed else 8},
        "device": {"name": f"/dev/{disk.name}", "type": type, "protocol": protocol},
        "model_name": disk.model,
        "serial_number": disk.serial,
        "firmware_version": disk.firmware,
        "user_capacity": {"blocks": disk.size // 512, "bytes": disk.size},
        "smart_support": {"available": True, "enabled": True},
        "smart_status": {"passed": disk.smart_passed},
        "power_on_time": {"hours": disk.power_on_hours},
        "power_cycle_count": 20,
        "temperature": {"current": disk.temperature},
    }


def _attribute(id: int, name: str, raw: int, value: int, thresh: int) -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "value": value,
        "worst": value,
        "thresh": thresh,
        "when_failed": "",
        "flags": {"value": 51, "prefailure": id in (5, 10)},
        "raw": {"value": raw, "string": str(raw)},
    }


def _write_device(tree: Tree, disk: Disk, place: str) -> None:
    if disk.nvme:
        controller = place.rsplit("/", 1)[0]
        tree.fill(
            controller,
            {
                "model": disk.model,
                "serial": disk.serial,
                "firmware_rev": disk.firmware,
                "state": "live" if disk.state == "running" else disk.state,
                "transport": "pcie",
            },
        )
        tree.write(f"{place}/wwid", f"eui.{disk.wwn}")
        tree.link(f"{place}/device", controller)
        tree.link(f"sys/class/nvme/{controller.rsplit('/', 1)[1]}", controller)
        return
    device = place.rsplit("/block/", 1)[0]
    tree.fill(
        device,
        {
            "vendor": "ATA",
            "model": disk.model,
            "rev": disk.firmware,
            "state": disk.state,
            "wwid": f"naa.{disk.wwn}",
            "vpd_pg80": b"\0\x80\0" + bytes([len(disk.serial)]) + disk.serial.encode(),
            "ioerr_cnt": hex(disk.io_errors),
            "iodone_cnt": hex(disk.reads + disk.writes),
            "iorequest_cnt": hex(disk.reads + disk.writes),
            "iotmo_cnt": hex(0),
            "type": 0,
        },
    )
    tree.link(f"{place}/device", device)


def _port(disk: Disk) -> int:
    letters = disk.name.removeprefix("sd")
    if disk.nvme or not letters.isalpha():
        return _digit(disk)
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("a") + 1
    return number - 1


def _digit(disk: Disk) -> int:
    digits = "".join(c for c in disk.name.split("n")[1 if disk.nvme else 0] if c.isdigit())
    if disk.nvme:
        digits = disk.name[len("nvme") :].split("n")[0]
    return int(digits or 0)


def _part_of(name: str, disk: str) -> bool:
    rest = name.removeprefix(disk)
    return name != rest and rest.removeprefix("p").isdecimal()
