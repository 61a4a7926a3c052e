"""Verbs on small trees: what they write, and above all what they refuse."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from hwagent.collect.root import Root
from hwagent.helper.verbs import VERBS, run_verb

MIB = 1 << 20


class Tree:
    """A host of files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: object) -> None:
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{text}\n")

    def read(self, name: str) -> str:
        return (self.path / name).read_text().strip()

    def array(self, *states: str, level: str = "raid1", slots: int = 2, **files: object) -> None:
        md = "sys/block/md0/md"
        in_sync = sum(s == "in_sync" for s in states)
        about = {
            "array_state": "clean",
            "level": level,
            "raid_disks": slots,
            "degraded": slots - in_sync,
            "metadata_version": "1.2",
            "sync_action": "idle",
            "component_size": 4096,
        }
        for name, value in {**about, **files}.items():
            self.write(f"{md}/{name}", value)
        for number, state in enumerate(states):
            member = f"sd{'abcdef'[number]}1"
            self.write(f"{md}/dev-{member}/state", state)
            slot = number if state == "in_sync" else "none"
            self.write(f"{md}/dev-{member}/slot", slot)

    def device(self, name: str, size: int = 8 * MIB) -> Path:
        """A device with an image, all zero."""
        self.write(f"sys/class/block/{name}/size", size // 512)
        (self.path / "dev").mkdir(exist_ok=True)
        image = self.path / "dev" / name
        with open(image, "wb") as file:
            file.truncate(size)
        return image

    def verb(self, name: str, **arguments: Any) -> str:
        """Detail of a verb that is done; fails the test if it is not."""
        done = run_verb(name, arguments, Root(self.path))
        assert done.ok, done.detail
        return done.detail

    def refused(self, name: str, **arguments: Any) -> str:
        """Why a verb is not done; fails the test if it is."""
        done = run_verb(name, arguments, Root(self.path))
        assert not done.ok
        return done.detail


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


BAD = (
    "../../etc/passwd",
    "md0/../../x",
    "..",
    ".",
    "",
    "sda1\n",
    "sda 1",
    "/dev/sda",
    "-a",
    "a" * 64,
    "sda\0",
    "sdé",
    None,
    1,
    ["sda1"],
)


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", sorted(VERBS.keys() - {"vip_service"}))  # see test_vip_verbs
def test_names_that_are_no_kernel_names_are_refused(tree: Tree, name: str, bad: object) -> None:
    good: dict[str, Any] = {
        "array": "md0",
        "member": "sda1",
        "device": "sdb1",
        "to": "faulty",
        "action": "check",
        "minimum_kib": 1,
        "maximum_kib": 2,
        "bond": "bond0",
        "leg": "eth0",
        "disk": "sda",
        "on": True,
    }
    fields = VERBS[name].__struct_fields__
    for field in fields:
        arguments = {f: good[f] for f in fields} | {field: bad}
        if field in ("on", "minimum_kib", "maximum_kib") and bad == 1:
            continue
        assert f"$.{field}" in tree.refused(name, **arguments)
    assert list(tree.path.iterdir()) == []


def test_unknown_verbs_and_arguments_are_refused(tree: Tree) -> None:
    assert "no verb" in tree.refused("md_zero", array="md0")
    assert "unknown field `path`" in tree.refused("disk_signature", device="sda", path="/etc")
    assert "missing" in tree.refused("md_add", array="md0")


def test_a_member_is_failed_then_removed(tree: Tree) -> None:
    tree.array("in_sync", "in_sync")
    state = "sys/block/md0/md/dev-sdb1/state"
    assert "not faulty" in tree.refused("md_set_member", array="md0", member="sdb1", to="remove")
    tree.verb("md_set_member", array="md0", member="sdb1", to="faulty")
    assert tree.read(state) == "faulty"
    assert "already" in tree.verb("md_set_member", array="md0", member="sdb1", to="faulty")
    tree.verb("md_set_member", array="md0", member="sdb1", to="remove")
    assert tree.read(state) == "remove"


@pytest.mark.parametrize(
    ("states", "level", "slots"),
    [
        (("in_sync", "faulty"), "raid1", 2),
        (("in_sync", "in_sync", "spare"), "raid5", 3),
        (("in_sync", "in_sync"), "raid0", 2),
    ],
)
def test_the_last_member_that_is_needed_is_never_failed(
    tree: Tree, states: tuple[str, ...], level: str, slots: int
) -> None:
    tree.array(*states, level=level, slots=slots)
    assert "not survive" in tree.refused("md_set_member", array="md0", member="sda1", to="faulty")
    assert tree.read("sys/block/md0/md/dev-sda1/state") == "in_sync"


def test_an_array_that_cannot_be_judged_loses_no_member(tree: Tree) -> None:
    tree.array("in_sync", "in_sync", raid_disks="many")
    assert "cannot judge" in tree.refused("md_set_member", array="md0", member="sda1", to="faulty")


def test_a_blank_device_is_added(tree: Tree) -> None:
    tree.array("in_sync", "faulty")
    tree.device("sdc1")
    assert tree.verb("disk_signature", device="sdc1") == ""
    tree.verb("md_add", array="md0", device="sdc1")
    assert tree.read("sys/block/md0/md/new_dev") == "sdc1"


@pytest.mark.parametrize("at", [0, MIB - 1, 7 * MIB, 8 * MIB - 1])
def test_a_device_with_any_data_at_its_ends_is_never_added(tree: Tree, at: int) -> None:
    tree.array("in_sync", "faulty")
    with open(tree.device("sdc1"), "r+b") as image:
        image.seek(at)
        image.write(b"\1")
    assert "data in its" in tree.refused("md_add", array="md0", device="sdc1")
    assert not (tree.path / "sys/block/md0/md/new_dev").exists()


def test_a_file_system_is_named(tree: Tree) -> None:
    tree.array("in_sync", "faulty")
    image = tree.device("sdc1")
    subprocess.run(["mkswap", str(image)], check=True, capture_output=True)
    assert "TYPE swap" in tree.verb("disk_signature", device="sdc1")
    assert "TYPE swap" in tree.refused("md_add", array="md0", device="sdc1")


def test_what_udev_knows_of_counts_where_there_is_no_image(tree: Tree) -> None:
    tree.write("sys/class/block/sdc/size", 8 * MIB)
    tree.write("sys/block/sdc/dev", "8:32")
    assert tree.verb("disk_signature", device="sdc") == ""
    tree.write("run/udev/data/b8:32", "E:ID_PART_TABLE_TYPE=gpt")
    assert "gpt" in tree.verb("disk_signature", device="sdc")
    assert "no such device" in tree.refused("disk_signature", device="sdx")


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("sys/class/block/sdc/holders/dm-0/x", "", "used by dm-0"),
        ("sys/class/block/sdc/sdc1/partition", "1", "partitions: sdc1"),
        ("sys/class/block/sdc/ro", "1", "read-only"),
        ("proc/self/mounts", "/dev/sdc /srv ext4 rw 0 0", "/proc/self/mounts"),
        ("proc/swaps", "Filename Type\n/dev/sdc partition 1 0 -2", "/proc/swaps"),
        ("sys/class/block/sdc/size", "8191", "needs 4194304"),
        ("sys/class/block/sdc/size", "?", "not a number"),
        ("sys/block/md0/md/array_state", "inactive", "md0 is inactive"),
        ("sys/block/md0/md/dev-sdc/state", "spare", "a member of md0 already"),
    ],
)
def test_a_device_in_use_or_unfit_is_never_added(
    tree: Tree, file: str, content: str, why: str
) -> None:
    tree.array("in_sync", "faulty")
    tree.device("sdc")
    tree.write(file, content)
    assert why in tree.refused("md_add", array="md0", device="sdc")
    assert not (tree.path / "sys/block/md0/md/new_dev").exists()


