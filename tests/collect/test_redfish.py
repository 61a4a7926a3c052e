"""Redfish documents of either generation; a health that is not told is unknown."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.collect.redfish import decode
from hwagent.model import Sample


def one(document: Any) -> Sample:
    [sample] = decode(json.dumps(document).encode())
    return sample


def supply(status: Any, **more: Any) -> dict[str, Any]:
    document = {"@odata.type": "#PowerSupply.v1_5_0.PowerSupply", "Name": "PSU 1"}
    return {**document, "Status": status, **more}


@pytest.mark.parametrize(
    ("status", "condition"),
    [
        ({"State": "Enabled", "Health": "OK"}, "Good"),
        ({"State": "Enabled", "Health": "Warning"}, "Warning"),
        ({"State": "Enabled", "Health": "Critical"}, "Critical"),
        ({"State": "Absent", "Health": "OK"}, "Absent"),
        ({"State": "Absent"}, "Absent"),
        ({"State": "StandbySpare", "Health": "OK"}, "Standby"),
        ({"State": "UnavailableOffline"}, "Failed"),
        ({"Health": "OK"}, "Good"),
        ({"State": "Enabled", "Health": "OK", "HealthRollup": "Critical"}, "Critical"),
    ],
)
def test_state_comes_before_health(status: Any, condition: str) -> None:
    assert one(supply(status)).metrics["condition"] == condition


@pytest.mark.parametrize(
    "status", [{"State": "Enabled", "Health": None}, {"State": "Enabled"}, {}, None, 5]
)
def test_a_health_that_is_not_told_is_unknown(status: Any) -> None:
    sample = one(supply(status))
    assert sample.unreadable
    assert "condition" not in sample.metrics


def test_a_supply_without_input_feeds_nothing() -> None:
    status = {"State": "Enabled", "Health": "Critical"}
    assert one(supply(status, LineInputStatus="LossOfInput")).metrics["online"] == 0


def test_old_and_new_say_the_same_of_a_fan() -> None:
    status = {"State": "Enabled", "Health": "OK"}
    old = {"Fans": [{"Name": "Fan 1", "Reading": 2100, "ReadingUnits": "RPM", "Status": status}]}
    new = {
        "@odata.type": "#Fan.v1_3_0.Fan",
        "Name": "Fan 1",
        "SpeedPercent": {"Reading": 45, "SpeedRPM": 2100},
        "Status": status,
    }
    assert one(old).metrics == one(new).metrics
    assert one(old).id == one(new).id
    assert one(new).metrics["rpm"] == 2100


def test_a_speed_in_percent_is_no_speed_in_turns() -> None:
    fan = {"Name": "Fan 1", "Reading": 45, "ReadingUnits": "Percent", "Status": {"Health": "OK"}}
    assert "rpm" not in one({"Fans": [fan]}).metrics


def test_limits_of_a_sensor_and_a_value_without_a_health() -> None:
    limits = {"UpperCaution": {"Reading": 40}, "UpperCritical": {"Reading": 45}}
    sensor = {"ReadingType": "Temperature", "ReadingUnits": "Cel", "Reading": 37.5}
    document = {"@odata.type": "#Sensor.v1_6_0.Sensor", "Name": "Inlet", "Thresholds": limits}
    sample = one({**document, **sensor})
    assert sample.metrics == {"celsius": 37.5, "max_celsius": 40, "crit_celsius": 45}
    assert one({**document, **sensor, "Reading": None}).unreadable
    assert one({**document, **sensor, "Reading": "hot"}).problems


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"State": "Enabled", "Health": "OK"}, "full"),
        ({"State": "Enabled", "Health": "Warning"}, "degraded"),
        ({"State": "Enabled", "Health": "Critical"}, "lost"),
        ({"State": "UnavailableOffline", "Health": "OK"}, "lost"),
    ],
)
def test_redundancy(status: Any, state: str) -> None:
    group = {"Name": "Supplies", "Status": status}
    sample = one({"PowerSupplies": [], "Redundancy": [group]})
    assert (sample.kind, sample.metrics["redundancy"]) == ("redundancy", state)


def test_a_drive_has_the_id_that_the_host_gives_it() -> None:
    drive = {
        "@odata.type": "#Drive.v1_9_0.Drive",
        "Name": "Bay 1",
        "SerialNumber": "ZL2 9",
        "FailurePredicted": True,
        "PredictedMediaLifeLeftPercent": 7,
        "Status": {"State": "Enabled", "Health": "Warning"},
    }
    sample = one(drive)
    assert sample.id == "disk:serial-ZL2_9"
    assert sample.metrics["smart_passed"] == 0
    assert sample.metrics["percentage_used"] == 93


def test_an_expanded_collection_is_its_members() -> None:
    members = [supply({"Health": "OK"}, Name=name) for name in ("PSU 1", "PSU 2")]
    found = decode(json.dumps({"Members": members}).encode())
    assert [s.id for s in found] == ["psu:redfish/PSU_1", "psu:redfish/PSU_2"]


def test_parts_of_one_name_are_told_apart() -> None:
    supplies = [supply({"Health": "OK"}, MemberId=str(n)) for n in range(2)]
    found = decode(json.dumps({"PowerSupplies": supplies}).encode())
    assert [s.id for s in found] == ["psu:redfish/PSU_1-0", "psu:redfish/PSU_1-1"]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"5", b"[]", b"{}", b'{"error": {"message": "no"}}', b'{"Members": []}']
)
def test_what_tells_of_no_part_is_unknown(data: bytes) -> None:
    [sample] = decode(data)
    assert sample.unreadable


KEYS = (
    "Status",
    "State",
    "Health",
    "Fans",
    "PowerSupplies",
    "Name",
    "Reading",
    "Members",
    "Devices",
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
NODES = st.recursive(
    LEAVES,
    lambda n: st.lists(n, max_size=3) | st.dictionaries(st.sampled_from(KEYS), n, max_size=4),
    max_leaves=20,
)


@given(NODES)
def test_no_document_breaks_the_decoder(document: Any) -> None:
    found = decode(json.dumps(document).encode())
    assert len({s.id for s in found}) == len(found)
