"""Pluggable modules: light, current, temperature, and the module's own limits."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.optics import OpticsCollector, decode
from hwagent.collect.root import Root
from hwagent.testing.tree import Tree

_PRINTED = """
Identifier                                : 0x03 (SFP)
Vendor name                               : EDGE
Optical diagnostics support               : Yes
Laser bias current                        : 51.494 mA
Laser output power                        : 0.8183 mW / -0.87 dBm
Receiver signal average optical power     : 0.0000 mW / -inf dBm
Module temperature                        : 34.99 degrees C / 94.99 degrees F
Module voltage                            : 3.2995 V
Laser rx power low alarm                  : On
Laser rx power low alarm threshold        : 0.0234 mW / -16.31 dBm
Module temperature high alarm             : On
Module temperature high alarm threshold   : 95.00 degrees C / 203.00 degrees F
"""
_QSFP = """
Identifier                                : 0x11 (QSFP28)
Laser tx bias current (Channel 1)         : 34.000 mA
Laser tx bias current (Channel 2)         : 35.000 mA
Transmit avg optical power (Channel 1)    : 1.0000 mW / 0.00 dBm
Transmit avg optical power (Channel 2)    : 0.5000 mW / -3.01 dBm
Rcvr signal avg optical power(Channel 1)  : 0.8000 mW / -0.97 dBm
Rcvr signal avg optical power(Channel 2)  : 0.0100 mW / -20.00 dBm
Laser rx power low alarm   (Channel 1)    : Off
Laser rx power low alarm   (Channel 2)    : On
"""
_COPPER = "Identifier : 0x03 (SFP)\nVendor name : Amphenol\nLength (Copper) : 3m\n"


def _sfp(rx: int = 8000, flags: int = 0, diagnostics: int = 0x68) -> bytearray:
    """Memory of a module with 33.5 C, 3.3 V, 6 mA, 0.5 mW sent; ``rx`` in 0.1 uW."""
    memory = bytearray(512)
    memory[0], memory[2] = 3, 7
    memory[20:36], memory[40:56] = b"FINISAR CORP.   ", b"FTLX8571D3BCL   "
    memory[60:62] = struct.pack(">H", 850)
    memory[92] = diagnostics
    limits = (
        (78 * 256, -13 * 256, 73 * 256, -8 * 256),
        (37000, 29000, 36000, 30000),
        (6500, 1000, 6000, 1500),
        (10000, 1000, 8000, 1500),
        (10000, 100, 8000, 200),
    )
    for i, four in enumerate(limits):
        memory[256 + 8 * i : 264 + 8 * i] = struct.pack(">4h" if i == 0 else ">4H", *four)
    memory[352:362] = struct.pack(">h4H", 33 * 256 + 128, 33000, 3000, 5000, rx)
    memory[368:370] = struct.pack(">H", flags)
    return memory


def _qsfp() -> bytearray:
    memory = bytearray(640)
    memory[0], memory[130] = 0x11, 0x0C
    memory[22:24], memory[26:28] = struct.pack(">h", 40 * 256), struct.pack(">H", 33000)
    memory[34:42] = struct.pack(">4H", 8000, 8000, 90, 8000)
    memory[42:50] = struct.pack(">4H", 3000, 3000, 3000, 3000)
    memory[50:58] = struct.pack(">4H", 9000, 9000, 9000, 9000)
    memory[148:164] = b"Mellanox        "
    memory[512:520] = struct.pack(">4h", 80 * 256, -10 * 256, 70 * 256, 0)
    memory[560:568] = struct.pack(">4H", 20000, 100, 18000, 200)
    return memory


def _dump(memory: bytes) -> bytes:
    """As ``ethtool -m IF hex on`` prints it."""
    rows = (f"0x{i:04x}:\t\t{memory[i : i + 16].hex(' ')}" for i in range(0, len(memory), 16))
    return "\n".join(["Offset\t\tValues", "------\t\t------", *rows]).encode()


def test_reads_what_ethtool_prints() -> None:
    [sample] = decode(_PRINTED.encode())
    assert sample.metrics["tx_bias_amperes"] == 0.051494
    assert sample.metrics["tx_power_watts"] == 0.0008183
    assert sample.metrics["tx_power_dbm"] == -0.87
    assert sample.metrics["module_temperature_celsius"] == 8958 / 256
    assert sample.attributes["module_vendor"] == "EDGE"
    assert not sample.problems


def test_no_light_is_minus_forty_and_beyond_the_limit() -> None:
    [sample] = decode(_PRINTED.encode())
    assert sample.metrics["rx_power_dbm"] == -40.0
    assert sample.metrics["rx_power_state"] == "low_alarm"


def test_a_flag_of_the_past_is_no_state() -> None:
    [sample] = decode(_PRINTED.encode())
    assert sample.metrics["module_temperature_high_alarm"] == 1
    assert sample.metrics["module_temperature_state"] == "ok"


def test_the_worst_lane_speaks_for_a_qsfp() -> None:
    [sample] = decode(_QSFP.encode())
    assert sample.metrics["lane1_rx_power_watts"] == 0.0008
    assert sample.metrics["rx_power_watts"] == 0.00001
    assert sample.metrics["tx_bias_amperes"] == 0.035
    assert sample.metrics["rx_power_low_alarm"] == 1
    assert sample.metrics["rx_power_state"] == "low_alarm"


def test_a_copper_cable_measures_nothing() -> None:
    [sample] = decode(_COPPER.encode())
    assert sample.metrics == {}
    assert not sample.problems
    assert not sample.unreadable


def test_values_that_a_module_promises_but_does_not_give_are_unknown() -> None:
    [sample] = decode(_PRINTED.split("Receiver")[0].encode())
    assert sample.problems["rx_power_watts"] == "no value given"


@pytest.mark.parametrize(
    ("line", "metric"),
    [
        (
            "Module temperature : -128.00 degrees C / -198.40 degrees F",
            "module_temperature_celsius",
        ),
        ("Module voltage : 6.5535 V", "module_voltage_volts"),
        ("Module voltage : high", "module_voltage_volts"),
        ("Laser bias current : 9e99 mA", "tx_bias_amperes"),
    ],
)
def test_absurd_values_are_unknown(line: str, metric: str) -> None:
    [sample] = decode(line.encode())
    assert metric in sample.problems
    assert metric not in sample.metrics


@pytest.mark.parametrize("form", ["raw", "hex"])
def test_reads_the_memory_of_an_sfp(form: str) -> None:
    memory = bytes(_sfp(flags=0x4000 >> 8))
    [sample] = decode(memory if form == "raw" else _dump(memory))
    assert sample.attributes["module_vendor"] == "FINISAR CORP."
    assert sample.attributes["module_wavelength"] == "850nm"
    assert sample.metrics["module_temperature_celsius"] == 33.5
    assert sample.metrics["module_voltage_volts"] == 3.3
    assert sample.metrics["tx_bias_amperes"] == 0.006
    assert sample.metrics["tx_power_watts"] == 0.0005
    assert sample.metrics["rx_power_low_alarm_threshold_watts"] == 0.00001
    assert sample.metrics["module_temperature_low_alarm_threshold_celsius"] == -13
    assert sample.metrics["rx_power_low_alarm"] == 1
    assert sample.metrics["rx_power_state"] == "high_warning"


def test_a_module_with_external_calibration_is_corrected() -> None:
    memory = _sfp(rx=2000, diagnostics=0x58)
    memory[312:332] = struct.pack(">5f", 0, 0, 0, 2, 100)
    for at in (332, 336, 340, 344):
        memory[at : at + 4] = struct.pack(">Hh", 256, 0)
    memory[344:348] = struct.pack(">Hh", 256, 500)
    [sample] = decode(bytes(memory))
    assert sample.metrics["rx_power_watts"] == pytest.approx(0.00041)
    assert sample.metrics["module_voltage_volts"] == pytest.approx(3.35)


def test_reads_the_memory_of_a_qsfp() -> None:
    [sample] = decode(_dump(bytes(_qsfp())))
    assert sample.attributes["module_vendor"] == "Mellanox"
    assert sample.metrics["module_temperature_celsius"] == 40
    assert sample.metrics["lane3_rx_power_watts"] == 0.000009
    assert sample.metrics["rx_power_state"] == "low_alarm"
    assert sample.metrics["module_temperature_state"] == "ok"
    assert "tx_power_high_alarm_threshold_watts" not in sample.metrics


def test_a_bus_that_answers_only_ones_is_unknown() -> None:
    assert decode(b"\xff" * 512)[0].unreadable


def test_signs_of_no_quantity() -> None:
    printed = _QSFP + "Rx loss of signal : [ No, Yes, No, No ]\nTx fault : No\n"
    [sample] = decode(printed.encode())
    assert (sample.metrics["rx_loss_of_signal"], sample.metrics["tx_fault"]) == (1, 0)
    [sample] = decode((_QSFP + "Rx loss of signal : None\n").encode())
    assert "rx_loss_of_signal" not in sample.metrics  # the module does not tell
    memory = _sfp()
    memory[256 + 110] = 0x04
    [sample] = decode(bytes(memory))
    assert (sample.metrics["rx_loss_of_signal"], sample.metrics["tx_fault"]) == (0, 1)


def test_a_module_of_the_latest_kind_tells_its_state() -> None:
    printed = "Identifier : 0x18 (QSFP-DD)\nModule State : 0x05 (ModuleFault)\n"
    [sample] = decode(printed.encode())
    assert sample.metrics["module_fault"] == 1
    memory = bytearray(256)
    memory[0], memory[3], memory[14:18] = 0x18, 3 << 1, struct.pack(">hH", 40 * 256, 33000)
    [sample] = decode(bytes(memory))
    assert sample.metrics["module_fault"] == 0
    assert sample.attributes["module_state"] == "0x03 (ModuleReady)"


def test_memory_that_is_cut_short_is_unknown() -> None:
    [sample] = decode(bytes(_sfp()[:40]))
    assert "40 bytes" in sample.problems["module_temperature_celsius"]


def test_captures_are_read_per_interface(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.write("commands/ethtool-m-eth0", _PRINTED)
    tree.write("commands/ethtool-m-eth1", _dump(bytes(_sfp())))
    tree.write("commands/ethtool-m-eth2", "")
    collector, root = OpticsCollector(), Root(tmp_path)
    assert collector.targets(root) == ["eth0", "eth1", "eth2"]
    [printed], [dumped] = collector.collect(root, "eth0"), collector.collect(root, "eth1")
    assert printed.id == "nic:eth0"
    assert dumped.metrics["module_voltage_volts"] == 3.3
    assert collector.collect(root, "eth2")[0].unreadable
    assert collector.collect(root, "eth9") == []


def test_a_module_is_told_with_the_place_of_its_interface(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.write("commands/ethtool-m-eth0", _PRINTED)
    tree.write("sys/class/net/eth0/type", 1)
    tree.link("sys/class/net/eth0/device", "sys/devices/pci0000:00/0000:00:1f.6")
    [sample] = OpticsCollector().collect(Root(tmp_path), "eth0")
    assert sample.attributes["virtual_function"] == 0


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([bytes(_sfp()), bytes(_qsfp()), _PRINTED.encode(), _dump(bytes(_sfp()))]),
    st.integers(0, 640),
    st.binary(max_size=20),
    st.integers(0, 5000),
)
def test_no_damage_breaks_the_decoder(good: bytes, at: int, damage: bytes, end: int) -> None:
    [sample] = decode((good[:at] + damage + good[at + len(damage) :])[:end])
    celsius = sample.metrics.get("module_temperature_celsius", 0)
    assert isinstance(celsius, int | float)
    assert -60 <= celsius <= 150
