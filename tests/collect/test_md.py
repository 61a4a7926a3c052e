"""Software RAID arrays as sysfs shows them, and what a second witness is good for."""

import tarfile
from pathlib import Path

import pytest

from hwagent.collect.md import COLLECTOR
from hwagent.collect.root import Root
from hwagent.model import Sample
from hwagent.testing.server import Server
from hwagent.testing.tree import Tree

_CORPORA = Path(__file__).parents[3] / "shared/corpora"


@pytest.fixture
def server(tmp_path: Path) -> Server:
    members = [{"device": f"sd{d}1", "slot": n} for n, d in enumerate("abc")]
    return Server.build(
        tmp_path / "host",
        disks=[{"name": f"sd{d}"} for d in "abcd"],
        arrays=[{"name": "md0", "level": "raid5", "raid_disks": 3, "members": members}],
    )


def look(server: Server | Tree) -> dict[str, Sample]:
    path = server.tree.path if isinstance(server, Server) else server.path
    return {s.id: s for s in COLLECTOR().collect(Root(path), "")}


def md0(server: Server) -> Sample:
    return look(server)["array:md0"]


def files(server: Server, **changes: str | bytes | int) -> None:
    for name, content in changes.items():
        server.tree.write(f"sys/block/md0/md/{name}", content)


def test_a_complete_array(server: Server) -> None:
    sample = md0(server)
    assert sample.unreadable == ""
    assert sample.problems == {}
    wanted = {
        "state": "clean",
        "level": "raid5",
        "raid_disks": 3,
        "in_sync_disks": 3,
        "degraded": 0,
        "failures_survivable": 1,
        "failed_disks": 0,
        "sync_action": "idle",
        "witness_disagrees": 0,
    }
    assert {name: sample.metrics.get(name) for name in wanted} == wanted


def test_members_are_named_with_their_slots_and_the_identity_of_their_disks(
    server: Server,
) -> None:
    members = md0(server).attributes["members"]
    disk = server.disk("sda").id
    assert [m["slot"] for m in members] == [0, 1, 2]
    assert members[0]["device"] == "sda1"
    assert members[0]["state"] == "in_sync"
    assert members[0]["disk"] == disk


def test_a_pulled_disk_leaves_no_member_but_degrades_the_array(server: Server) -> None:
    server.pull("sdb")
    metrics = md0(server).metrics
    assert (metrics["degraded"], metrics["failed_disks"], metrics["in_sync_disks"]) == (1, 0, 2)
    assert metrics["failures_survivable"] == 0


def test_a_rebuild_from_spare_to_complete(server: Server) -> None:
    files(server, **{"dev-sdb1/state": "faulty"})
    server.advance(1)
    sample = md0(server)
    assert (sample.metrics["failed_disks"], sample.metrics["degraded"]) == (1, 1)
    assert [m["device"] for m in sample.attributes["members"] if m["state"] == "faulty"] == ["sdb1"]
    files(server, **{"dev-sdb1/state": "remove", "new_dev": "sdd1"})
    server.advance(1)
    sample = md0(server)
    assert sample.metrics["sync_action"] == "recover"
    assert sample.metrics["sync_state"] == "running"
    assert sample.metrics["rebuilding_disks"] == 1
    assert sample.metrics["spare_disks"] == 0
    assert 0 <= float(sample.metrics["sync_ratio"]) < 1
    left = int(sample.metrics["sync_total_blocks"]) - int(sample.metrics["sync_done_blocks"])
    speed = int(sample.metrics["sync_speed_bytes_per_second"])
    assert sample.metrics["sync_eta_seconds"] == pytest.approx(left * 1024 / speed, rel=0.01)
    server.advance(100_000)
    metrics = md0(server).metrics
    assert (metrics["degraded"], metrics["sync_state"]) == (0, "idle")


def test_a_waiting_spare_is_a_spare(server: Server) -> None:
    server.tree.fill("sys/block/md0/md/dev-sdd1", {"state": "spare", "slot": "none", "errors": 0})
    metrics = md0(server).metrics
    assert (metrics["spare_disks"], metrics["rebuilding_disks"]) == (1, 0)


@pytest.mark.parametrize(
    ("flags", "metric", "state"),
    [
        ("in_sync,write_mostly", "write_mostly_disks", "in_sync"),
        ("in_sync,writemostly", "write_mostly_disks", "in_sync"),
        ("in_sync,want_replacement", "want_replacement_disks", "in_sync"),
        ("in_sync,write_error", "write_error_disks", "in_sync"),
        ("in_sync,replacement", "replacement_disks", "replacement"),
        ("journal", "journal_disks", "journal"),
        ("faulty,blocked", "failed_disks", "faulty"),
    ],
)
def test_flags_of_a_member_are_counted(server: Server, flags: str, metric: str, state: str) -> None:
    files(server, **{"dev-sdb1/state": flags})
    sample = md0(server)
    assert sample.metrics[metric] == 1
    assert sample.attributes["members"][1]["state"] == state


def test_corrected_errors_and_bad_blocks_are_summed(server: Server) -> None:
    files(
        server,
        **{"dev-sda1/errors": 3, "dev-sdc1/errors": 4, "dev-sda1/bad_blocks": "8 1\n16 2\n"},
    )
    metrics = md0(server).metrics
    assert (metrics["corrected_errors"], metrics["bad_block_ranges"]) == (7, 2)