def test_a_device_that_cannot_be_read_is_never_added(tree: Tree) -> None:
    tree.array("in_sync", "faulty")
    tree.device("sdc").unlink()
    (tree.path / "dev/sdc").mkdir()
    assert "not a block device" in tree.refused("md_add", array="md0", device="sdc")
    (tree.path / "dev/sdc").rmdir()
    (tree.path / "dev/sdc").write_bytes(b"")
    assert "no size" in tree.refused("md_add", array="md0", device="sdc")


def test_only_a_former_member_is_taken_back(tree: Tree) -> None:
    tree.array("in_sync", "faulty")
    tree.device("sdc1")
    tree.verb("md_re_add", array="md0", device="sdb1")
    assert tree.read("sys/block/md0/md/dev-sdb1/state") == "re-add"
    assert "working member" in tree.refused("md_re_add", array="md0", device="sda1")
    assert "was no member" in tree.refused("md_re_add", array="md0", device="sdc1")


def test_a_check_is_begun_and_ended_but_a_recovery_is_left_alone(tree: Tree) -> None:
    tree.array("in_sync", "in_sync")
    action = "sys/block/md0/md/sync_action"
    tree.verb("md_sync_action", array="md0", action="check")
    assert tree.read(action) == "check"
    tree.verb("md_sync_action", array="md0", action="idle")
    assert tree.read(action) == "idle"
    tree.write(action, "recover")
    assert "recover is under way" in tree.refused("md_sync_action", array="md0", action="idle")
    assert "Invalid enum" in tree.refused("md_sync_action", array="md0", action="repair")
    tree.array("in_sync", "faulty")
    assert "degraded" in tree.refused("md_sync_action", array="md0", action="check")


