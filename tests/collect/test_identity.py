"""Who a disk is: remembered from look to look, and never of another disk."""

from pathlib import Path

import pytest

from hwagent.collect import facts, identity
from hwagent.collect.disk import COLLECTOR
from hwagent.collect.root import Root
from hwagent.testing.disks import Disk, complete, remove_disk, write_disk
from hwagent.testing.tree import Tree


class CountingRoot(Root):
    """Counts the files that are read."""

    reads = 0

    def content(self, relative: str) -> bytes:
        self.reads += 1
        return super().content(relative)


def insert(tree: Tree, number: int) -> Disk:
    disk = complete(Disk(name="sda"), number)
    write_disk(tree, disk)
    return disk


def test_who_a_disk_is_is_not_read_again_at_every_look(tmp_path: Path) -> None:
    insert(Tree(tmp_path), 1)
    root, collector = CountingRoot(tmp_path), COLLECTOR()
    first = collector.collect(root, "")
    once, root.reads = root.reads, 0
    assert collector.collect(root, "") == first
    assert root.reads < once


def test_a_disk_that_takes_the_place_of_another_is_known_at_the_next_look(tmp_path: Path) -> None:
    tree, root, collector = Tree(tmp_path), Root(tmp_path), COLLECTOR()
    old = insert(tree, 1)
    [before] = collector.collect(root, "")
    remove_disk(tree, old)
    new = insert(tree, 2)
    [after] = collector.collect(root, "")
    assert (before.attributes["serial"], after.attributes["serial"]) == (old.serial, new.serial)
    assert before.id != after.id


def test_what_udev_learns_later_counts(tmp_path: Path) -> None:
    tree, root = Tree(tmp_path), Root(tmp_path)
    tree.fill("sys/block/vda", {"size": 8, "dev": "254:0"})
    assert identity.serial_of(root, "vda") == ""
    tree.write("run/udev/data/b254:0", "E:ID_SERIAL_SHORT=S1")
    assert identity.serial_of(root, "vda") == "S1"


def test_a_serial_number_that_is_there_late_counts_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, root, now = Tree(tmp_path), Root(tmp_path), 1000.0
    monkeypatch.setattr(facts.time, "monotonic", lambda: now)
    tree.fill("sys/block/vda", {"size": 8, "serial": ""})
    assert identity.serial_of(root, "vda") == ""
    tree.write("sys/block/vda/serial", "S1")
    now += 120
    assert identity.serial_of(root, "vda") == "S1"
