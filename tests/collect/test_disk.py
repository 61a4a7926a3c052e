"""Disks in sysfs: which are found, who they are, how they are, what damage does to them."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.disk import COLLECTOR, METRICS, disks, transport
from hwagent.collect.identity import disk_id, serial_of, udev, wwn_of
from hwagent.collect.root import Root
from hwagent.model import Sample
from hwagent.testing.disks import Disk, complete, write_disk, write_partition
from hwagent.testing.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def look(tree: Tree) -> list[Sample]:
    samples = COLLECTOR().collect(Root(tree.path), "")
    declared = {m.name for m in METRICS}
    assert all(set(s.metrics) | set(s.problems) <= declared for s in samples)
    return samples


def sata(tree: Tree, name: str = "sda", number: int = 1, **changes: Any) -> Disk:
    disk = complete(Disk(name=name, **changes), number)
    write_disk(tree, disk)
    return disk


def test_a_sata_disk_is_known_by_its_world_wide_name(tree: Tree) -> None:
    disk = sata(tree, reads=10, read_ms=2500, in_flight=3, io_errors=17)
    [sample] = look(tree)
    assert (sample.id, sample.kind, sample.unreadable) == (f"disk:wwn-0x{disk.wwn}", "disk", "")
    assert sample.metrics["state"] == "running"
    assert sample.metrics["size_bytes"] == disk.size
    assert sample.metrics["rotational"] == 1
    assert sample.metrics["io_errors"] == 17  # the file is hexadecimal
    assert sample.metrics["reads"] == 10
    assert sample.metrics["read_bytes"] == 10 * 64 * 512
    assert sample.metrics["read_seconds"] == 2.5
    assert sample.metrics["in_flight"] == 3
    assert sample.attributes["transport"] == "sata"
    assert sample.attributes["serial"] == disk.serial
    assert sample.attributes["peer_group"] == disk.model
    assert sample.attributes["pcie"] == ["pcie:0000:00:17.0"]


def test_an_nvme_disk_has_the_state_of_its_controller(tree: Tree) -> None:
    disk = sata(tree, "nvme0n1", state="resetting")
    [sample] = look(tree)
    assert sample.id == f"disk:nvme-eui.{disk.wwn}"
    assert sample.metrics["state"] == "resetting"
    assert sample.attributes["transport"] == "nvme"
    assert sample.attributes["firmware"] == disk.firmware


def test_only_whole_disks_are_disks(tree: Tree) -> None:
    disk = sata(tree)
    write_partition(tree, disk, 1)
    for name in ("loop0", "ram0", "zram0", "md0", "dm-0", "sr0", "fd0", "nbd0", "mmcblk0boot0"):
        tree.write(f"sys/block/{name}/size", 8)
        tree.write(f"sys/block/{name}/device/type", 5)
    tree.write("sys/block/nvme0c0n1/size", 8)
    tree.write("sys/block/nvme1n1/hidden", 1)
    assert disks(Root(tree.path)) == ["sda"]


def test_disks_are_in_the_order_that_people_count(tree: Tree) -> None:
    for name in ("sdaa", "sdb", "sda"):
        tree.write(f"sys/block/{name}/size", 8)
    assert disks(Root(tree.path)) == ["sda", "sdb", "sdaa"]


def test_no_disks_at_all(tree: Tree) -> None:
    assert look(tree) == []


def test_two_paths_to_one_disk_are_one_component_by_the_path_that_works(tree: Tree) -> None:
    first = sata(tree, "sda", state="offline")
    sata(tree, "sdb", serial=first.serial, wwn=first.wwn)
    [sample] = look(tree)
    assert sample.metrics["state"] == "running"
    assert sample.attributes["names"] == ["sda", "sdb"]


def test_a_world_wide_name_that_two_disks_bear_does_not_merge_them(tree: Tree) -> None:
    sata(tree, "sda", serial="A1", wwn="5000000000000001")
    sata(tree, "sdb", serial="B2", wwn="5000000000000001")
    assert {s.id for s in look(tree)} == {"disk:serial-A1", "disk:serial-B2"}
    assert disk_id(Root(tree.path), "sda") == "disk:serial-A1"


@pytest.mark.parametrize("wwid", ["naa.0000000000000000", "", "0", "eui.0000000000000000"])
def test_a_world_wide_name_of_zeros_is_none(tree: Tree, wwid: str) -> None:
    disk = sata(tree, serial="S1")
    tree.write("sys/block/sda/device/wwid", wwid)
    assert disk_id(Root(tree.path), "sda") == f"disk:serial-{disk.serial}"


def test_without_any_identity_the_kernels_name_must_do(tree: Tree) -> None:
    tree.write("sys/block/sda/size", 8)
    assert disk_id(Root(tree.path), "sda") == "disk:sda"


def test_a_partition_has_the_id_of_its_disk(tree: Tree) -> None:
    disk = sata(tree)
    part = write_partition(tree, disk, 1)
    assert disk_id(Root(tree.path), part) == disk.id


def test_udev_knows_what_sysfs_does_not(tree: Tree) -> None:
    tree.write("sys/block/sda/dev", "8:0")
    tree.write("sys/block/sda/size", 8)
    properties = "ID_WWN_WITH_EXTENSION=0x7c72382b8de36a64", "ID_PATH=pci-0000:3b:00.0-sas-phy7"
    lines = ["S:disk/by-id/x", *(f"E:{p}" for p in properties), "E:ID_SERIAL_SHORT=2160 A0", "I:1"]
    tree.write("run/udev/data/b8:0", "\n".join(lines))
    root = Root(tree.path)
    assert udev(root, "sda")["ID_PATH"] == "pci-0000:3b:00.0-sas-phy7"
    assert wwn_of(root, "sda") == "wwn-0x7c72382b8de36a64"
    assert serial_of(root, "sda") == "2160_A0"
    assert look(tree)[0].attributes["path"] == "pci-0000:3b:00.0-sas-phy7"


@pytest.mark.parametrize("place", ["run/udev/data", "udev/data"])
def test_a_disk_that_a_capture_has_only_a_line_of_statistics_of(tree: Tree, place: str) -> None:
    lines = [" 8 0 sda 25 1 100 18000 5 0 8 9 2 10 20", " 8 1 sda1 9 0 0 0 0 0 0 0 0 0 0"]
    tree.write("proc/diskstats", "\n".join([*lines, " 7 0 loop0 9 0 0 0 0 0 0 0 0 0 0"]))
    tree.write(
        f"{place}/b8:0", "E:ID_MODEL=M1\nE:ID_SERIAL_SHORT=S1\nE:ID_BUS=ata\nE:ID_REVISION=9"
    )
    [sample] = look(tree)
    assert sample.id == "disk:serial-S1"
    assert sample.metrics["reads"] == 25
    told = {name: sample.attributes[name] for name in ("name", "model", "transport", "firmware")}
    assert told == {"name": "sda", "model": "M1", "transport": "sata", "firmware": "9"}


def test_what_an_ata_disk_told_udev(tree: Tree) -> None:
    tree.write("sys/block/sda/dev", "8:0")
    properties = (
        "ID_ATA_WRITE_CACHE=1",
        "ID_ATA_WRITE_CACHE_ENABLED=0",
        "ID_ATA_ROTATION_RATE_RPM=0",
    )
    tree.write("run/udev/data/b8:0", "\n".join(f"E:{p}" for p in properties))
    [sample] = look(tree)
    assert (sample.metrics["write_cache"], sample.metrics["write_cache_enabled"]) == (1, 0)
    assert sample.metrics["rotational"] == 0
    assert sample.attributes["rotation_rate"] == 0
    tree.write("run/udev/data/b8:0", "E:ID_ATA_WRITE_CACHE=maybe\nE:ID_ATA_ROTATION_RATE_RPM=fast")
    tree.write("sys/block/sda/queue/rotational", 1)
    [sample] = look(tree)
    assert "write_cache" not in sample.metrics
    assert sample.metrics["rotational"] == 1


def test_the_arrays_of_a_disk_are_those_of_its_partitions_too(tree: Tree) -> None:
    disk = sata(tree)
    part = write_partition(tree, disk, 1)
    tree.write("sys/block/sda/holders/md127/x", 0)
    tree.write(f"sys/block/sda/{part}/holders/md0/x", 0)
    tree.write(f"sys/block/sda/{part}/holders/dm-0/x", 0)
    assert look(tree)[0].attributes["arrays"] == ["array:md0", "array:md127"]


@pytest.mark.parametrize(("action", "syncing"), [("idle", 0), ("check", 1), ("recover", 1)])
def test_a_disk_whose_array_is_synced(tree: Tree, action: str, syncing: int) -> None:
    sata(tree)
    tree.write("sys/block/sda/holders/md0/x", 0)
    tree.write("sys/block/md0/md/sync_action", action)
    assert look(tree)[0].metrics["array_syncing"] == syncing


def test_how_a_disk_is_attached(tree: Tree) -> None:
    sata(tree, "sda")
    for name, place in (
        ("sdb", "pci0000:00/0000:01:00.0/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0"),
        ("sdc", "pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0"),
        ("sdd", "platform/host9/target9:0:0/9:0:0:0"),
    ):
        tree.write(f"sys/devices/{place}/block/{name}/size", 8)
        tree.link(f"sys/block/{name}", f"sys/devices/{place}/block/{name}")
    tree.write("sys/block/vda/size", 8)
    root = Root(tree.path)
    kinds = {name: transport(root, name) for name in disks(root)}
    assert kinds == {"sda": "sata", "sdb": "sas", "sdc": "usb", "sdd": "scsi", "vda": "virtio"}


def test_statistics_of_old_and_new_kernels(tree: Tree) -> None:
    sata(tree)
    for fields, has, lacks in ((11, "queue_seconds", "discards"), (15, "discards", "flushes")):
        tree.write("sys/block/sda/stat", " ".join(["7"] * fields))
        [sample] = look(tree)
        assert has in sample.metrics
        assert lacks not in sample.metrics


def test_statistics_from_diskstats_where_the_disk_has_no_file(tree: Tree) -> None:
    tree.write("sys/block/sda/device/state", "running")
    tree.write("proc/diskstats", "   8       0 sda 25 1 100 18000 5 0 8 9 2 10 20")
    [sample] = look(tree)
    assert sample.metrics["read_seconds"] == 18
    assert sample.metrics["in_flight"] == 2


@pytest.mark.parametrize("stat", ["", "1 2 3", "a b c d e f g h i j k", "1 2 3 4 -5 6 7 8 9 10 11"])
def test_damaged_statistics_are_a_problem(tree: Tree, stat: str) -> None:
    sata(tree)
    tree.write("sys/block/sda/stat", stat)
    [sample] = look(tree)
    assert "reads" not in sample.metrics
    assert "reads" in sample.problems


@pytest.mark.parametrize(
    ("file", "content", "metric"),
    [
        ("device/state", "on fire", "state"),
        ("device/ioerr_cnt", "many", "io_errors"),
        ("size", "big", "size_bytes"),
        ("size", "9" * 60, "size_bytes"),
        ("queue/rotational", "", "rotational"),
    ],
)
def test_a_damaged_value_is_a_problem_of_its_own(
    tree: Tree, file: str, content: str, metric: str
) -> None:
    sata(tree)
    tree.write(f"sys/block/sda/{file}", content)
    [sample] = look(tree)
    assert metric in sample.problems
    assert metric not in sample.metrics
    assert "read_only" in sample.metrics


def test_a_disk_of_which_nothing_can_be_read_is_unknown(tree: Tree) -> None:
    tree.write("sys/block/sda/alignment_offset", 0)
    [sample] = look(tree)
    assert sample.unreadable


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=120), st.sampled_from(["stat", "device/state", "device/wwid", "dev"]))
def test_any_bytes_in_a_file_give_a_sample(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, file: str
) -> None:
    tree = Tree(tmp_path_factory.getbasetemp() / "fuzzed")
    tree.write("sys/block/sda/ro", 0)
    tree.write(f"sys/block/sda/{file}", content)
    assert [s.kind for s in look(tree)] == ["disk"]
