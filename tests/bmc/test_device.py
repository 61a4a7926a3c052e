"""The host's own BMC through the kernel's device, as captures have it."""

from pathlib import Path

import pytest

from hwagent.collect.ipmi_chassis import log_entries, newest_fault
from hwagent.collect.ipmi_device import COLLECTOR
from hwagent.collect.root import Root, Unreadable
from hwagent.model import Sample

SENSORS = """\
ID  | Name     | Type         | State    | Reading | Units | Event
1   | PS1      | Power Supply | Critical | N/A     | N/A   | 'Presence detected' 'Failure detected'
2   | CPU Temp | Temperature  | Nominal  | 41.00   | C     | 'OK'
"""
ELIST = """\
CPU Temp         | 01h | ok  |  7.1 | 45 degrees C
PS1 Status       | 02h | ok  | 10.1 | Presence detected
"""
CHASSIS = """\
System Power         : on
Power Overload       : false
Main Power Fault     : true
Drive Fault          : false
Cooling/Fan Fault    : false
Chassis Intrusion    : active
"""
INFO = "SEL Information\nEntries          : 3\nPercent Used     : 97%\nOverflow         : true\n"
LOG = """\
1,04/10/2026,13:59:34,Event Logging Disabled #0x72,Log area reset/cleared,Asserted
a,04/11/2026,08:00:00 UTC,Power Supply #0x52,Failure detected,Asserted
b,04/11/2026,09:00:00 UTC,Power Supply #0x52,Failure detected,Deasserted
nonsense
"""


def look(place: Path, **said: str) -> dict[str, Sample]:
    (place / "commands").mkdir()
    for name, text in said.items():
        (place / "commands" / name.replace("_", "-")).write_text(text)
    root = Root(place)
    return {
        sample.id: sample
        for target in COLLECTOR().targets(root)
        for sample in COLLECTOR().collect(root, target)
    }


def test_with_freeipmi_alone(tmp_path: Path) -> None:
    found = look(tmp_path, ipmi_sensors_ipmi=SENSORS)
    assert found["psu:ipmi/PS1"].metrics["condition"] == "Failed"
    assert found["sensor:ipmi/CPU_Temp"].metrics["celsius"] == 41
    assert "power_on" not in found["bmc:ipmi"].metrics
    assert not found["bmc:ipmi"].problems


def test_with_ipmitool_its_chassis_and_its_log_too(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        ipmitool_ipmi_sdr_elist=ELIST,
        ipmitool_ipmi_chassis_status=CHASSIS,
        ipmitool_ipmi_sel_info=INFO,
        ipmitool_ipmi_sel_elist=LOG,
    )
    own = found["bmc:ipmi"]
    assert found["psu:ipmi/PS1_Status"].metrics["condition"] == "Good"
    states = ("power_on", "power_fault", "drive_fault", "intrusion")
    assert [own.metrics[m] for m in states] == [1, 1, 0, 1]
    assert [own.metrics[m] for m in ("sel_entries", "sel_percent", "sel_overflow")] == [3, 97, 1]
    assert own.metrics["sel_newest_fault"] == 10
    assert own.attributes["fault"] == "Power Supply #0x52: Failure detected"


def test_an_answer_that_makes_no_sense_is_unknown_not_well(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        ipmitool_ipmi_sdr_elist=ELIST,
        ipmitool_ipmi_chassis_status="Error in Chassis Status",
        ipmitool_ipmi_sel_info="",
    )
    assert set(found["bmc:ipmi"].problems) == {"power_on", "sel_entries"}


def test_sensors_that_make_no_sense_leave_all_unknown(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="the sensors of bmc ipmi"):
        look(tmp_path, ipmi_sensors_ipmi="ipmi-sensors: could not open device")


def test_a_host_without_any_has_none(tmp_path: Path) -> None:
    assert look(tmp_path) == {}


def test_what_is_over_is_no_fault() -> None:
    entries = log_entries(LOG)
    assert [e["verdict"] for e in entries] == ["", "failed", ""]
    assert newest_fault(entries[:1]) is None
