"""What mdadm prints: --detail, --examine and --export, one device or several."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.mdadm import decode
from hwagent.model import Sample

_DETAIL = """/dev/md0:
           Version : 1.2
        Raid Level : raid1
        Array Size : 101376 (99.00 MiB 103.81 MB)
      Raid Devices : 2
     Total Devices : 2
             State : clean
    Active Devices : 2
   Working Devices : 2
    Failed Devices : 0
     Spare Devices : 0
              UUID : e054553a:fbccdcfe:0ae80bc8:9379377a

    Number   Major   Minor   RaidDevice State
       0     254        1        0      active sync   /dev/vda1
       1     254        2        1      active sync   /dev/vda2
"""
_EXAMINE = """/dev/vda1:
          Magic : a92b4efc
        Version : 1.2
     Array UUID : e054553a:fbccdcfe:0ae80bc8:9379377a
     Raid Level : raid1
   Raid Devices : 2
          State : clean
       Checksum : 2e1bdeb8 - correct
   Device Role : Active device 0
   Array State : AA ('A' == active, '.' == missing, 'R' == replacing)
"""
_EXPORT = """MD_LEVEL=raid1
MD_DEVICES=2
MD_METADATA=1.0
MD_UUID=35dd06d4:b4e9e248:9262c3ad:02b61654
MD_DEVNAME=root
MD_DEVICE_sda1_ROLE=0
MD_DEVICE_sda1_DEV=/dev/sda1
MD_DEVICE_sdb1_ROLE=1
MD_DEVICE_sdb1_DEV=/dev/sdb1
"""


def one(text: str) -> Sample:
    (sample,) = decode(text.encode())
    return sample


def test_detail_of_a_complete_array() -> None:
    sample = one(_DETAIL)
    assert sample.id == "array:md0"
    assert (sample.unreadable, sample.problems) == ("", {})
    assert (sample.metrics["degraded"], sample.metrics["state"]) == (0, "clean")
    assert [m["device"] for m in sample.attributes["members"]] == ["vda1", "vda2"]


def test_detail_of_a_rebuild() -> None:
    text = _DETAIL.replace("State : clean", "State : active, degraded, recovering")
    text = text.replace("Active Devices : 2", "Active Devices : 1").replace(
        "1      active sync   /dev/vda2", "1      spare rebuilding   /dev/vda2"
    )
    text = text.replace("Spare Devices : 0", "Spare Devices : 1\n    Rebuild Status : 30% complete")
    metrics = one(text).metrics
    assert (metrics["degraded"], metrics["rebuilding_disks"], metrics["spare_disks"]) == (1, 1, 0)
    assert (metrics["sync_action"], metrics["sync_state"]) == ("recover", "running")
    assert metrics["sync_ratio"] == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("state", "metric", "value"),
    [
        ("clean, FAILED", "failures_survivable", -1),
        ("active, FAILED, Not Started", "state", "inactive"),
        ("clean, degraded", "degraded", 1),
        ("active, resyncing (DELAYED)", "sync_state", "delayed"),
        ("clean, resyncing (PENDING)", "sync_state", "pending"),
        ("clean, checking", "sync_action", "check"),
        ("active, reshaping", "sync_action", "reshape"),
        ("read-auto", "state", "read-auto"),
        ("inactive", "state", "inactive"),
    ],
)
def test_words_of_the_state(state: str, metric: str, value: str | int) -> None:
    assert one(_DETAIL.replace("State : clean", f"State : {state}")).metrics[metric] == value


def test_a_raid0_that_is_not_complete_has_failed() -> None:
    text = _DETAIL.replace("raid1", "raid0").replace("Active Devices : 2", "Active Devices : 1")
    assert one(text).metrics["failures_survivable"] == -1


def test_removed_and_faulty_members_without_a_slot() -> None:
    text = _DETAIL.replace(
        "       1     254        2        1      active sync   /dev/vda2\n",
        "       -       0        0        1      removed\n\n"
        "       1     254        2        -      faulty   /dev/vda2\n",
    )
    members = one(text).attributes["members"]
    assert [(m["slot"], m["state"], m["device"]) for m in members] == [
        (0, "in_sync", "vda1"),
        (1, "removed", ""),
        (None, "faulty", "vda2"),
    ]


def test_detail_of_a_container_needs_no_state() -> None:
    sample = one(
        "/dev/md127:\n         Version : imsm\n      Raid Level : container\n"
        "   Total Devices : 2\n\n Working Devices : 2\n\n            UUID : 1:2:3:4\n"
        "   Member Arrays : /dev/md/vol0\n\n    Number   Major   Minor   RaidDevice\n\n"
        "       -       8        0        -        /dev/sda\n"
        "       -       8       16        -        /dev/sdb\n"
    )
    assert sample.unreadable == ""
    assert sample.metrics["container"] == 1
    assert [m["device"] for m in sample.attributes["members"]] == ["sda", "sdb"]


def test_examine_tells_of_members_that_are_missing() -> None:
    assert one(_EXAMINE).metrics["degraded"] == 0
    assert one(_EXAMINE.replace("AA (", "A. (")).metrics["degraded"] == 1
    assert one(_EXAMINE.replace("AA (", "AR (")).metrics["degraded"] == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2e1bdeb8 - correct", "2e1bdeb8 - expected 2e1bdeb9"),
        ("AA (", "AAA ("),
        ("AA (", "?? ("),
        ("State : clean", "State : sideways"),
    ],
)
def test_examine_of_damaged_metadata_is_unknown(old: str, new: str) -> None:
    assert one(_EXAMINE.replace(old, new)).unreadable


def test_several_devices_in_one_file() -> None:
    samples = decode((_EXAMINE + _EXAMINE.replace("vda1", "vdb1") + _DETAIL).encode())
    assert [s.id for s in samples] == ["array:vda1", "array:vdb1", "array:md0"]
    both = decode((_EXPORT + _EXPORT.replace("root", "home")).encode())
    assert [s.id for s in both] == ["array:root", "array:home"]


def test_export_names_members_but_cannot_vouch_for_them() -> None:
    sample = one(_EXPORT)
    assert [(m["device"], m["slot"]) for m in sample.attributes["members"]] == [
        ("sda1", 0),
        ("sdb1", 1),
    ]
    assert sample.unreadable


def test_export_without_one_role_is_degraded() -> None:
    assert one(_EXPORT.replace("sdb1_ROLE=1", "sdb1_ROLE=spare")).metrics["degraded"] == 1


def test_a_copy_of_mdstat_is_recognised_by_its_content() -> None:
    sample = one("Personalities : [raid1]\nmd1 : active raid1 a[0]\n   9 blocks [2/1] [U_]\n")
    assert (sample.id, sample.metrics["degraded"]) == ("array:md1", 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing about an array"),
        ("mdadm: No md superblock detected on /dev/sdc.\n", "No md superblock"),
        ("/dev/sda:\n   MBR Magic : aa55\nPartition[0] :  1 sectors at 2 (type fd)\n", "nothing"),
        (_DETAIL.replace("             State : clean\n", ""), "state"),
        (_DETAIL.replace("    Active Devices : 2\n", ""), "degraded"),
    ],
)
def test_what_tells_nothing_is_unknown(text: str, why: str) -> None:
    assert why in one(text).unreadable


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_the_decoder(data: bytes) -> None:
    assert decode(data)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([_DETAIL, _EXAMINE, _EXPORT]),
    st.integers(0, 700),
    st.integers(0, 40),
    st.text(max_size=12),
)
def test_no_damage_breaks_the_decoder(text: str, at: int, cut: int, put: str) -> None:
    assert decode((text[:at] + put + text[at + cut :]).encode("utf-8", "surrogatepass"))


_IMSM = """\
/dev/sda:
          Magic : Intel Raid ISM Cfg Sig.
        Version : 1.3.00
          Disks : 3
   RAID Devices : 1

  Disk00 Serial : WD-WCC1T0123456
          State : active

