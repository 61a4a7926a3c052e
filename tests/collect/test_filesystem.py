"""Mounted file systems: which count, how full they are, and how they say that they are ill."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.filesystem import COLLECTOR
from hwagent.collect.mounts import fstab, parse_mountinfo, parse_mounts, watched
from hwagent.collect.root import Root, Unreadable
from hwagent.model import Sample
from hwagent.testing.tree import Tree

_CORPORA = Path(__file__).parents[3] / "shared/corpora"
_MOUNTS = """24 29 0:22 / /sys rw,nosuid shared:7 - sysfs sysfs rw
28 29 0:25 / /run rw,nosuid shared:5 - tmpfs tmpfs rw,size=1617716k
29 1 253:2 / / rw,relatime shared:1 - ext4 /dev/mapper/root rw,errors=remount-ro
30 29 8:1 / /boot rw - vfat /dev/sda1 rw
31 29 0:40 / /home rw - nfs4 server:/home rw,vers=4.2
32 29 0:41 / /srv/my\\040data rw - fuse.sshfs host:/ rw
33 29 7:0 / /snap/core ro - squashfs /dev/loop0 ro
34 29 253:2 /var/x /mnt/again rw - ext4 /dev/mapper/root rw
35 29 0:50 / /pool rw - btrfs /dev/sdb rw
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path / "host")
    tree.write("proc/1/mountinfo", _MOUNTS)
    tree.write("sys/devices/virtual/block/dm-2/size", 8)
    tree.link("sys/class/block/dm-2", "sys/devices/virtual/block/dm-2")
    tree.link("sys/dev/block/253:2", "sys/devices/virtual/block/dm-2")
    return tree


def look(tree: Tree, mount: str) -> Sample:
    (sample,) = COLLECTOR().collect(Root(tree.path), mount)
    return sample


def test_each_storage_is_a_target_once_and_pseudo_file_systems_are_none(tree: Tree) -> None:
    assert COLLECTOR().targets(Root(tree.path)) == [
        "/",
        "/boot",
        "/home",
        "/srv/my data",
        "/pool",
    ]


def test_ids_have_no_blanks(tree: Tree) -> None:
    assert look(tree, "/srv/my data").id == "filesystem:/srv/my_data"


def test_a_mount_that_is_hidden_by_another_does_not_count() -> None:
    text = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / /mnt rw - ext4 /dev/sda2 rw\n"
    hidden = text + "3 1 0:9 / /mnt rw - tmpfs tmpfs rw\n"
    assert [m.point for m in watched(parse_mountinfo(text))] == ["/", "/mnt"]
    assert [m.point for m in watched(parse_mountinfo(hidden))] == ["/"]


def test_errors_that_ext4_counted(tree: Tree) -> None:
    tree.write("sys/fs/ext4/dm-2/errors_count", 5)
    tree.write("sys/fs/ext4/dm-2/warning_count", 2)
    sample = look(tree, "/")
    assert (sample.metrics["errors"], sample.metrics["warnings"]) == (5, 2)
    assert sample.attributes["device"] == "dm-2"


def test_damaged_counts_are_unknown(tree: Tree) -> None:
    tree.write("sys/fs/ext4/dm-2/errors_count", "many")
    sample = look(tree, "/")
    assert "errors" in sample.problems
    assert "errors" not in sample.metrics


def test_read_only_after_an_error_and_read_only_by_wish(tree: Tree) -> None:
    assert look(tree, "/").metrics["read_only"] == 0
    tree.write("proc/1/mountinfo", _MOUNTS.replace("rw,errors=remount-ro", "ro,errors=remount-ro"))
    metrics = look(tree, "/").metrics
    assert (metrics["read_only"], metrics["read_only_expected"]) == (1, 0)
    tree.write("etc/fstab", "# ro\nUUID=1 / ext4 ro,errors=remount-ro 0 1\n")
    assert look(tree, "/").metrics["read_only_expected"] == 1


