"""Readings of a pluggable module (SFP, QSFP): the same metrics whether decoded or printed.

Sources: SFF-8472 (SFP), SFF-8636 (QSFP), CMIS; sff-common.c, sfpdiag.c of ethtool.
"""

import math
from typing import Any, NamedTuple

from hwagent.model import Metric, Sample, Value, gauge, state

LANES_MAX = 8
#: Received light of 0 is no light; SIGNALS: shown as -40 dBm, the end of every module's range.
DBM_MIN = -40.0
_SOURCE = "SFF-8472, SFF-8636"


class Quantity(NamedTuple):
    """One quantity that a module measures: name and unit of its metric, and what can be true."""

    name: str
    suffix: str
    unit: str
    minimum: float
    maximum: float
    per_lane: bool

    @property
    def metric(self) -> str:
        """Name of its metric, such as ``rx_power_watts``."""
        return f"{self.name}_{self.suffix}"


#: A bus that answers only ones gives -0.004 degrees, 6.5535 V, 131 mA and 6.5535 mW.
QUANTITIES = {
    q.name: q
    for q in (
        Quantity("module_temperature", "celsius", "celsius", -60, 150, False),
        Quantity("module_voltage", "volts", "volts", 1, 6.5, False),
        Quantity("tx_bias", "amperes", "amperes", 0, 0.6, True),
        Quantity("tx_power", "watts", "watts", 0, 0.1, True),
        Quantity("rx_power", "watts", "watts", 0, 0.1, True),
    )
}
LIMITS = ("high_alarm", "low_alarm", "high_warning", "low_warning")

_SIGNS = {
    "rx_loss_of_signal": "1 while the module sees no signal on some lane",
    "tx_fault": "1 while the module says that a laser of its has a fault",
    "module_fault": "1 while the module says that it has a fault as a whole",
}
_SIGNS_SOURCE = "SFF-8472 byte 110, SFF-8636 bytes 3 and 4, CMIS byte 3"

#: Attributes that every module has in its memory.
ATTRIBUTES = (
    "module_identifier",
    "module_connector",
    "module_vendor",
    "module_part_number",
    "module_revision",
    "module_serial",
    "module_date",
    "module_wavelength",
    "module_copper_length",
    "module_diagnostics",
    "module_state",
)


def _metrics() -> tuple[Metric, ...]:
    found = []
    for q in QUANTITIES.values():
        which = "; the worst lane" if q.per_lane else ""
        found.append(gauge(q.metric, f"{q.name.replace('_', ' ')}{which}", q.unit, _SOURCE))
        words = "ok, or the limit it is beyond by its value; by the module's flag if it has none"
        found.append(state(f"{q.name}_state", words, _SOURCE))
        for limit in LIMITS:
            name = f"{q.name}_{limit}"
            found.append(gauge(name, "1 while the module itself raises this", "", _SOURCE))
            threshold = f"{name}_threshold_{q.suffix}"
            found.append(gauge(threshold, "limit stored in the module", q.unit, _SOURCE))
        if q.per_lane:
            lanes = (f"lane{n}_{q.metric}" for n in range(1, LANES_MAX + 1))
            found.extend(gauge(lane, f"{q.name} of one lane", q.unit, _SOURCE) for lane in lanes)
    found.extend(gauge(name, help, "", _SIGNS_SOURCE) for name, help in _SIGNS.items())
    for name in ("tx_power_dbm", "rx_power_dbm"):
        found.append(gauge(name, f"{name[:8]} as people know it, at least -40", "dBm", _SOURCE))
    return tuple(found)


METRICS = _metrics()