def test_the_speed_of_a_sync_is_bounded_and_given_back(tree: Tree) -> None:
    tree.array("in_sync", "in_sync", sync_speed_min="1000 (system)", sync_speed_max="2000 (system)")
    tree.verb("md_sync_speed", array="md0", minimum_kib=500, maximum_kib=5000)
    assert tree.read("sys/block/md0/md/sync_speed_max") == "5000"
    tree.verb("md_sync_speed", array="md0", minimum_kib=0, maximum_kib=0)
    assert tree.read("sys/block/md0/md/sync_speed_min") == "system"
    assert "more than" in tree.refused("md_sync_speed", array="md0", minimum_kib=9, maximum_kib=5)


@pytest.fixture
def bond(tree: Tree) -> Tree:
    net = "sys/class/net"
    tree.write(f"{net}/bond0/bonding/mode", "active-backup 1")
    tree.write(f"{net}/bond0/bonding/slaves", "eth0 eth1")
    tree.write(f"{net}/bond0/bonding/active_slave", "eth0")
    for leg in ("eth0", "eth1", "eth2"):
        tree.write(f"{net}/{leg}/carrier", 1)
        tree.write(f"{net}/{leg}/bonding_slave/mii_status", "up")
    return tree


def test_a_bond_moves_to_a_good_leg_only(bond: Tree) -> None:
    net = "sys/class/net"
    assert "no leg of" in bond.refused("bond_active", bond="bond0", leg="eth2")
    bond.write(f"{net}/eth1/carrier", 0)
    assert "no carrier" in bond.refused("bond_active", bond="bond0", leg="eth1")
    bond.write(f"{net}/eth1/carrier", 1)
    bond.write(f"{net}/eth1/bonding_slave/mii_status", "going back")
    assert "going back to its bond" in bond.refused("bond_active", bond="bond0", leg="eth1")
    bond.write(f"{net}/eth1/bonding_slave/mii_status", "up")
    bond.verb("bond_active", bond="bond0", leg="eth1")
    assert bond.read(f"{net}/bond0/bonding/active_slave") == "eth1"
    bond.write(f"{net}/bond0/bonding/mode", "802.3ad 4")
    assert "no active leg" in bond.refused("bond_active", bond="bond0", leg="eth0")


def test_the_lamp_of_a_bay_is_lit(tree: Tree) -> None:
    tree.write("sys/class/block/sda/device/enclosure_device:Slot 01/locate", 0)
    tree.verb("locate", disk="sda", on=True)
    assert tree.read("sys/class/block/sda/device/enclosure_device:Slot 01/locate") == "1"
    tree.write("sys/class/block/sdb/size", 1)
    assert "no enclosure" in tree.refused("locate", disk="sdb", on=True)
