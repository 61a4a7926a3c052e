"""Sensors: ENTITY-SENSOR-MIB (RFC 3433) and the older one of Cisco, which has its numbers, more
types, and limits."""

from typing import NamedTuple

from .makers import Makers
from .walk import Walk

#: entPhySensorType; 13 and 14 are Cisco's.
TYPES = {
    **{1: "other", 2: "unknown", 3: "voltsAC", 4: "voltsDC", 5: "amperes", 6: "watts", 7: "hertz"},
    **{8: "celsius", 9: "percentRH", 10: "rpm", 11: "cmm", 12: "truthvalue", 13: "specialEnum"},
    14: "dBm",
}
#: Kinds of components by type; any other is a plain sensor.
KINDS = {
    **{"voltsAC": "voltage", "voltsDC": "voltage", "amperes": "current", "watts": "power"},
    **{"hertz": "frequency", "celsius": "temperature", "percentRH": "humidity", "rpm": "fan"},
}
STATUS = {1: "ok", 2: "unavailable", 3: "nonoperational"}
#: EntitySensorDataScale: powers of ten; the MIB has exa (14) before peta (15).
_POWERS = {n: 3 * (n - 9) for n in range(1, 18)} | {14: 18, 15: 15}
#: EntitySensorValue: beyond what can be told.
_BEYOND = 1_000_000_000
#: entSensorThresholdSeverity: 1 other, 10 minor, 20 major, 30 critical.
_CRITICAL = 30
#: entSensorThresholdRelation: 1 less, 2 less or equal, 3 greater, 4 greater or equal.
_LESS, _GREATER = (1, 2), (3, 4)


class Sensor(NamedTuple):
    """One sensor: ``number`` is its index in ENTITY-MIB, ``value`` in the unit of its type, None if
    it tells none; ``limits`` by ``max``, ``crit``, ``min``, ``lcrit``; ``problem`` says why it
    has none."""

    number: int
    type: str
    status: str
    value: float | None
    limits: dict[str, float]
    problem: str


def sensors(walk: Walk, makers: Makers) -> list[Sensor]:
    """The sensors of both MIBs; where both tell of one, the standard's word counts."""
    cisco = _cisco_limits(walk)
    others = _read(walk, "entSensor", cisco)
    standard = _read(walk, "entPhySensor", {**cisco, **_maker_limits(walk, makers)})
    return list({**others, **standard}.values())


#: Limits of a sensor as they stand in the MIB, without scale and precision.
_Raw = dict[int, dict[str, int]]


def _read(walk: Walk, prefix: str, limits: _Raw) -> dict[int, Sensor]:
    types, scales = walk.numbers(f"{prefix}Type"), walk.numbers(f"{prefix}Scale")
    values, precisions = walk.numbers(f"{prefix}Value"), walk.numbers(f"{prefix}Precision")
    told = walk.numbers("entPhySensorOperStatus" if prefix == "entPhySensor" else "entSensorStatus")
    found = {}
    for row, type in types.items():
        exponent = _POWERS.get(scales.get(row, 9), 0) - precisions.get(row, 0)
        status = STATUS.get(told.get(row, 1), "unavailable")
        problem = _problem(values.get(row), status)
        value = None if problem else _real(values[row], exponent)
        real = {name: _real(raw, exponent) for name, raw in limits.get(row[0], {}).items()}
        found[row[0]] = Sensor(row[0], TYPES.get(type, "unknown"), status, value, real, problem)
    return found


def _problem(raw: int | None, status: str) -> str:
    if status == "unavailable":
        return "the switch cannot read it now"
    if status == "nonoperational":
        return "the switch says that it is broken"
    if raw is None:
        return "no value given"
    return "beyond what it can measure" if abs(raw) >= _BEYOND else ""


def _real(raw: int, exponent: int) -> float:
    if not -40 <= exponent <= 40:
        return float("nan")
    scaled = float(raw * 10**exponent) if exponent >= 0 else raw / float(10**-exponent)
    return round(scaled, 9)


def _cisco_limits(walk: Walk) -> _Raw:
    """Limits of CISCO-ENTITY-SENSOR-MIB: without a critical one, the severest of several is it.

    Agents give each sensor up to four, in any order.
    """
    severities = walk.numbers("entSensorThresholdSeverity")
    relations = walk.numbers("entSensorThresholdRelation")
    highs: dict[int, list[tuple[int, int]]] = {}
    lows: dict[int, list[tuple[int, int]]] = {}
    for row, value in walk.numbers("entSensorThresholdValue").items():
        side = highs if relations.get(row) in _GREATER else lows
        if len(row) == 2 and relations.get(row) in _LESS + _GREATER and abs(value) < _BEYOND:
            side.setdefault(row[0], []).append((severities.get(row, 1), value))
    limits: _Raw = {}
    for index, found in highs.items():
        limits.setdefault(index, {}).update(_two(found, "max", "crit", 1))
    for index, found in lows.items():
        limits.setdefault(index, {}).update(_two(found, "min", "lcrit", -1))
    return limits


def _two(found: list[tuple[int, int]], warning: str, critical: str, sign: int) -> dict[str, int]:
    """The limit to warn at and the critical one; a single one that is not critical only warns."""
    severest = max(severity for severity, _ in found)
    graded = len({severity for severity, _ in found}) > 1
    limits = {}
    for severity, value in sorted(found, key=lambda f: -sign * f[1]):
        name = critical if severity == severest and (graded or severest == _CRITICAL) else warning
        limits[name] = value
    return limits


def _maker_limits(walk: Walk, makers: Makers) -> _Raw:
    """Limits that a maker's table keeps beside those of ENTITY-SENSOR-MIB, scaled alike."""
    limits: _Raw = {}
    for table in makers.limits:
        for name, oid in table.columns.items():
            for row, value in walk.numbers(oid).items():
                if value not in table.ignore and len(row) == 1:
                    limits.setdefault(row[0], {})[name] = value
    return limits


def counts(found: list[Sensor], column: str) -> dict[str, int]:
    """How many sensors there are of each ``type`` or ``status``."""
    told: dict[str, int] = {}
    for sensor in found:
        word = getattr(sensor, column)
        told[word] = told.get(word, 0) + 1
    return told
