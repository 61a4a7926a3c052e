"""nvme-cli's outputs, JSON and text."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.nvme import decode_list, decode_smart_log

TEXT = """\
Smart Log for NVME device:nvme0 namespace-id:ffffffff
critical_warning			: 0x4
temperature				: 37 °C (310 K)
available_spare				: 100%
available_spare_threshold		: 5%
percentage_used				: 2%
endurance group critical warning summary: 0
Data Units Read				: 9,898,518 (5.07 TB)
data_units_written			: 136157684 (69.71 TB)
controller_busy_time			: 8,284
power_cycles				: 64
power_on_hours				: 4,974
unsafe_shutdowns			: 39
media_errors				: 0
num_err_log_entries			: 110
Warning Temperature Time		: 1
Critical Composite Temperature Time	: 0
Temperature Sensor 1           : 36 C (309 K)
Temperature Sensor 2           : 41 C (314 K)
Thermal Management T1 Trans Count	: 0
"""
TABLE = """\
Node                  Generic               SN                   Model                                    Namespace  Usage                      Format           FW Rev
--------------------- --------------------- -------------------- ---------------------------------------- ---------- -------------------------- ---------------- --------
/dev/nvme0n1          /dev/ng0n1            S466NX0M776250H      Samsung SSD 970 EVO 500GB                0x1        128.29  GB / 500.11  GB    512   B +  0 B   2B2QEXE7
/dev/nvme1n1          /dev/ng1n1            XXX01YYY             Seagate FireCuda 530 ZP4000GM30023       0x1          4.00  TB /   4.00  TB    512   B +  0 B   SU6SM001
"""  # noqa: E501


def test_a_smart_log_as_text() -> None:
    [sample] = decode_smart_log(TEXT.encode())
    assert (sample.id, sample.unreadable, sample.problems) == ("disk:nvme0", "", {})
    m = sample.metrics
    assert (m["critical_warning"], m["reliability_degraded"], m["spare_low"]) == (4, 1, 0)
    assert m["temperature_celsius"] == 37
    assert (m["available_spare"], m["available_spare_threshold"]) == (100, 5)
    assert m["data_units_read"] == 9898518
    assert m["controller_busy_seconds"] == 8284 * 60
    assert m["temperature_over_warning_seconds"] == 60
    assert m["power_on_hours"] == 4974
    assert sample.attributes["temperature_sensors"] == [36, 41]


def test_the_locale_may_have_degrees_fahrenheit() -> None:
    text = TEXT.replace("37 °C (310 K)", "99 °F (310 K)").replace("36 C (309", "97 °F (309")
    [sample] = decode_smart_log(text.encode())
    assert sample.metrics["temperature_celsius"] == 37
    assert sample.attributes["temperature_sensors"] == [36, 41]


def test_a_smart_log_as_json_is_the_same() -> None:
    log = {
        "critical_warning": {"value": 4, "available_spare": 0},  # as nvme-cli -v writes it
        "temperature": 310,
        "avail_spare": 100,
        "spare_thresh": 5,
        "percent_used": 2,
        "media_errors": "0",  # older ones write 128-bit counters as text
        "temperature_sensor_1": 309,
        "temperature_sensor_2": 0,
    }
    [text], [sample] = decode_smart_log(TEXT.encode()), decode_smart_log(json.dumps(log).encode())
    assert sample.metrics.items() <= text.metrics.items()
    assert sample.attributes["temperature_sensors"] == [36]


@pytest.mark.parametrize("kelvin", [0, None])
def test_a_drive_without_a_temperature(kelvin: int | None) -> None:
    [sample] = decode_smart_log(json.dumps({"critical_warning": 0, "temperature": kelvin}).encode())
    assert "temperature_celsius" not in sample.metrics
    assert sample.problems == {}


@pytest.mark.parametrize("kelvin", [4_000_000, 1, "hot", -5])
def test_an_absurd_temperature_is_a_problem(kelvin: object) -> None:
    [sample] = decode_smart_log(json.dumps({"critical_warning": 0, "temperature": kelvin}).encode())
    assert "temperature_celsius" in sample.problems


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", "NVMe status: INVALID_FIELD", "a: 1\nb: 2", '{"temperature": 1}']
)
def test_what_is_no_smart_log_is_unknown(text: str) -> None:
    [sample] = decode_smart_log(text.encode())
    assert sample.unreadable


def test_a_list_as_table() -> None:
    first, second = decode_list(TABLE.encode())
    assert first.id == "disk:nvme0n1"
    assert first.attributes["serial"] == "S466NX0M776250H"
    assert first.attributes["model"] == "Samsung SSD 970 EVO 500GB"
    assert first.attributes["firmware"] == "2B2QEXE7"
    assert second.attributes["device"] == "/dev/nvme1n1"


def test_a_list_by_subsystem() -> None:
    controller = {
        "Controller": "nvme0",
        "SerialNumber": "S1",
        "ModelNumber": "M1",
        "Firmware": "F1",
        "Namespaces": [{"NameSpace": "nvme0n1", "NSID": 1, "PhysicalSize": 4000787030016}],
    }
    document = {"Devices": [{"HostNQN": "x", "Subsystems": [{"Controllers": [controller]}]}]}
    [sample] = decode_list(json.dumps(document).encode())
    assert sample.id == "disk:nvme0n1"
    assert sample.attributes["serial"] == "S1"
    assert sample.attributes["capacity_bytes"] == 4000787030016


def test_an_empty_list_has_no_disks() -> None:
    assert decode_list(b'{"Devices": []}') == []


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"Devices": 7}', "Node SN\nnone", "-----"])
def test_what_is_no_list_is_unknown(text: str) -> None:
    [sample] = decode_list(text.encode())
    assert sample.unreadable


def test_an_entry_without_a_name_is_unknown() -> None:
    [sample] = decode_list(b'{"Devices": [{"ModelNumber": "M1"}]}')
    assert sample.unreadable


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda t: f"{t}: 7\n-----".encode()))
def test_any_bytes_give_samples(data: bytes) -> None:
    for sample in decode_smart_log(data) + decode_list(data):
        assert sample.kind == "disk"


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["critical_warning", "temperature", "avail_spare", "Devices"]),
        st.none()
        | st.integers()
        | st.floats()
        | st.text()
        | st.lists(st.dictionaries(st.text(), st.none())),
    )
)
def test_any_json_gives_samples(document: dict[str, object]) -> None:
    data = json.dumps(document).encode()
    for sample in decode_smart_log(data) + decode_list(data):
        assert sample.kind == "disk"
