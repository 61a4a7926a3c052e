"""The memory of a module, as the kernel reads it: SFF-8472 (SFP) and SFF-8636 (QSFP).

Layout as ETHTOOL_GMODULEEEPROM gives it: for SFP page A0h, then page A2h at 256; for QSFP the
lower page, then upper pages 00h to 03h at 128, 256, 384 and 512.
"""

import re
import struct
from collections.abc import Callable, Mapping

from .module import LIMITS, Module

_SFP = {0x02: "module soldered to motherboard", 0x03: "SFP", 0x0B: "DWDM-SFP"}
_QSFP = {0x0C: "QSFP", 0x0D: "QSFP+", 0x11: "QSFP28"}
_CMIS = {0x18: "QSFP-DD", 0x19: "OSFP", 0x1E: "QSFP+ with CMIS"}
_CMIS_FAULT = 5
#: CMIS table 6-7.
_CMIS_STATES = {
    1: "ModuleLowPwr",
    2: "ModulePwrUp",
    3: "ModuleReady",
    4: "ModulePwrDn",
    _CMIS_FAULT: "ModuleFault",
}
_CONNECTORS = {
    0x01: "SC",
    0x07: "LC",
    0x0B: "Optical pigtail",
    0x0C: "MPO Parallel Optic",
    0x21: "Copper pigtail",
    0x22: "RJ45",
    0x23: "No separable connector",
}
#: An SFP's diagnostics at A2h: place of the value, of its four limits, and bits of its flags in
#: the words at 112 (alarms) and 116 (warnings). SFF-8472 table 9-5, 9-11, 9-12.
_SFP_PLACES = {
    "module_temperature": (96, 0, 15),
    "module_voltage": (98, 8, 13),
    "tx_bias": (100, 16, 11),
    "tx_power": (102, 24, 9),
    "rx_power": (104, 32, 7),
}
#: A QSFP's: place of the first lane's value, of its limits on page 03h, and of its flags; four
#: lanes where the last number is 4. SFF-8636 tables 6-5, 6-7, 6-34.
_QSFP_PLACES = {
    "module_temperature": (22, 512, 6, 1),
    "module_voltage": (26, 528, 7, 1),
    "tx_bias": (42, 568, 11, 4),
    "tx_power": (50, 576, 13, 4),
    "rx_power": (34, 560, 9, 4),
}
_SCALES: Mapping[str, float] = {
    "module_temperature": 1 / 256,
    "module_voltage": 1e-4,
    "tx_bias": 2e-6,
    "tx_power": 1e-7,
    "rx_power": 1e-7,
}
_DUMP = re.compile(r"^0x([0-9a-fA-F]{1,6}):?\s+((?:[0-9a-fA-F]{2}\s*)+)$")
_DUMP_MAX = 1 << 16


def parse_dump(text: str) -> bytes:
    """Bytes of a hex dump (``ethtool -m IF hex on``); empty if the text is none or has gaps."""
    memory = bytearray()
    for match in (_DUMP.match(line.strip()) for line in text.splitlines()):
        if match is None:
            continue
        if int(match[1], 16) != len(memory) or len(memory) > _DUMP_MAX:
            return b""
        memory += bytes.fromhex(match[2])
    return bytes(memory)


def read_eeprom(memory: bytes) -> Module:
    """Reads what the module says of itself; nothing if its first byte is no kind of module."""
    module = Module()
    kind = memory[0] if memory else 0
    name = {**_SFP, **_QSFP, **_CMIS}.get(kind)
    if name is None:
        return module
    module.attribute("module_identifier", f"0x{kind:02x} ({name})")
    if kind in _SFP and len(memory) >= 96:
        _sfp(module, memory)
    elif kind in _QSFP and len(memory) >= 256:
        _qsfp(module, memory)
    elif kind in _CMIS and len(memory) >= 256:
        _cmis(module, memory)
    else:
        module.problems["module_temperature_celsius"] = f"memory ends after {len(memory)} bytes"
    return module


def _sfp(module: Module, memory: bytes) -> None:
    _connector(module, memory[2])
    module.attribute("module_copper_length", f"{memory[18]}m")
    if not memory[8] & 0x0C:  # else these bytes describe a copper cable
        module.attribute("module_wavelength", f"{_word(memory, 60)}nm")
    _vendor(module, memory, name=20, part=40, revision=56, serial=68, date=84)
    diagnostics = bool(memory[92] & 0x40) and not memory[92] & 0x04
    module.attribute("module_diagnostics", "Yes" if diagnostics else "No")
    if diagnostics and len(memory) >= 512:
        _sfp_diagnostics(module, memory[256:512], external=bool(memory[92] & 0x10))


