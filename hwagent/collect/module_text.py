"""What ``ethtool -m`` prints of a module: names of fields as in ethtool's sff-common.c, sfpid.c,
sfpdiag.c, qsfp.c and cmis.c."""

import math
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from .module import LIMITS, QUANTITIES, Module

_LINES_MAX = 5000
_FIELD = re.compile(r"^\s*([A-Za-z][^:]{0,70}?)\s*:\s?(.*)$")
_NUMBER = r"(-?[0-9]{1,12}(?:\.[0-9]{1,12})?)"
_TEMPERATURE = re.compile(rf"{_NUMBER} degrees C(?: / {_NUMBER} degrees F)?")
_LABEL = re.compile(
    r"(?P<quantity>(?:laser )?(?:tx )?bias current|laser output power|laser tx power"
    r"|transmit avg optical power|laser rx power|module temperature|module voltage"
    r"|(?:receiver|rcvr) signal (?:average |avg )?(?:optical power|oma))"
    r"(?:\s+(?P<side>high|low)\s+(?P<level>alarm|warning))?(?:\s+(?P<threshold>threshold))?"
    r"\s*(?:\(chan(?:nel)? (?P<lane>[0-9]{1,2})\))?",
    re.IGNORECASE,
)

#: Printed field to attribute; the first that is there counts.
ATTRIBUTES: Mapping[str, str] = {
    "Identifier": "module_identifier",
    "Connector": "module_connector",
    "Vendor name": "module_vendor",
    "Vendor PN": "module_part_number",
    "Vendor rev": "module_revision",
    "Vendor SN": "module_serial",
    "Date code": "module_date",
    "Laser wavelength": "module_wavelength",
    "Length (Copper)": "module_copper_length",
    "Length (Copper or Active cable)": "module_copper_length",
    "Cable assembly length": "module_copper_length",
    "Optical diagnostics support": "module_diagnostics",
    "Module State": "module_state",
}


#: Printed field to sign: one word or one for each lane; ``None`` where the module does not tell.
_SIGNS = {"Rx loss of signal": "rx_loss_of_signal", "Tx fault": "tx_fault"}
_YES_NO = re.compile(r"\b(Yes|No|On|Off)\b")
_RAISED = {"Yes", "On"}


class Label(NamedTuple):
    """What a printed field is about: ``limit`` empty for the value itself."""

    quantity: str
    limit: str
    threshold: bool
    lane: int


def parse_label(label: str) -> Label | None:
    """Meaning of a printed field that measures something; None for others."""
    match = _LABEL.fullmatch(label.strip())
    if match is None or (match["threshold"] and not match["side"]):
        return None
    limit = f"{match['side']}_{match['level']}".lower() if match["side"] else ""
    lane = int(match["lane"] or 0)
    return Label(_quantity(match["quantity"].lower()), limit, bool(match["threshold"]), lane)


def _quantity(words: str) -> str:
    if words.startswith("module"):
        return words.replace(" ", "_")
    if "bias" in words:
        return "tx_bias"
    return "rx_power" if words.startswith(("laser rx", "rec", "rcv")) else "tx_power"


def read_text(text: str) -> Module:
    """Reads the fields of one module; whatever is not understood is left out or a problem."""
    module = Module()
    for match in map(_FIELD.match, text.splitlines()[:_LINES_MAX]):
        if match is None:
            continue
        name, value = match[1], match[2].strip()
        if attribute := ATTRIBUTES.get(name):
            if attribute not in module.attributes:
                module.attribute(attribute, value)
            if attribute == "module_state":
                module.sign("module_fault", "fault" in value.lower())
        elif sign := _SIGNS.get(name):
            if words := _YES_NO.findall(value):
                module.sign(sign, not _RAISED.isdisjoint(words))
        elif label := parse_label(name):
            _take(module, label, value)
    return module


def _take(module: Module, label: Label, printed: str) -> None:
    if label.limit and not label.threshold:
        words = _YES_NO.findall(printed)
        if words and label.limit in LIMITS:
            module.flag(label.quantity, label.limit, not _RAISED.isdisjoint(words))
        return
    value = _UNITS[label.quantity](printed)
    if label.threshold and value is not None:
        module.threshold(label.quantity, label.limit, value)
    elif value is not None:
        module.value(label.quantity, value, label.lane)
    elif not label.limit:
        module.problems[QUANTITIES[label.quantity].metric] = f"not understood: {printed[:40]!r}"


def _celsius(printed: str) -> float | None:
    """Modules count 1/256 degrees. What is printed has two decimals, but on two scales: together
    they tell which step it was."""
    match = _TEMPERATURE.fullmatch(printed)
    if match is None:
        return None
    celsius = float(match[1])
    if match[2] is None:
        return celsius
    fahrenheit = (float(match[2]) - 32) / 1.8
    if not math.isclose(celsius, fahrenheit, abs_tol=0.02):
        return celsius
    return round((celsius + fahrenheit) * 128) / 256


def _scaled(unit: str, scale: float) -> Callable[[str], float | None]:
    pattern = re.compile(rf"{_NUMBER} {unit}(?: / .*)?")

    def read(printed: str) -> float | None:
        match = pattern.fullmatch(printed)
        return round(float(match[1]) * scale, 12) if match else None

    return read


_UNITS: Mapping[str, Callable[[str], float | None]] = {
    "module_temperature": _celsius,
    "module_voltage": _scaled("V", 1),
    "tx_bias": _scaled("mA", 1e-3),
    "tx_power": _scaled("mW", 1e-3),
    "rx_power": _scaled("mW", 1e-3),
}
