"""What /proc/mdstat tells, and what becomes of damaged copies of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.mdstat import decode
from hwagent.model import Sample

_HEAD = "Personalities : [raid1] [raid6] [raid5] [raid4] [raid10]\n"
_MIRROR = "md0 : active raid1 sdb1[1] sda1[0]\n      1000 blocks super 1.2 [2/2] [UU]\n"
_TAIL = "\nunused devices: <none>\n"


def one(body: str) -> Sample:
    (sample,) = decode((_HEAD + body + _TAIL).encode())
    return sample


def test_a_healthy_mirror() -> None:
    sample = one(_MIRROR)
    assert sample.id == "array:md0"
    assert sample.unreadable == ""
    assert sample.metrics["degraded"] == 0
    assert sample.metrics["size_bytes"] == 1000 * 1024
    assert sample.metrics["sync_state"] == "idle"


def test_a_rebuild_with_its_time_and_speed_in_base_units() -> None:
    sample = one(
        "md0 : active raid1 sdb1[2] sda1[0]\n      1000 blocks super 1.2 [2/1] [U_]\n"
        "      [==>....]  recovery = 12.6% (126/1000) finish=127.5min speed=33440K/sec\n"
    )
    assert sample.metrics["sync_action"] == "recover"
    assert sample.metrics["sync_ratio"] == pytest.approx(0.126)
    assert sample.metrics["sync_eta_seconds"] == 7650
    assert sample.metrics["sync_speed_bytes_per_second"] == 33440 * 1024
    states = {m["device"]: m["state"] for m in sample.attributes["members"]}
    assert states == {"sdb1": "rebuilding", "sda1": "in_sync"}


@pytest.mark.parametrize(
    ("line", "action", "state"),
    [
        ("resync=DELAYED", "resync", "delayed"),
        ("resync=PENDING", "resync", "pending"),
        ("\tresync=REMOTE", "resync", "remote"),
        ("recovery=DELAYED", "recover", "delayed"),
        ("[>...]  reshape =  0.5% (5/1000) finish=1.0min speed=10K/sec", "reshape", "running"),
        ("[>...]  check =  5.7% (57/1000) finish=0.2min speed=114176K/sec", "check", "running"),
        ("[>...]  resync =100.0% (1000/1000) finish=0.0min speed=0K/sec", "resync", "running"),
    ],
)
def test_kinds_of_syncs(line: str, action: str, state: str) -> None:
    metrics = one(f"{_MIRROR}      {line}\n").metrics
    assert (metrics["sync_action"], metrics["sync_state"]) == (action, state)


@pytest.mark.parametrize(
    ("head", "state"),
    [
        ("active raid1", "active"),
        ("active (read-only) raid1", "readonly"),
        ("active (auto-read-only) raid1", "read-auto"),
        ("active(auto-read-only) raid1", ""),
        ("broken raid1", "broken"),
        ("frobbed raid1", ""),
    ],
)
def test_states_of_an_array(head: str, state: str) -> None:
    sample = one(_MIRROR.replace("active raid1", head))
    assert sample.metrics.get("state", "") == state
    assert bool(sample.unreadable) == (state == "")


def test_letters_of_members() -> None:
    sample = one(
        "md0 : active raid5 sda1[0](W) sdb1[1](W)(F) sdc1[2] sdd1[3](S) sde1[4](J) sdf1[5](R)\n"
        "      1000 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/2] [U_U]\n"
    )
    counts = ("failed_disks", "spare_disks", "journal_disks", "write_mostly_disks")
    assert [sample.metrics[c] for c in counts] == [1, 1, 1, 2]
    assert sample.metrics["replacement_disks"] == 1
    assert sample.attributes["members"][1]["flags"] == ["write_mostly", "faulty"]


def test_a_raid6_that_lost_too_much() -> None:
    sample = one(
        "md0 : active raid6 sda1[0]\n"
        "      1000 blocks level 6, 64k chunk, algorithm 2 [4/1] [U___]\n"
    )
    assert sample.metrics["degraded"] == 3
    assert sample.metrics["failures_survivable"] == -1


def test_the_worse_of_two_contradicting_counts_is_believed() -> None:
    assert one(_MIRROR.replace("[UU]", "[U_]")).metrics["degraded"] == 1
    assert one(_MIRROR.replace("[2/2]", "[2/1]")).metrics["degraded"] == 1


@pytest.mark.parametrize(
    "body",
    [
        _MIRROR.replace(" [2/2] [UU]", ""),
        _MIRROR.replace("[2/2]", "[2/7]"),
        _MIRROR.replace("[2/2]", "[999999999/2]"),
        _MIRROR.replace("[UU]", "[UUU]"),
        _MIRROR.replace("      1000 blocks super 1.2 [2/2] [UU]\n", ""),
        _MIRROR + "\n" + _MIRROR,
    ],
)
def test_damage_makes_an_array_unknown(body: str) -> None:
    assert one(body).unreadable


@pytest.mark.parametrize("data", [b"", b"\0\0\0", b"<html></html>", b"\xff" * 100])
def test_what_is_no_mdstat_is_unknown(data: bytes) -> None:
    (sample,) = decode(data)
    assert sample.unreadable


@pytest.mark.parametrize(
    ("head", "counts"),
    [
        ("active raid0 sdb1[1] sda1[0]", (2, 2, 0)),
        ("active raid0 sdb1[1](F) sda1[0]", (2, 1, -1)),
        ("broken raid0 sdb1[1] sda1[0]", (2, None, -1)),
        ("active linear sda1[0] sdb1[1] sdc1[2]", (3, 3, 0)),
        ("inactive raid0 sda1[0](S)", (None, None, None)),
    ],
)
def test_levels_without_redundancy_need_all_their_members(
    head: str, counts: tuple[int | None, ...]
) -> None:
    [sample] = decode(f"{_HEAD}md0 : {head}\n      1048512 blocks 512k chunks\n{_TAIL}".encode())
    names = ("raid_disks", "in_sync_disks", "failures_survivable")
    assert tuple(sample.metrics.get(name) for name in names) == counts


def test_kernels_before_2_4_print_an_array_on_one_line() -> None:
    line = "md0 : active raid1 hdb1[1](F) hda1[0] 1024 blocks [2/1] [U_]\n"
    [sample] = decode((_HEAD + line + _TAIL).encode())
    assert sample.metrics["size_bytes"] == 1024 * 1024
    assert (sample.metrics["degraded"], sample.metrics["failed_disks"]) == (1, 1)


def test_a_host_without_arrays_has_none() -> None:
    assert decode(b"Personalities : \nunused devices: <none>\n") == []


def test_a_copy_with_windows_line_ends_reads_the_same() -> None:
    text = _HEAD + _MIRROR + _TAIL
    assert decode(text.replace("\n", "\r\n").encode()) == decode(text.encode())


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_the_decoder(data: bytes) -> None:
    assert all(s.kind == "array" for s in decode(data))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(_MIRROR)), st.text(max_size=20))
def test_no_text_within_breaks_the_decoder(at: int, text: str) -> None:
    for sample in decode((_HEAD + _MIRROR[:at] + text + _MIRROR[at:] + _TAIL).encode()):
        assert "degraded" in sample.metrics or sample.unreadable or "state" in sample.metrics


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(_MIRROR) - 1))
def test_a_cut_copy_is_unknown_rather_than_degraded(cut: int) -> None:
    for sample in decode((_HEAD + _MIRROR[:cut]).encode()):
        assert sample.unreadable or sample.metrics["degraded"] == 0
