"""RAID controllers' tools: words of states, damage, and what has no verdict."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.collect import arcconf, hwraid, megacli, sas3ircu, ssacli, storcli


@pytest.mark.parametrize(
    ("kind", "state", "condition"),
    [
        ("disk", "Onln", "Good"),
        ("disk", "Online, Spun Up", "Good"),
        ("disk", "JBOD", "Good"),
        ("disk", "GHS", "Standby"),
        ("disk", "Hotspare, Spun down", "Standby"),
        ("disk", "Rbld", "Warning"),
        ("disk", "Rebuild", "Warning"),
        ("disk", "Offln", "Failed"),
        ("disk", "Failed", "Failed"),
        ("disk", "Unconfigured(bad)", "Failed"),
        ("array", "Optl", "Good"),
        ("array", "Pdgd", "Warning"),
        ("array", "Dgrd", "Warning"),
        ("array", "Partially Degraded", "Warning"),
        ("array", "OfLn", "Failed"),
        ("controller", "Needs Attention", "Warning"),
        ("controller", "Failed", "Failed"),
    ],
)
def test_words_of_states(kind: str, state: str, condition: str) -> None:
    assert hwraid.part(kind, "x", "x", state).metrics["condition"] == condition


@pytest.mark.parametrize("state", ["", "Quux"])
def test_a_state_that_nobody_knows_is_unknown(state: str) -> None:
    report = hwraid.part("disk", "x", "x", state)
    assert report.unreadable
    assert "condition" not in report.metrics


def test_a_drive_that_is_online_and_foresees_its_end_is_a_warning() -> None:
    text = (
        "Adapter #1\nEnclosure Device ID: 8\nSlot Number: 2\nPredictive Failure Count: 3\n"
        "Firmware state: Online, Spun Up\nDrive has flagged a S.M.A.R.T alert : No\n"
    )
    [drive] = megacli.decode(text.encode())
    assert drive.id == "disk:c1/8:2"
    assert drive.metrics["condition"] == "Warning"


def test_a_command_that_failed_is_unknown() -> None:
    status = {"Controller": 0, "Status": "Failure", "Description": "Controller 0 not found"}
    document = {"Controllers": [{"Command Status": status}]}
    [controller] = storcli.decode(json.dumps(document).encode())
    assert "not found" in controller.unreadable


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"Controllers": []}', b"words"])
def test_what_is_no_output_is_unknown(data: bytes) -> None:
    for tool in (storcli, megacli, sas3ircu, arcconf, ssacli):
        [sample] = tool.decode(data)
        assert sample.unreadable


KEYS = ("Controllers", "Command Status", "Response Data", "VD LIST", "PD LIST", "State", "Status")
LEAVES = st.none() | st.integers() | st.text(max_size=5)
NODES = st.recursive(
    LEAVES,
    lambda n: st.lists(n, max_size=3) | st.dictionaries(st.sampled_from(KEYS), n, max_size=4),
    max_leaves=20,
)


@given(NODES)
def test_no_document_breaks_the_decoder(document: object) -> None:
    storcli.decode(json.dumps({"Controllers": [document]}).encode())


LINES = (
    *("Enclosure Device ID: 8", "Virtual Drive: 0", "IR volume 1", "Device is a Hard disk"),
    *("Controller information", "Logical device number 0", "Device #1", "State : Online"),
    *("Smart Array P440 in Slot 0", "physicaldrive 1I:1:1 (a, b, OK)", "physicaldrive 1I:1:1"),
    *("Logical device Task:", "Current operation : Rebuild", "Group 0, Segment 1 : x", ":", ""),
)


@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_no_order_of_lines_breaks_the_decoders(lines: list[str]) -> None:
    for tool in (megacli, sas3ircu, arcconf, ssacli):
        found = tool.decode("\n".join(lines).encode())
        assert found
        assert all(s.unreadable or "condition" in s.metrics for s in found)


def test_a_battery_that_failed_makes_a_smart_array_fail() -> None:
    text = (
        "Smart Array P440ar in Slot 3\n   Controller Status: OK\n   Cache Status: "
        "Temporarily Disabled\n   Battery/Capacitor Status: Failed (Replace Batteries)\n"
        "      physicaldrive 1I:1:4 (port 1I:box 1:bay 4, SATA HDD, 1 TB, Predictive Failure)\n"
    )
    controller, drive = ssacli.decode(text.encode())
    assert controller.id == "controller:slot3"
    assert controller.metrics["condition"] == "Failed"
    assert drive.metrics["condition"] == "Warning"