def _sfp_diagnostics(module: Module, page: bytes, external: bool) -> None:
    calibrate = _external(page) if external else _internal
    module.sign("rx_loss_of_signal", bool(page[110] & 0x02))
    module.sign("tx_fault", bool(page[110] & 0x04))
    alarms, warnings = _word(page, 112), _word(page, 116)
    for quantity, (value, limits, bit) in _SFP_PLACES.items():
        module.value(quantity, calibrate(quantity, page[value : value + 2]))
        for i, limit in enumerate(LIMITS):
            at = limits + 2 * i
            module.threshold(quantity, limit, calibrate(quantity, page[at : at + 2]))
            flags = warnings if "warning" in limit else alarms
            module.flag(quantity, limit, bool(flags >> (bit - i % 2) & 1))


def _internal(quantity: str, raw: bytes) -> float:
    signed = quantity == "module_temperature"
    return round(int.from_bytes(raw, "big", signed=signed) * _SCALES[quantity], 12)


def _external(page: bytes) -> Callable[[str, bytes], float]:
    """Calibration stored in the module: a slope and an offset each, for received light a
    polynomial. SFF-8472 section 9.3, 9.8."""
    polynomial = struct.unpack(">5f", page[56:76])  # from the 4th power down to the constant
    places = {"tx_bias": 76, "tx_power": 80, "module_temperature": 84, "module_voltage": 88}

    def calibrate(quantity: str, raw: bytes) -> float:
        number = int.from_bytes(raw, "big", signed=quantity == "module_temperature")
        if quantity == "rx_power":
            value = 0.0
            for coefficient in polynomial:
                value = value * number + coefficient
        else:
            slope, offset = struct.unpack_from(">Hh", page, places[quantity])
            value = number * slope / 256 + offset
        return round(value * _SCALES[quantity], 12)

    return calibrate


def _qsfp(module: Module, memory: bytes) -> None:
    _connector(module, memory[130])
    module.attribute("module_copper_length", f"{memory[146]}m")
    _vendor(module, memory, name=148, part=168, revision=184, serial=196, date=212, short=True)
    if memory[147] >> 4 >= 0x0A:  # a copper cable measures nothing
        module.attribute("module_diagnostics", "No")
        return
    module.attribute("module_wavelength", f"{_word(memory, 186) / 20:.3f}nm")
    module.attribute("module_diagnostics", "Yes")
    module.sign("rx_loss_of_signal", bool(memory[3] & 0x0F))
    module.sign("tx_fault", bool(memory[4] & 0x0F))
    for quantity, (value, limits, flags, lanes) in _QSFP_PLACES.items():
        for lane in range(lanes):
            at = value + 2 * lane
            number = _internal(quantity, memory[at : at + 2])
            module.value(quantity, number, lane + 1 if lanes > 1 else 0)
            nibble = memory[flags + lane // 2] >> (0 if lane % 2 else 4)
            for i, limit in enumerate(LIMITS):
                module.flag(quantity, limit, bool(nibble >> (3 - i) & 1))
        if len(memory) >= 640:
            for i, limit in enumerate(LIMITS):
                at = limits + 2 * i
                module.threshold(quantity, limit, _internal(quantity, memory[at : at + 2]))


def _cmis(module: Module, memory: bytes) -> None:
    """Only the lower page and page 00h: the kernel's old interface gives no banks."""
    _vendor(module, memory, name=129, part=148, revision=164, serial=166, date=182, short=True)
    state = memory[3] >> 1 & 0x07
    module.attribute("module_state", f"0x{state:02x} ({_CMIS_STATES.get(state, 'unknown')})")
    module.sign("module_fault", state == _CMIS_FAULT)
    module.value("module_temperature", _internal("module_temperature", memory[14:16]))
    module.value("module_voltage", _internal("module_voltage", memory[16:18]))


def _connector(module: Module, code: int) -> None:
    module.attribute("module_connector", f"0x{code:02x} ({_CONNECTORS.get(code, 'unknown')})")


def _vendor(
    module: Module,
    memory: bytes,
    *,
    name: int,
    part: int,
    revision: int,
    serial: int,
    date: int,
    short: bool = False,
) -> None:
    places = (
        ("module_vendor", name, 16),
        ("module_part_number", part, 16),
        ("module_revision", revision, 2 if short else 4),
        ("module_serial", serial, 16),
        ("module_date", date, 8),
    )
    for attribute, at, size in places:
        raw = memory[at : at + size].decode("ascii", "replace")
        module.attribute(attribute, "".join(c if c.isprintable() else " " for c in raw))


def _word(memory: bytes, at: int) -> int:
    return int.from_bytes(memory[at : at + 2], "big")