def test_limits_of_the_sync_speed_are_bytes(server: Server) -> None:
    files(server, sync_speed_min="1000 (system)", sync_speed_max="50000 (local)", mismatch_cnt=128)
    metrics = md0(server).metrics
    assert metrics["sync_speed_min_bytes_per_second"] == 1000 * 1024
    assert metrics["sync_speed_max_bytes_per_second"] == 50000 * 1024
    assert metrics["mismatch_count"] == 128


def test_a_delayed_sync(server: Server) -> None:
    files(server, sync_action="resync", sync_completed="delayed")
    metrics = md0(server).metrics
    assert (metrics["sync_action"], metrics["sync_state"]) == ("resync", "delayed")


def test_an_array_that_is_being_reshaped_has_two_numbers_of_disks(server: Server) -> None:
    files(server, raid_disks="4 (3)", degraded=0)
    assert md0(server).metrics["raid_disks"] == 4


@pytest.mark.parametrize(
    ("metadata", "container"),
    [("external:imsm", 1), ("external:ddf", 1), ("external:/md127/0", 0), ("1.2", 0)],
)
def test_only_containers_of_metadata_may_be_inactive(
    server: Server, metadata: str, container: int
) -> None:
    files(server, metadata_version=metadata, array_state="inactive", level="")
    sample = md0(server)
    assert (sample.metrics["state"], sample.metrics["container"]) == ("inactive", container)
    assert sample.unreadable == ""
    assert "degraded" not in sample.metrics


def test_raid0_has_no_degraded_and_survives_nothing(server: Server) -> None:
    server.tree.remove("sys/block/md0/md/degraded")
    files(server, level="raid0")
    metrics = md0(server).metrics
    assert "degraded" not in metrics
    assert metrics["failures_survivable"] == 0
    files(server, **{"dev-sdb1/state": "faulty"})
    assert md0(server).metrics["failures_survivable"] == -1


def test_a_device_without_an_array_behind_it_is_none(server: Server) -> None:
    files(server, array_state="clear")
    assert look(server) == {}


@pytest.mark.parametrize("file", ["array_state", "raid_disks", "level", "degraded"])
@pytest.mark.parametrize("content", ["", "\xff\xfe garbage", "99999999999999999999999999"])
def test_damage_makes_an_array_unknown(server: Server, file: str, content: str) -> None:
    if file == "level" and content:
        content = ""
    files(server, **{file: content})
    assert md0(server).unreadable


@pytest.mark.parametrize("file", ["array_state", "raid_disks", "level", "degraded"])
def test_a_missing_file_makes_an_array_unknown(server: Server, file: str) -> None:
    server.tree.remove(f"sys/block/md0/md/{file}")
    assert md0(server).unreadable


def test_a_member_that_cannot_be_read_makes_the_array_unknown(server: Server) -> None:
    server.tree.remove("sys/block/md0/md/dev-sdb1/state")
    sample = md0(server)
    assert "dev-sdb1" in sample.unreadable
    assert sample.attributes["members"][1]["state"] == "unknown"


def test_more_missing_than_there_are_is_damage(server: Server) -> None:
    files(server, degraded=7)
    sample = md0(server)
    assert sample.unreadable
    assert "failures_survivable" not in sample.metrics


def test_witnesses_that_disagree_are_told(server: Server) -> None:
    text = server.tree.read("proc/mdstat").replace("sdb1[1]", "sdb1[1](F)")
    server.tree.write("proc/mdstat", text)
    assert md0(server).metrics["witness_disagrees"] == 1


def test_what_sysfs_does_not_tell_of_an_array_mdstat_does(server: Server) -> None:
    size = md0(server).metrics["size_bytes"]
    server.tree.remove("sys/block/md0/size")
    assert md0(server).metrics["size_bytes"] == size


def test_an_array_that_only_mdstat_knows_is_found_with_its_disks(server: Server) -> None:
    server.tree.remove("sys/block/md0")
    sample = md0(server)
    assert sample.metrics["degraded"] == 0
    assert sample.attributes["members"][0]["disk"] == server.disk("sda").id


def test_without_a_second_witness_the_first_counts(server: Server) -> None:
    server.tree.remove("proc/mdstat")
    sample = md0(server)
    assert sample.metrics["degraded"] == 0
    assert "witness_disagrees" not in sample.metrics


def test_a_host_without_arrays(tmp_path: Path) -> None:
    assert look(Tree(tmp_path / "empty")) == {}


def test_reads_the_arrays_of_node_exporters_tree(tmp_path: Path) -> None:
    archive = _CORPORA / "node_exporter-sys.tar.gz"
    if not archive.exists():
        pytest.skip("../shared/corpora is absent")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="tar")
    found = {s.id: s for s in COLLECTOR().collect(Root(tmp_path), "")}
    # node_exporter's own numbers, node_md_degraded and node_md_raid_disks
    degraded = {i: s.metrics["degraded"] for i, s in found.items() if "degraded" in s.metrics}
    assert degraded == {
        "array:md1": 0,
        "array:md4": 0,
        "array:md5": 1,
        "array:md6": 1,
        "array:md10": 0,
    }
    assert {i: s.metrics["raid_disks"] for i, s in found.items()} == {
        "array:md0": 2,
        "array:md1": 2,
        "array:md4": 3,
        "array:md5": 3,
        "array:md6": 4,
        "array:md10": 4,
    }
    assert found["array:md5"].metrics["failed_disks"] == 1
    assert found["array:md6"].metrics["sync_ratio"] == pytest.approx(0.75, abs=0.01)