class Module:
    """Collects the readings of one module."""

    def __init__(self) -> None:
        self.attributes: dict[str, Any] = {}
        self.metrics: dict[str, Value] = {}
        self.problems: dict[str, str] = {}
        self._lanes: dict[str, list[float]] = {}

    def attribute(self, name: str, value: str) -> None:
        """Sets an attribute unless it is empty."""
        if value := value.strip()[:200]:
            self.attributes[name] = value

    def value(self, quantity: str, value: float, lane: int = 0) -> None:
        """Takes a measured value in base units; lanes count from 1, 0 is the only one."""
        q = QUANTITIES[quantity]
        if not q.minimum <= value <= q.maximum:
            self.problems[q.metric] = f"absurd value: {value:.4g}"
        elif 0 <= lane <= LANES_MAX:
            self._lanes.setdefault(quantity, []).append(value)
            if lane:
                self.metrics[f"lane{lane}_{q.metric}"] = value

    def threshold(self, quantity: str, limit: str, value: float) -> None:
        """Takes a limit that is stored in the module, in base units."""
        if math.isfinite(value) and abs(value) < 1000:
            self.metrics[f"{quantity}_{limit}_threshold_{QUANTITIES[quantity].suffix}"] = value

    def flag(self, quantity: str, limit: str, raised: bool) -> None:
        """Takes an alarm or warning of the module; of several lanes one is enough."""
        self.sign(f"{quantity}_{limit}", raised)

    def sign(self, name: str, raised: bool) -> None:
        """Takes a sign that is of no quantity; of several lanes one is enough."""
        self.metrics[name] = int(raised or self.metrics.get(name) == 1)

    @property
    def known(self) -> bool:
        """True if this is a module at all, be it a damaged one."""
        return bool(self.attributes or self.metrics or self._lanes or self.problems)

    def sample(self, name: str, unreadable: str = "") -> Sample:
        """As a sample of the interface ``name``."""
        self._summarise()
        self._drop_unset_thresholds()
        for quantity in self._lanes:
            if word := self._state(quantity):
                self.metrics[f"{quantity}_state"] = word
        return Sample(
            id=f"nic:{name}",
            kind="nic",
            attributes=self.attributes,
            metrics=self.metrics,
            problems=self.problems,
            unreadable=unreadable,
        )

    def _summarise(self) -> None:
        """The worst lane speaks for the module: least light, most current. What a module says to
        measure but does not give is unknown."""
        if self.attributes.get("module_diagnostics") == "Yes":
            for name in QUANTITIES.keys() - self._lanes.keys():
                self.problems.setdefault(QUANTITIES[name].metric, "no value given")
        for quantity, values in self._lanes.items():
            q = QUANTITIES[quantity]
            if q.metric in self.problems:
                continue
            self.metrics[q.metric] = max(values) if quantity == "tx_bias" else min(values)
            if q.suffix == "watts":
                self.metrics[f"{quantity}_dbm"] = dbm(min(values))

    def _state(self, quantity: str) -> str:
        """Which limit a quantity is beyond, the worst first; empty if there are no limits. Flags
        may tell of a past event, so they only count where there are no limits to compare with."""
        values, suffix = self._lanes[quantity], QUANTITIES[quantity].suffix
        beyond: dict[str, bool] = {}
        for limit in LIMITS:
            threshold = self.metrics.get(f"{quantity}_{limit}_threshold_{suffix}")
            flag = self.metrics.get(f"{quantity}_{limit}")
            if isinstance(threshold, int | float):
                high = limit.startswith("high")
                beyond[limit] = any(v >= threshold if high else v <= threshold for v in values)
            elif flag is not None:
                beyond[limit] = flag == 1
        return next((limit for limit in LIMITS if beyond.get(limit)), "ok" if beyond else "")

    def _drop_unset_thresholds(self) -> None:
        """Modules without limits store zeroes: two equal limits are none."""
        for q in QUANTITIES.values():
            names = [f"{q.name}_{limit}_threshold_{q.suffix}" for limit in LIMITS]
            for high, low in (names[:2], names[2:]):
                if high in self.metrics and self.metrics[high] == self.metrics.get(low):
                    del self.metrics[high], self.metrics[low]


def dbm(watts: float) -> float:
    """Decibels over a milliwatt, at least -40, two decimals."""
    return DBM_MIN if watts <= 1e-7 else max(DBM_MIN, round(10 * math.log10(watts * 1000), 2))
