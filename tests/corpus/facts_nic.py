"""What our samples say of captures of ethtool, in the words of the corpus' INDEX.md."""

import math
from pathlib import Path

from hwagent.collect import ethtool, module_text, optics
from hwagent.collect.module import LIMITS, QUANTITIES
from hwagent.model import Sample, Value

_COUNTERS = {
    "tx_packets": "driver_tx_packets",
    "rx_packets": "driver_rx_packets",
    "rx_missed": "driver_rx_missed",
    "port.rx_dropped": "driver_port_rx_dropped",
    "rx_errors": "driver_rx_errors",
}
_NO_DDM = "not supported (no diagnostics in output) -> absent, not zero"
_NUMBERS = ("one", "two", "three", "four", "five")


def observed(kind_folder: str, path: Path, component: str, field: str) -> str | None:
    """Value of a fact as our decoders read it; None for a field that they do not know."""
    if kind_folder not in ("ethtool", "node_exporter-ethtool"):
        return None
    data = path.read_bytes()
    [port], [module] = ethtool.decode(data), optics.decode(data)
    if not port.unreadable:
        return _of_port(port, field)
    return None if module.unreadable else _of_module(module, field)


def _of_port(port: Sample, field: str) -> str | None:
    a, m = port.attributes, port.metrics
    match field:
        case "Speed":
            return _speed(m)
        case "Duplex":
            return str(m.get("duplex", "unknown")).capitalize()
        case "Auto-negotiation":
            return _switch(m.get("autonegotiation"), "on", "off")
        case "Link detected":
            return _switch(m.get("carrier"), "yes", "no")
        case "Port" | "Transceiver":
            return a.get(field.lower())
        case "driver":
            return f"{a.get('driver')}, bus {a.get('bus')}"
        case "speed/link":
            duplex = str(m.get("duplex", "unknown")).capitalize()
            link = _switch(m.get("carrier"), "yes", "no")
            return f"{_speed(m)} {duplex}, link {link}{_messages(a.get('messages', []))}"
        case "counters":
            return ", ".join(f"{n} {m[metric]}" for n, metric in _COUNTERS.items() if metric in m)
    return None


def _speed(metrics: dict[str, Value]) -> str:
    speed = metrics.get("speed_bits_per_second")
    return f"{speed // 1_000_000}Mb/s" if isinstance(speed, int) else "Unknown!"


def _switch(value: Value | None, on: str, off: str) -> str | None:
    return None if value is None else on if value else off


def _messages(messages: list[str]) -> str:
    if not messages:
        return ""
    number = _NUMBERS[len(messages) - 1] if len(messages) <= len(_NUMBERS) else str(len(messages))
    return f"; {number} netlink error line{'s' * (len(messages) > 1)} inside"


def _of_module(module: Sample, field: str) -> str | None:
    if field == "rx":
        return _summary(module)
    if field == "DDM":
        measured = any(q.metric in module.metrics for q in QUANTITIES.values())
        return "supported" if measured else _NO_DDM
    if field in module_text.ATTRIBUTES:
        return module.attributes.get(module_text.ATTRIBUTES[field], "(absent)")
    label = module_text.parse_label(field)
    if label is None:
        return None
    q = QUANTITIES[label.quantity]
    if label.limit and not label.threshold:
        flag = module.metrics.get(f"{q.name}_{label.limit}")
        return _switch(flag, "On", "Off") or "(absent)"
    metric = f"lane{label.lane}_{q.metric}" if label.lane else q.metric
    if label.threshold:
        metric = f"{q.name}_{label.limit}_threshold_{q.suffix}"
    value = module.metrics.get(metric)
    return _printed(q.suffix, value) if isinstance(value, int | float) else "(absent)"


def _printed(suffix: str, value: float) -> str:
    match suffix:
        case "celsius":
            return f"{value:.2f} degrees C / {value * 1.8 + 32:.2f} degrees F"
        case "volts":
            return f"{value:.4f} V"
        case "amperes":
            return f"{value * 1e3:.3f} mA"
    decibels = f"{10 * math.log10(value * 1e3):.2f}" if value else "-inf"
    return f"{value * 1e3:.4f} mW / {decibels} dBm"


def _summary(module: Sample) -> str:
    m = module.metrics
    raised = [f"{n}_{x}" for n in QUANTITIES for x in LIMITS if m.get(f"{n}_{x}") == 1]
    flags = " and ".join(raised).replace("_", " ") if raised else "no alarm flags"
    celsius = m.get("module_temperature_celsius")
    return (
        f"{m.get('rx_power_dbm'):.2f} dBm, {flags}; tx {m.get('tx_power_dbm'):.2f} dBm; "
        f"{celsius:.2f} C"
    )