[Volume0]:
           UUID : 05a6a9a1:4cd7a9a7:ab2e6d36:66de1b9c
     RAID Level : 5
        Members : 3
          Slots : [UUU]
    Failed disk : none
      Map State : normal
    Dirty State : clean
"""
_DDF = """\
/dev/sdb:
          Magic : de11de11
        Version : 01.02.00
  Virtual Disks : 1

        state[0] : Optimal, Consistent
   init state[0] : Fully Initialised
         Name[0] : data
 Raid Devices[0] : 2 (0@0K 1@0K)
   Raid Level[0] : RAID1
"""


@pytest.mark.parametrize(
    ("text", "change", "counts"),
    [
        (_IMSM, ("", ""), (3, 3, 0, 1)),
        (_IMSM, ("[UUU]", "[U_U]"), (3, 2, 1, 0)),
        (_IMSM, ("normal", "degraded"), (3, 2, 1, 0)),
        (_IMSM, ("normal", "normal <-- uninitialized"), (3, 3, 0, 1)),
        (_IMSM, ("normal", "failed"), (3, 3, 0, -1)),
        (_DDF, ("", ""), (2, 2, 0, 1)),
        (_DDF, ("Optimal", "Degraded"), (2, 1, 1, 0)),
        (_DDF, ("Optimal", "Failed"), (2, 2, 0, -1)),
    ],
)
def test_volumes_in_containers_of_firmware_raid(
    text: str, change: tuple[str, str], counts: tuple[int, ...]
) -> None:
    container, volume = decode(text.replace(*change).encode())
    assert container.metrics["container"] == 1
    assert volume.metrics["container"] == 0
    names = ("raid_disks", "in_sync_disks", "degraded", "failures_survivable")
    assert tuple(volume.metrics[name] for name in names) == counts
    assert not volume.unreadable


@pytest.mark.parametrize(
    "change", [("normal", "sunny"), ("Map State", "Mop State"), ("[UUU]", "none")]
)
def test_a_volume_of_unknown_state_is_unknown(change: tuple[str, str]) -> None:
    _, volume = decode(_IMSM.replace(*change).encode())
    assert volume.unreadable


def test_two_members_tell_of_one_volume() -> None:
    both = _IMSM + "\n" + _IMSM.replace("/dev/sda", "/dev/sdb")
    ids = [s.id for s in decode(both.encode())]
    assert ids == ["array:sda", "array:sdb", "array:Volume0"]
