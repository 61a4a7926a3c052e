"""Power supplies and batteries that the kernel's power_supply class shows.

Sources: Documentation/ABI/testing/sysfs-class-power (words, millionths of volts, amperes, watts,
watt hours and ampere hours, tenths of degrees), Documentation/power/power_supply_class.rst.
Supplies that are chips on a PMBus are sensors: see hwmon.py.
"""

from collections.abc import Callable
from typing import ClassVar, TypeVar

from hwagent.model import Metric, Sample, gauge, state

from .base import Collector
from .gather import Gather
from .identity import safe, text_or_empty
from .root import Missing, Root, Unreadable

T = TypeVar("T")
#: More than any host has; a capture may hold any number of directories.
SUPPLIES_MAX = 256
_CLASS = "sys/class/power_supply"
_ABI = "sysfs-class-power"
_BATTERIES = ("Battery", "UPS")
_MICRO = 1e-6
_STATUS = frozenset({"Unknown", "Charging", "Discharging", "Not charging", "Full"})
_LEVELS = frozenset({"Unknown", "Critical", "Low", "Normal", "High", "Full"})
_HEALTH = frozenset(
    {
        *("Unknown", "Good", "Overheat", "Dead", "Over voltage", "Under voltage", "Cold"),
        *("Unspecified failure", "Watchdog timer expire", "Safety timer expire", "Over current"),
        *("Calibration required", "Warm", "Cool", "Hot", "No battery", "Blown fuse"),
        "Cell imbalance",
    }
)
#: Nothing is known: the driver has no answer now, or the battery is not in its bay.
_NO_ANSWER = ("ENODATA", "ENODEV", "ENXIO")
#: What can be true, by the end of the metric's name; the last is proposed.
_RANGES = {
    "online": (0, 2),  # 2: it is programmable too
    "inserted": (0, 1),
    "percent": (0, 100),
    "celsius": (-50, 150),
    "cycles": (0, 10**6),
    "_hours": (0, 10**6),
}
_ANY = (-(10**6), 10**6)

#: File: metric, factor to its unit, unit, what it says.
_NUMBERS: dict[str, tuple[str, float, str, str]] = {
    "voltage_now": ("volts", _MICRO, "volts", "voltage now"),
    "current_now": ("amperes", _MICRO, "amperes", "current now"),
    "power_now": ("watts", _MICRO, "watts", "power now"),
    "temp": ("celsius", 0.1, "celsius", "temperature"),
    "temp_alert_max": ("max_celsius", 0.1, "celsius", "highest temperature allowed"),
}
_CHARGE: dict[str, tuple[str, float, str, str]] = {
    "capacity": ("capacity_percent", 1, "percent", "charge of what it can hold now"),
    "capacity_alert_min": ("low_percent", 1, "percent", "charge at which it warns"),
    "energy_now": ("energy_watt_hours", _MICRO, "watt hours", "energy in it"),
    "energy_full": ("energy_full_watt_hours", _MICRO, "watt hours", "energy it can hold now"),
    "energy_full_design": ("energy_design_watt_hours", _MICRO, "watt hours", "when it was new"),
    "charge_now": ("charge_ampere_hours", _MICRO, "ampere hours", "charge in it"),
    "charge_full": ("charge_full_ampere_hours", _MICRO, "ampere hours", "charge it can hold now"),
    "charge_full_design": ("charge_design_ampere_hours", _MICRO, "ampere hours", "when it was new"),
    "voltage_min_design": ("min_design_volts", _MICRO, "volts", "lowest voltage by design"),
    "voltage_max_design": ("max_design_volts", _MICRO, "volts", "highest voltage by design"),
    "time_to_empty_now": ("time_to_empty_seconds", 1, "seconds", "how long it lasts"),
}


def _gauges(of: dict[str, tuple[str, float, str, str]]) -> tuple[Metric, ...]:
    return tuple(gauge(name, help, unit, _ABI) for name, _, unit, help in of.values())


_COMMON_METRICS = (
    gauge("online", "1 if it feeds the host", "", _ABI),
    gauge("inserted", "0 if its bay is empty", "", _ABI),
    state("condition", "Good, or what is wrong with it", "sysfs-class-power, health"),
    *_gauges(_NUMBERS),
)
PSU_METRICS = _COMMON_METRICS
BATTERY_METRICS = (
    *_COMMON_METRICS,
    state("status", "Charging, Discharging, Full, Not charging", _ABI),
    state("capacity_level", "the charge in the hardware's own words", _ABI),
    gauge("cycles", "times that it was charged and emptied", "", _ABI),
    gauge("wear_ratio", "what it can hold now, of what it could when new", "ratio", _ABI),
    *_gauges(_CHARGE),
)
#: POWER_SUPPLY_TYPE_TEXT of drivers/power/supply/power_supply_sysfs.c.
_TYPES = frozenset(
    {"Unknown", "Battery", "UPS", "Mains", "USB", "USB_DCP", "USB_CDP", "USB_ACA", "USB_C"}
    | {"USB_PD", "USB_PD_DRP", "BrickID", "Wireless"}
)
_ATTRIBUTES = ("name", "type", "scope", "model", "manufacturer", "serial", "technology")


