"""Output of snmpwalk in its many forms gives the same walk; damage is told by its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.snmp.names import OBJECTS
from hwagent.snmp.printed import parse_printed
from hwagent.snmp.recorded import parse_recording

OPER = (*OBJECTS["ifOperStatus"], 7)


@pytest.mark.parametrize(
    "line",
    [
        ".1.3.6.1.2.1.2.2.1.8.7 = INTEGER: up(1)",
        ".1.3.6.1.2.1.2.2.1.8.7 = INTEGER: 1",
        "iso.3.6.1.2.1.2.2.1.8.7 = INTEGER: 1",
        "1.3.6.1.2.1.2.2.1.8.7 = 1",
        "IF-MIB::ifOperStatus.7 = INTEGER: up(1)",
        "IF-MIB::ifOperStatus[7] = INTEGER: up(1)",
        "IF-MIB::ifOperStatus[7] = up",
        "ifOperStatus.7 up",
        "SNMPv2-SMI::mib-2.2.2.1.8.7 = INTEGER: 1",
        ".1.3.6.1.2.1.2.2.1.8.7 = Wrong Type (should be INTEGER): Gauge32: 1",
    ],
)
def test_all_forms_of_a_line_are_one_value(line: str) -> None:
    walk = parse_printed(line.encode())
    assert walk.values == {OPER: 1}
    assert walk.problems == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('STRING: "sw1"', b"sw1"),
        ("STRING: sw1", b"sw1"),
        ('"sw1"', b"sw1"),
        ('""', b""),
        ("Hex-STRING: 00 1B 21 BB E6 F0 ", bytes.fromhex("001b21bbe6f0")),
        ("Hex-STRING: 00 1B 21 \nBB E6 F0", bytes.fromhex("001b21bbe6f0")),
        ('"00 1B 21 BB E6 F0 "', bytes.fromhex("001b21bbe6f0")),
        ("STRING: 0:1b:21:bb:e6:f0", bytes.fromhex("001b21bbe6f0")),
        ("IpAddress: 192.0.2.1", bytes([192, 0, 2, 1])),
        ("OID: SNMPv2-SMI::enterprises.9.1", (1, 3, 6, 1, 4, 1, 9, 1)),
        ("OID: .1.3.6.1.4.1.9.1", (1, 3, 6, 1, 4, 1, 9, 1)),
        ("Timeticks: (8640123) 1 day, 0:00:01.23", 8640123),
        ("1:0:00:01.23", 8640123),
        ("Gauge32: 31 Units", 31),
        ("Counter64: 18446744073709551615", 2**64 - 1),
        ("INTEGER: -540", -540),
        ('STRING: "one\ntwo = three\nfour"', b"one\ntwo = three\nfour"),
    ],
)
def test_types_of_values(value: str, expected: object) -> None:
    walk = parse_printed(f".1.3.6.1.9.1 = {value}\n.1.3.6.1.9.2 = INTEGER: 5\n".encode())
    assert walk.values == {(1, 3, 6, 1, 9, 1): expected, (1, 3, 6, 1, 9, 2): 5}
    assert walk.problems == []


def test_what_is_not_there_is_no_value() -> None:
    text = (
        ".1.3.6.1.9.1 = No Such Object available on this agent at this OID\n"
        ".1.3.6.1.9.2 = No more variables left in this MIB View (It is past the end)\n"
    )
    walk = parse_printed(text.encode())
    assert walk.values == {}
    assert walk.problems == []


@pytest.mark.parametrize(
    "line", ["Timeout: No Response from 192.0.2.1", "words", ".1.3.6.1 = INTEGER: many"]
)
def test_a_damaged_line_is_told_by_its_number(line: str) -> None:
    walk = parse_printed(f".1.3.6.1.9.1 = INTEGER: 1\n{line}\n".encode())
    assert list(walk.values.values()) == [1]
    assert walk.problems[0].startswith("line 2: ")


@pytest.mark.parametrize(
    "line",
    ["1.3.6|2", "1.3.x|2|1", "1.3.6|2|many", "1.3.6|4x|0g", "1.3.6|99|1", "nothing", "1.3.6|6|a"],
)
def test_a_damaged_recording_is_told_by_its_number(line: str) -> None:
    walk = parse_recording(f"1.3.6.1|2|5\r\n\n# remark\n{line}\n".encode())
    assert walk.values == {(1, 3, 6, 1): 5}
    assert walk.problems[0].startswith("line 4: ")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_readers(data: bytes) -> None:
    parse_printed(data)
    parse_recording(data)


@given(st.text(alphabet='.=:[]"1aIF-MIB ifOperStatus\n', max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    parse_printed(text.encode())
