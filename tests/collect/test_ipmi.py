"""Tables of IPMI's tools in their forms; words of events; damage is unknown and loses no row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.collect.ipmi import decode_dcmi, decode_freeipmi, decode_ipmitool
from hwagent.collect.ipmi_events import redundancy_of, verdict_of_event
from hwagent.model import Sample

HEAD = "ID | Name | Type | Reading | Units | Event\n"


def of(samples: list[Sample], name: str) -> Sample:
    [found] = [s for s in samples if s.attributes.get("name") == name]
    return found


@pytest.mark.parametrize(
    "table",
    [
        HEAD + "7 | Inlet | Temperature | 31.00 | C | 'OK'",
        "ID,Name,Type,Reading,Units,Event\n7,Inlet,Temperature,31.00,C,'OK'",
        "Caching SDR repository information\n"
        + HEAD
        + "7 | Inlet | Temperature | 31.00 | C | 'OK'",
        "ID | Name | Type | State | Reading | Units | Event\n"
        "7 | Inlet | Temperature | Nominal | 31.00 | C | 'OK'",
    ],
)
def test_forms_of_freeipmi(table: str) -> None:
    inlet = of(decode_freeipmi(table.encode()), "Inlet")
    assert (inlet.kind, inlet.metrics["celsius"]) == ("temperature", 31)
    assert inlet.metrics["condition"] == "Good"


@pytest.mark.parametrize(
    "line",
    [
        "Inlet | 31 degrees C | ok",
        "Inlet | 04h | ok | 7.1 | 31 degrees C",
        "Inlet,31,degrees C,ok",
        "Inlet,04h,ok,7.1,31 degrees C",
        "Inlet | 31.000 | degrees C | ok | na | -7.000 | 3.000 | 42.000 | 47.000 | na",
    ],
)
def test_forms_of_ipmitool(line: str) -> None:
    inlet = of(decode_ipmitool(line.encode()), "Inlet")
    assert (inlet.kind, inlet.metrics["celsius"]) == ("temperature", 31)


def test_limits() -> None:
    head = (
        "ID | Name | Type | Reading | Units | Lower NR | Lower C | Lower NC | Upper NC | Upper C |"
    )
    line = (
        "\n7 | Inlet | Temperature | 31.00 | C | N/A | -7.00 | 3.00 | 42.00 | 47.00 | 52.00 | 'OK'"
    )
    told = of(decode_freeipmi(f"{head} Upper NR | Event{line}".encode()), "Inlet").metrics
    line = "Inlet | 31.000 | degrees C | ok | na | -7.000 | 3.000 | 42.000 | 47.000 | na"
    also = of(decode_ipmitool(line.encode()), "Inlet").metrics
    for metrics in (told, also):
        assert (metrics["lcrit_celsius"], metrics["min_celsius"]) == (-7, 3)
        assert (metrics["max_celsius"], metrics["crit_celsius"]) == (42, 47)


@pytest.mark.parametrize(
    ("event", "verdict"),
    [
        ("OK", "good"),
        ("Presence detected", "good"),
        ("Power Supply Failure detected", "failed"),
        ("Failure detected", "failed"),
        ("Power Supply input lost (AC/DC)", "no_input"),
        ("Power Supply input out-of-range, but present", "warning"),
        ("Predictive Failure", "warning"),
        ("Predictive Failure deasserted", "good"),
        ("Configuration error - Vendor mismatch", "warning"),
        ("Power Supply Inactive (in standby state)", "standby"),
        ("At or Above (>=) Upper Non-Critical Threshold", "warning"),
        ("At or Above (>=) Upper Critical Threshold", "critical"),
        ("At or Below (<=) Lower Non-Recoverable Threshold", "critical"),
        ("transition to Critical from less severe", "critical"),
        ("Uncorrectable memory error", "critical"),
        ("Correctable memory error", "warning"),
        ("IERR", "critical"),
        ("Processor Automatically Throttled", "warning"),
        ("Entity Absent", "absent"),
        ("Entity Present", "good"),
        ("Drive Presence", "good"),
        ("Drive Fault", "failed"),
        ("In Critical Array", "critical"),
        ("Rebuild/Remap in progress", "warning"),
        ("General Chassis Intrusion", "warning"),
        ("some Fault that nobody knows", "warning"),
        ("State Asserted", None),
        ("State Deasserted", None),
        ("OEM Event = 0001h", None),
    ],
)
def test_words_of_events(event: str, verdict: str | None) -> None:
    assert verdict_of_event(event) == verdict


@pytest.mark.parametrize(
    ("event", "state"),
    [
        ("Fully Redundant", "full"),
        ("Redundancy Lost", "lost"),
        ("Redundancy Degraded", "degraded"),
        ("Redundancy Degraded from Fully Redundant", "degraded"),
        ("Non-redundant:Sufficient Resources from Redundant", "not redundant"),
        ("Non-redundant:Insufficient Resources", "insufficient"),
        ("Presence detected", ""),
    ],
)
def test_redundancy(event: str, state: str) -> None:
    assert redundancy_of((event,)) == state


def test_ok_does_not_hide_lost_redundancy() -> None:
    [_, found] = decode_ipmitool(b"PS Redundancy | 77h | ok | 7.1 | Redundancy Lost")
    assert (found.kind, found.metrics["redundancy"]) == ("redundancy", "lost")


def test_a_supply_that_is_not_said_to_be_present_is_an_empty_bay() -> None:
    table = HEAD + "1 | PS1 | Power Supply | N/A | N/A | 'OK'"
    assert of(decode_freeipmi(table.encode()), "PS1").metrics["inserted"] == 0


def test_rows_that_say_nothing_are_counted_and_no_components() -> None:
    silent = "1 | SEL | Event Logging Disabled | N/A | N/A | N/A\n"
    unjudged = "2 | PG | Voltage | N/A | N/A | 'State Asserted'"
    [bmc] = decode_freeipmi((HEAD + silent + unjudged).encode())
    assert (bmc.metrics["rows"], bmc.metrics["rows_silent"]) == (2, 1)
    assert bmc.attributes["unjudged"] == ["PG"]


def test_a_reading_that_cannot_be_true_is_a_problem() -> None:
    table = HEAD + "7 | Inlet | Temperature | 3900000.00 | C | 'OK'"
    assert "celsius" in of(decode_freeipmi(table.encode()), "Inlet").problems


@pytest.mark.parametrize("data", [b"", b"words", b"ID | Name\n1 | x", b"\xff\xfe"])
def test_what_is_no_table_is_unknown(data: bytes) -> None:
    for decode in (decode_freeipmi, decode_ipmitool, decode_dcmi):
        [sample] = decode(data)
        assert sample.unreadable


def test_a_damaged_line_makes_the_bmc_unknown_and_spares_the_others() -> None:
    table = HEAD + "7 | Inlet | Temperature | 31.00 | C | 'OK'\n8 | Outl"
    samples = decode_freeipmi(table.encode())
    assert samples[0].unreadable
    assert of(samples, "Inlet").metrics["celsius"] == 31


def test_power_that_is_not_measured_is_no_zero() -> None:
    text = "Current Power : 0 Watts\nPower Measurement : Not Active\n"
    [sample] = decode_dcmi(text.encode())
    assert sample.unreadable
    assert "watts" not in sample.metrics


@given(st.text(alphabet="|,'ID Name\n0123.ok degrees C", max_size=200))
def test_no_text_breaks_the_decoders(text: str) -> None:
    for decode in (decode_freeipmi, decode_ipmitool, decode_dcmi):
        decode(text.encode())
        decode((HEAD + text).encode())
