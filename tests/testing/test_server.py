"""Simulated servers behave as the kernel's files do."""

import pytest

from hwagent.collect.registry import collectors
from hwagent.collect.root import Root
from hwagent.testing.server import Server


def build(tmp_path, **parts):
    return Server.build(tmp_path / "host", **parts)


def mirror(tmp_path, *disks):
    names = disks or ("sda", "sdb")
    return build(
        tmp_path,
        disks=[{"name": n} for n in names],
        arrays=[
            {
                "name": "md0",
                "size": 10_000_000_000,
                "members": [{"device": "sda1", "slot": 0}, {"device": "sdb1", "slot": 1}],
            }
        ],
    )


def see(server, collector):
    (found,) = [c for c in collectors() if c.name == collector]
    root = Root(server.tree.path)
    return {s.id: s for target in found.targets(root) for s in found.collect(root, target)}


def test_a_disk_that_is_pulled_leaves_its_mirror_degraded(tmp_path):
    server = mirror(tmp_path)
    assert see(server, "md")["array:md0"].metrics["degraded"] == 0
    server.pull("sda")
    assert see(server, "md")["array:md0"].metrics["degraded"] == 1
    assert len(see(server, "disk")) == 1


def test_a_faulty_member_that_is_written_is_failed(tmp_path):
    server = mirror(tmp_path)
    server.tree.write("sys/block/md0/md/dev-sda1/state", "faulty")
    server.advance(1)
    assert server.array("md0").degraded == 1
    server.tree.write("sys/block/md0/md/dev-sda1/state", "remove")
    server.advance(1)
    assert [m.device for m in server.array("md0").members] == ["sdb1"]


def test_a_new_device_is_rebuilt_into_a_free_slot(tmp_path):
    server = mirror(tmp_path, "sda", "sdb", "sdc")
    server.pull("sda")
    server.tree.write("sys/block/md0/md/new_dev", "sdc")
    server.advance(1)
    assert see(server, "md")["array:md0"].metrics["sync_action"] == "recover"
    for _ in range(100):
        server.advance(10)
    metrics = see(server, "md")["array:md0"].metrics
    assert (metrics["degraded"], metrics["sync_action"]) == (0, "idle")


def test_a_bond_moves_to_the_leg_that_is_left(tmp_path):
    server = build(
        tmp_path,
        nics=[{"name": "eno1"}, {"name": "eno2"}],
        bonds=[{"name": "bond0", "legs": ["eno1", "eno2"], "active": "eno1"}],
    )
    server.set("nic:eno1", carrier=False)
    server.advance(1)
    metrics = see(server, "bond")["bond:bond0"].metrics
    assert (metrics["active_leg"], metrics["legs_up"]) == ("eno2", 1)


def test_smart_values_reach_the_collector(tmp_path):
    server = build(tmp_path, disks=[{"name": "sda"}, {"name": "nvme0n1"}])
    server.set("disk:sda", pending_sectors=8)
    server.set("disk:nvme0n1", percentage_used=91)
    by_name = {s.id: s.metrics for s in see(server, "smart").values()}
    assert sorted(m.get("pending_sectors", m.get("percentage_used")) for m in by_name.values()) == [
        8,
        91,
    ]


@pytest.mark.parametrize(
    ("what", "values", "says"),
    [
        ("disk:sdz", {"size": 1}, "nothing is named 'sdz'"),
        ("dsk:sda", {"size": 1}, "did you mean 'disk'"),
        ("disk:sda", {"pending": 1}, "did you mean 'pending_sectors'"),
    ],
)
def test_a_wrong_name_is_told(tmp_path, what, values, says):
    server = build(tmp_path, disks=[{"name": "sda"}])
    with pytest.raises(KeyError, match=says):
        server.set(what, **values)