def test_what_is_mounted_by_hand_may_be_read_only_by_wish(tree: Tree) -> None:
    assert "read_only_expected" not in look(tree, "/pool").metrics
    tree.write("etc/fstab", "UUID=2 /pool btrfs defaults 0 0\n")
    assert look(tree, "/pool").metrics["read_only_expected"] == 0


def test_a_mount_made_read_only_for_a_sandbox_is_not_a_read_only_file_system(tree: Tree) -> None:
    tree.write("proc/1/mountinfo", _MOUNTS.replace("/ / rw,relatime", "/ / ro,relatime"))
    assert look(tree, "/").metrics["read_only"] == 0


def test_btrfs_sums_the_errors_of_its_devices_and_misses_one(tree: Tree) -> None:
    at = "sys/fs/btrfs/0abb23a9"
    tree.write(f"{at}/devices/sdb/size", 1)
    stats = "write_errs 1\nread_errs 2\nflush_errs 0\ncorruption_errs 4\ngeneration_errs 0\n"
    tree.fill(f"{at}/devinfo/1", {"missing": 0, "error_stats": stats})
    tree.fill(f"{at}/devinfo/2", {"missing": 1, "error_stats": stats})
    metrics = look(tree, "/pool").metrics
    assert (metrics["errors"], metrics["missing_devices"]) == (14, 1)


def test_a_capture_is_not_asked_for_room(tree: Tree) -> None:
    assert "size_bytes" not in look(tree, "/").metrics


def test_without_mountinfo_the_older_table_is_read(tree: Tree) -> None:
    tree.remove("proc/1/mountinfo")
    tree.write("proc/self/mounts", "/dev/root / ext4 ro,relatime 0 0\nproc /proc proc rw 0 0\n")
    assert COLLECTOR().targets(Root(tree.path)) == ["/"]
    assert look(tree, "/").metrics["read_only"] == 1


def test_a_tree_without_a_mount_table_has_no_file_systems(tmp_path: Path) -> None:
    assert COLLECTOR().targets(Root(tmp_path)) == []


def test_a_mount_table_that_cannot_be_read_is_told(tree: Tree) -> None:
    tree.remove("proc/1/mountinfo")
    (tree.path / "proc/1/mountinfo").mkdir()
    with pytest.raises(Unreadable):
        COLLECTOR().targets(Root(tree.path))


def test_a_file_system_that_is_unmounted_is_gone(tree: Tree) -> None:
    assert COLLECTOR().collect(Root(tree.path), "/elsewhere") == []


def test_the_root_of_this_host() -> None:
    (sample,) = COLLECTOR().collect(Root("/"), "/")
    space = os.statvfs("/")
    assert sample.metrics["size_bytes"] == space.f_blocks * space.f_frsize
    assert sample.metrics["accessible"] == 1
    assert 0 <= float(sample.metrics["used_ratio"]) <= 1


@pytest.mark.parametrize(
    ("number", "dead"),
    [(errno.EIO, True), (errno.ESTALE, True), (errno.ENOTCONN, True), (errno.EACCES, False)],
)
def test_dead_file_systems_are_told_from_forbidden_ones(
    monkeypatch: pytest.MonkeyPatch, number: int, dead: bool
) -> None:
    def refuse(path: str) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "statvfs", refuse)
    (sample,) = COLLECTOR().collect(Root("/"), "/")
    assert sample.metrics.get("accessible") == (0 if dead else None)
    assert bool(sample.unreadable) is not dead


def test_the_mounts_of_a_captured_host() -> None:
    path = _CORPORA / "node_exporter-proc/1/mountinfo"
    if not path.exists():
        pytest.skip("../shared/corpora is absent")
    found = watched(parse_mountinfo(path.read_text()))
    assert [m.fstype for m in found] == ["ext4", "ext2", "ext4", "xfs"]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_no_table_breaks_the_parsers(text: str) -> None:
    watched(parse_mountinfo(text))
    watched(parse_mounts(text))
    fstab(text)
    assert watched(parse_mountinfo(f"{_MOUNTS}{text}"))
