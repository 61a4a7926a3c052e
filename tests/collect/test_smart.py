"""SMART: what is asked of which disk and when, and what smartctl's JSON means."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect import smartctl
from hwagent.collect.ata import count
from hwagent.collect.command import CommandOutput
from hwagent.collect.registry import decoder
from hwagent.collect.root import Missing, Root, Unreadable
from hwagent.collect.smart import COLLECTOR, METRICS
from hwagent.model import Sample
from hwagent.testing.disks import Disk, ata_report, complete, nvme_report, write_disk
from hwagent.testing.tree import Tree

DECLARED = {m.name for m in METRICS}


class Recorder(Root):
    """A tree that answers as a live host would, and keeps the command lines."""

    def __init__(self, path: Path, answer: CommandOutput | Exception) -> None:
        super().__init__(path)
        self.live = True
        self.answer = answer
        self.asked: list[list[str]] = []

    def command(self, name: str, argv: list[str], deadline: float = 60.0) -> CommandOutput:
        self.asked.append(argv)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def disk(tree: Tree, name: str = "sda", **changes: Any) -> Disk:
    made = complete(Disk(name=name, **changes), 1)
    write_disk(tree, made)
    return made


def look(root: Root, target: str = "sda") -> Sample:
    [sample] = COLLECTOR().collect(root, target)
    assert set(sample.metrics) | set(sample.problems) <= DECLARED
    return sample


def ata(*rows: tuple[int, str, int, str], **more: Any) -> dict[str, Any]:
    table = [
        {"id": i, "name": n, "value": 100, "thresh": 0, "raw": {"value": r, "string": s}}
        for i, n, r, s in rows
    ]
    document = {"smart_status": {"passed": True}, "ata_smart_attributes": {"table": table}}
    return {**document, "device": {"name": "/dev/sda"}, **more}


def metrics(document: dict[str, Any]) -> dict[str, Any]:
    [sample] = smartctl.decode(json.dumps(document).encode())
    return dict(sample.metrics)


def test_one_target_per_disk_that_may_have_smart(tree: Tree) -> None:
    disk(tree, "sda")
    disk(tree, "nvme0n1")
    tree.write("sys/block/vda/size", 8)
    assert COLLECTOR().targets(Root(tree.path)) == ["sda", "nvme0n1"]


def test_the_sample_joins_the_disk_of_sysfs(tree: Tree) -> None:
    made = disk(tree, reallocated_sectors=7)
    sample = look(Root(tree.path))
    assert sample.id == made.id
    assert sample.metrics["reallocated_sectors"] == 7
    assert sample.attributes["ata_attributes"]["5"]["name"] == "Reallocated_Sector_Ct"


def test_an_nvme_disk(tree: Tree) -> None:
    made = disk(tree, "nvme0n1", critical_warning=0b101, media_errors=3)
    sample = look(Root(tree.path), "nvme0n1")
    assert sample.id == made.id
    assert sample.metrics["spare_low"] == 1
    assert sample.metrics["reliability_degraded"] == 1
    assert sample.metrics["media_read_only"] == 0
    assert sample.metrics["media_errors"] == 3


@pytest.mark.parametrize(("name", "kind"), [("sda", "sat"), ("nvme0n1", "nvme")])
def test_the_command_does_not_wake_nor_guess(tree: Tree, name: str, kind: str) -> None:
    made = disk(tree, name)
    report = nvme_report(made) if made.nvme else ata_report(made)
    root = Recorder(tree.path, CommandOutput(0, json.dumps(report).encode(), b""))
    look(root, name)
    [argv] = root.asked
    assert argv[0] == "smartctl"
    assert argv[argv.index("-n") + 1] == "standby,3"
    assert argv[argv.index("-d") + 1] == kind
    assert argv[-1] == f"/dev/{name}"


@pytest.mark.parametrize("state", ["offline", "blocked", "transport-offline", "quiesce"])
def test_a_failing_disk_is_not_asked(tree: Tree, state: str) -> None:
    disk(tree, state=state)
    root = Recorder(tree.path, CommandOutput(0, b"{}", b""))
    sample = look(root)
    assert root.asked == []
    assert state in sample.problems["smart_passed"]


def test_a_disk_that_the_kernel_put_to_sleep_is_not_asked(tree: Tree) -> None:
    disk(tree)
    tree.write("sys/block/sda/device/power/runtime_status", "suspended")
    root = Recorder(tree.path, CommandOutput(0, b"{}", b""))
    assert look(root).metrics == {"asleep": 1}
    assert root.asked == []


def test_a_disk_in_standby_is_asleep_and_what_it_said_last_counts(tree: Tree) -> None:
    disk(tree)
    message = {"string": "Device is in STANDBY mode, exit(3)", "severity": "information"}
    text = json.dumps({"smartctl": {"exit_status": 3, "messages": [message]}})
    sample = look(Recorder(tree.path, CommandOutput(3, text.encode(), b"")))
    assert sample.metrics == {"asleep": 1}
    assert sample.partial
    assert not sample.problems


def test_a_disk_that_is_gone_is_no_disk(tree: Tree) -> None:
    assert COLLECTOR().collect(Root(tree.path), "sdz") == []


def test_a_capture_without_smart_data_has_none(tree: Tree) -> None:
    disk(tree, smart=False)
    assert COLLECTOR().collect(Root(tree.path), "sda") == []


def test_a_host_without_smartctl_says_so(tree: Tree) -> None:
    disk(tree)
    with pytest.raises(Missing, match="not installed"):
        look(Recorder(tree.path, Missing("smartctl-sda", "smartctl is not installed")))


def test_a_look_that_overruns_its_deadline_is_no_sample(tree: Tree) -> None:
    disk(tree)
    with pytest.raises(Unreadable, match="did not end"):
        look(Recorder(tree.path, Unreadable("smartctl-sda", "smartctl did not end within 60 s")))


def test_output_that_is_no_json_is_unknown_with_what_smartctl_said(tree: Tree) -> None:
    made = disk(tree)
    sample = look(Recorder(tree.path, CommandOutput(1, b"", b"smartctl: permission denied")))
    assert sample.id == made.id
    assert "permission denied" in sample.unreadable


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", '"x"', "null", "[" * 100_000, '{"a": ' * 5000, "\xff\xfe", "hahaha"],
)
def test_what_is_not_smartctls_json_is_unknown(text: str) -> None:
    for kind in ("smartctl", "smartctl-scan"):
        [sample] = decoder(kind)(text.encode("latin-1"))
        assert sample.unreadable
        assert sample.metrics == {}


def test_no_status_is_not_a_good_status() -> None:
    [sample] = smartctl.decode(b'{"device": {"name": "/dev/sda"}, "smartctl": {"exit_status": 0}}')
    assert "smart_passed" not in sample.metrics
    assert "smart_passed" in sample.problems


def test_a_disk_without_smart_is_no_problem() -> None:
    [sample] = smartctl.decode(b'{"smart_support": {"available": false}}')
    assert sample.problems == {}
    assert sample.metrics["smart_available"] == 0


@pytest.mark.parametrize(("status", "reason"), [(2, "open"), (1, "command line")])
def test_a_run_that_failed_is_unknown(status: int, reason: str) -> None:
    text = json.dumps({"smartctl": {"exit_status": status}, "smart_status": {"passed": True}})
    [sample] = smartctl.decode(text.encode())
    assert reason in sample.unreadable
    assert "smart_passed" not in sample.metrics


@pytest.mark.parametrize(
    "said",
    [
        "/dev/sdb: Unknown USB bridge [0x1234:0x5678 (0x100)]",
        "Smartctl open device: /dev/sda failed: DELL or MegaRaid controller, "
        "please try adding '-d megaraid,N'",
    ],
)
def test_a_stick_or_a_raid_volume_has_no_smart_of_its_own(said: str) -> None:
    document = {"smartctl": {"exit_status": 2, "messages": [{"string": said}]}}
    sample = smartctl.disk(document)  # what the kernel says of it still counts
    assert (sample.unreadable, sample.problems) == ("", {})
    assert sample.metrics["smart_available"] == 0
    [alone] = smartctl.decode(json.dumps(document).encode())
    assert said in alone.unreadable


@pytest.mark.parametrize(
    "document",
    [
        {"smartctl": {"exit_status": 2, "messages": [{"string": "Device is in STANDBY mode"}]}},
        {"smartctl": {"exit_status": 4}, "smart_support": {"available": False}},
        {"smartctl": {"exit_status": 0}, "model_name": "X"},
    ],
)
def test_a_file_that_does_not_tell_the_health_leaves_it_unknown(document: dict[str, Any]) -> None:
    [sample] = smartctl.decode(json.dumps({"device": {"name": "/dev/sdx"}, **document}).encode())
    assert sample.unreadable or "smart_passed" in sample.problems
    assert sample.attributes["name"] == "sdx"


def test_what_later_versions_of_smartctl_tell() -> None:
    document = {
        "device": {"name": "/dev/sda", "type": "scsi", "protocol": "SCSI"},
        "smart_status": {"passed": True},
        "endurance_used": {"current_percent": 97},
        "temperature": {"current": 40, "op_limit_max": 70, "critical_limit_max": 80},
    }
    [sample] = smartctl.decode(b"\xef\xbb\xbf" + json.dumps(document).encode())  # a BOM before it
    assert sample.metrics["percentage_used"] == 97
    assert sample.metrics["temperature_max_celsius"] == 70
    assert sample.metrics["temperature_critical_celsius"] == 80


def test_bits_of_the_exit_status_have_names() -> None:
    assert smartctl.exit_bits(216) == [
        "disk_failing",
        "prefail_below_threshold",
        "error_log_has_errors",
        "selftest_log_has_errors",
    ]


@pytest.mark.parametrize(
    ("raw", "printed", "counted"),
    [
        (0, "0", 0),
        (1975, "1975", 1975),
        (53416508262463, "2111 (12437 0)", 2111),
        (0x0003_0004_0000, "0 (3 4)", 0),
        (0xFFFF_0000_0005, "281470681743365", 5),
    ],
)
def test_counts_in_packed_raw_values(raw: int, printed: str, counted: int) -> None:
    assert count(raw, printed) == counted


@pytest.mark.parametrize(
    ("raw", "timeouts"), [(0, 0), (7, 7), (4295032833, 1), (51540393996, 12), (0x1_0000_0000, 0)]
)
def test_seagates_packed_timeouts(raw: int, timeouts: int) -> None:
    assert metrics(ata((188, "Command_Timeout", raw, str(raw))))["command_timeouts"] == timeouts


def test_seagates_error_rates_are_not_errors() -> None:
    found = metrics(
        ata((1, "Raw_Read_Error_Rate", 239307048, ""), (7, "Seek_Error_Rate", 330010684, ""))
    )
    assert 239307048 not in found.values()
    assert 330010684 not in found.values()


def test_a_number_under_another_name_means_something_else() -> None:
    found = metrics(
        ata(
            (184, "Factory_Bad_Block_Ct", 500, "500"),
            (198, "Read_Sectors_Tot_Ct", 10**12, ""),
            (199, "Write_Sectors_Tot_Ct", 10**12, ""),
            (233, "Flash_Writes_GiB", 979, "979"),
            (231, "Temperature_Celsius", 30, "30"),
        )
    )
    names = {"end_to_end_errors", "offline_uncorrectable", "crc_errors", "percentage_used"}
    assert not names & found.keys()


@pytest.mark.parametrize(
    ("rows", "celsius"),
    [
        ([(194, "Temperature_Celsius", 163210330144, "32 (Min/Max 24/38)")], 32),
        ([(190, "Airflow_Temperature_Cel", 538509338, "26 (Min/Max 25/32)")], 26),
        ([(194, "Temperature_Celsius", 98784247834, "26 (0 23 0 0 0)")], 26),
        ([(190, "Airflow_Temperature_Cel", 5, "50"), (194, "Temperature_Celsius", 5, "40")], 40),
        ([(194, "Temperature_Celsius", 7, "-7")], -7),
    ],
)
def test_packed_temperatures(rows: list[Any], celsius: int) -> None:
    assert metrics(ata(*rows))["temperature_celsius"] == celsius


def test_the_summary_is_better_than_an_attribute() -> None:
    rows = [(190, "Drive_Temperature", 470745108, "20 (Min/Max 15/28)")]
    assert metrics(ata(*rows, temperature={"current": 27}))["temperature_celsius"] == 27


@pytest.mark.parametrize("celsius", [3900000, -200, "warm", True, 1e400])
def test_an_absurd_temperature_is_a_problem(celsius: Any) -> None:
    [sample] = smartctl.decode(json.dumps(ata(temperature={"current": celsius})).encode())
    assert "temperature_celsius" in sample.problems
    assert "temperature_celsius" not in sample.metrics


@pytest.mark.parametrize("limit", [0, 127, 255])
def test_a_limit_that_is_not_set_is_none(limit: int) -> None:
    found = metrics(ata(temperature={"current": 30, "drive_trip": limit, "op_limit_max": limit}))
    assert not {"temperature_critical_celsius", "temperature_max_celsius"} & found.keys()


@pytest.mark.parametrize(
    ("printed", "hours"), [("2725 (151 234 0)", 2725), ("13114", 13114), ("65h+10m+01.5s", 65)]
)
def test_packed_hours(printed: str, hours: int) -> None:
    assert metrics(ata((9, "Power_On_Hours", 167031278144165, printed)))["power_on_hours"] == hours


def test_attributes_at_their_threshold_now() -> None:
    rows = ata(
        (5, "Reallocated_Sector_Ct", 1975, "1975"),
        (9, "Power_On_Hours", 99, "99"),
        (190, "Airflow_Temperature_Cel", 30, "30"),
    )
    changes: list[dict[str, Any]] = [
        {"when_failed": "now", "flags": {"prefailure": True}},
        {"value": 1, "thresh": 1, "flags": {"prefailure": False}},
        {"when_failed": "past", "flags": {"prefailure": False}},
    ]
    for row, change in zip(rows["ata_smart_attributes"]["table"], changes):
        row.update(change)
    found = metrics(rows)
    assert (found["prefailure_attributes"], found["old_age_attributes"]) == (1, 1)


def test_self_tests_count_failures_that_were_not_passed_since() -> None:
    failed = {"type": {"string": "Extended offline"}, "status": {"value": 121, "passed": False}}
    log = {"count": 21, "error_count_total": 3, "error_count_outdated": 2, "table": [failed]}
    found = metrics(ata(ata_smart_self_test_log={"standard": log}))
    assert (found["selftest_failures"], found["latest_selftest_failed"]) == (1, 1)


def test_an_aborted_self_test_is_no_failure() -> None:
    aborted = {"type": {"string": "Short offline"}, "status": {"value": 16}}
    found = metrics(ata(ata_smart_self_test_log={"standard": {"count": 1, "table": [aborted]}}))
    assert found["latest_selftest_failed"] == 0


def test_a_sas_self_test_that_failed() -> None:
    test = {"code": {"string": "Background long"}, "result": {"value": 7, "string": "Failed"}}
    found = metrics({"smart_status": {"passed": True}, "scsi_self_test_0": test})
    assert (found["selftest_failures"], found["latest_selftest_failed"]) == (1, 1)


def test_the_drives_own_wear_figure_is_better_than_a_vendors_attribute() -> None:
    rows = ata((177, "Wear_Leveling_Count", 278, "278"))
    rows["ata_smart_attributes"]["table"][0]["value"] = 81
    assert metrics(rows)["percentage_used"] == 19
    row = {"name": "Percentage Used Endurance Indicator", "value": 12}
    rows["ata_device_statistics"] = {"pages": [{"number": 7, "table": [row]}]}
    assert metrics(rows)["percentage_used"] == 12


def test_wear_beyond_the_rated_life_and_128_bit_counters() -> None:
    log = {"percentage_used": 255, "data_units_read": 2**127, "media_errors": 0}
    found = metrics({"smart_status": {"passed": True}, "nvme_smart_health_information_log": log})
    assert found["percentage_used"] == 255
    assert found["data_units_read"] == 2**127


@pytest.mark.parametrize("value", [-1, 256, "many", [], {}, True, None])
def test_a_damaged_counter_is_unknown_not_zero(value: Any) -> None:
    log = {"critical_warning": value}
    text = json.dumps({"smart_status": {"passed": True}, "nvme_smart_health_information_log": log})
    [sample] = smartctl.decode(text.encode())
    assert "critical_warning" not in sample.metrics
    assert "spare_low" not in sample.metrics
    assert (value in (None, {})) or "critical_warning" in sample.problems


@pytest.mark.parametrize(
    ("document", "id"),
    [
        ({"wwn": {"naa": 5, "oui": 3274, "id": 15028879784}}, "disk:wwn-0x5000cca37fca81a8"),
        ({"logical_unit_id": "0x58CE38EEEEEEEEEE"}, "disk:wwn-0x58ce38eeeeeeeeee"),
        ({"logical_unit_id": "0x0000000000000000", "serial_number": "A"}, "disk:serial-A"),
        ({"wwn": {"naa": 0, "oui": 0, "id": 0}, "serial_number": "A B"}, "disk:serial-A_B"),
        (
            {"nvme_namespaces": [{"eui64": {"oui": 9528, "ext_id": 376106710327}}]},
            "disk:nvme-eui.0025385791b4f537",
        ),
        ({"device": {"name": "/dev/sdq"}}, "disk:sdq"),
        ({}, "disk:unknown"),
    ],
)
def test_ids_are_those_of_sysfs(document: dict[str, Any], id: str) -> None:
    assert smartctl.decode(json.dumps(document).encode())[0].id == id


def test_a_scan_tells_disks_behind_one_controller_apart() -> None:
    devices = [
        {"name": "/dev/bus/0", "type": f"megaraid,{n}", "protocol": "SCSI"} for n in (0, 1)
    ] + [{"name": "/dev/sda", "type": "scsi", "open_error": "Permission denied"}]
    samples = decoder("smartctl-scan")(json.dumps({"devices": devices}).encode())
    assert len({s.id for s in samples}) == 3
    assert "Permission denied" in samples[2].unreadable


NODES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["table", "value", "id", "raw", "count", "x"]), inner)
    ),
    max_leaves=8,
)
KEYS = [
    *("smartctl", "device", "devices", "smart_status", "smart_support", "temperature", "wwn"),
    *("ata_smart_attributes", "ata_smart_error_log", "ata_smart_self_test_log", "user_capacity"),
    *("nvme_smart_health_information_log", "nvme_namespaces", "scsi_error_counter_log"),
    *("scsi_self_test_0", "scsi_grown_defect_list", "interface_speed", "power_on_time"),
    *("ata_device_statistics", "nvme_self_test_log", "rotation_rate", "model_name"),
]


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), NODES))
def test_any_json_gives_disks(document: dict[str, Any]) -> None:
    for sample in smartctl.decode(json.dumps(document).encode()):
        assert sample.kind == "disk"
        assert set(sample.metrics) | set(sample.problems) <= DECLARED


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_an_unknown_disk(data: bytes) -> None:
    assert all(s.unreadable or s.problems for s in smartctl.decode(data))