class PowerSupply(Collector):
    """Supplies as ``psu:PSU1``, batteries and UPSes as ``battery:BAT0``.

    A battery whose ``scope`` is Device feeds a mouse or the like, not the host.
    """

    name: ClassVar = "power_supply"
    kinds: ClassVar = {"psu": PSU_METRICS, "battery": BATTERY_METRICS}
    attributes: ClassVar = {"psu": _ATTRIBUTES, "battery": _ATTRIBUTES}
    interval: ClassVar = 15.0

    def collect(self, root: Root, target: str) -> list[Sample]:
        """All of them. Raises Unreadable if they cannot be listed."""
        return [_supply(root, name) for name in root.names(_CLASS)[:SUPPLIES_MAX]]


def _supply(root: Root, name: str) -> Sample:
    type = text_or_empty(root, f"{_CLASS}/{name}/type")
    kind = "battery" if type in _BATTERIES else "psu"
    g = Gather(f"{kind}:{safe(name)}", kind, root, f"{_CLASS}/{name}")
    scope = text_or_empty(root, f"{_CLASS}/{name}/scope")
    g.attributes.update(name=name, type=type, scope=scope or "Unknown")
    for attribute, file in (("model", "model_name"), ("serial", "serial_number")):
        g.attribute(attribute, file)
    g.attribute("manufacturer", "manufacturer")
    g.attribute("technology", "technology")
    if type not in _TYPES:
        g.fail("its type cannot be read")
    _number(g, "inserted", "present", 1)
    _number(g, "online", "online", 1)
    _word(g, "condition", "health", _HEALTH)
    _numbers(g, _NUMBERS)
    if kind == "battery":
        _battery(g)
    elif "online" not in g.metrics and g.metrics.get("inserted") != 0:
        g.fail("whether it is online is unknown")
    return g.sample()


def _battery(g: Gather) -> None:
    _word(g, "status", "status", _STATUS)
    _word(g, "capacity_level", "capacity_level", _LEVELS)
    _number(g, "cycles", "cycle_count", 1)
    _numbers(g, _CHARGE)
    for full, design in (
        ("energy_full_watt_hours", "energy_design_watt_hours"),
        ("charge_full_ampere_hours", "charge_design_ampere_hours"),
    ):
        now, new = g.metrics.get(full), g.metrics.get(design)
        if isinstance(now, int | float) and isinstance(new, int | float) and now >= 0 < new:
            g.set("wear_ratio", round(now / new, 4))
    known = g.metrics.keys() & {"status", "capacity_percent", "capacity_level"}
    if not known and g.metrics.get("inserted") != 0:
        g.fail("neither its status nor its charge is known")


def _numbers(g: Gather, of: dict[str, tuple[str, float, str, str]]) -> None:
    for file, (metric, scale, _, _) in of.items():
        _number(g, metric, file, scale)


def _number(g: Gather, metric: str, file: str, scale: float) -> None:
    raw = _answer(g, metric, file, g.root.number)
    if raw is None:
        return
    value = raw if scale == 1 else round(raw * scale, 9)
    least, most = next((r for end, r in _RANGES.items() if metric.endswith(end)), _ANY)
    if least <= value <= most:
        g.set(metric, value)
    else:
        g.problem(metric, f"{file}: cannot be true: {value:.5g}")


def _word(g: Gather, metric: str, file: str, known: frozenset[str]) -> None:
    text = _answer(g, metric, file, g.root.text)
    if text in known:
        g.metrics[metric] = text
    elif text is not None:
        g.problem(metric, f"{file}: not a known value: {text[:40]!r}")


def _answer(g: Gather, metric: str, file: str, read: Callable[[str], T]) -> T | None:
    """Content of a file; None where the driver has nothing to say, which is no fault of its own."""
    try:
        return read(f"{g.directory}/{file}")
    except Missing:
        return None
    except Unreadable as e:
        if not e.why.startswith(_NO_ANSWER):
            g.problem(metric, str(e))
        return None


COLLECTOR = PowerSupply
