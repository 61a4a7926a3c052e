"""Modules in a switch's ports: sensors of light, current, heat and voltage, told to the port with
the same metrics as a host's own modules (SFF-8472), so that the same thresholds count."""

import math
import re

from hwagent.collect.document import Report
from hwagent.collect.module import DBM_MIN, QUANTITIES, Module, dbm

from .entities import Entities, ancestors
from .parts import Part
from .ports import Ports
from .walk import Walk

#: What a sensor's name says that it measures, by the kind of its unit.
_LIGHT = {
    "rx_power": re.compile(r"\b(rx|receive[rd]?)\b.*\bpower|\brx[ _]?pwr|power.*\brx\b", re.I),
    "tx_power": re.compile(r"\b(tx|transmit(ter)?)\b.*\bpower|\btx[ _]?pwr|power.*\btx\b", re.I),
}
_LANE = re.compile(r"\b(?:lane|channel|ch)\s*#?(\d)\b", re.I)
_LIMITS = {"crit": "high_alarm", "lcrit": "low_alarm", "max": "high_warning", "min": "low_warning"}


def tell(walk: Walk, ports: Ports, entities: Entities, parts: list[tuple[Part, Report]]) -> None:
    """Notes in each sensor's report its port, and in each port's what its module says.

    A limit of light counts only where there is a link: a port without a cable is dark. Where there
    is one, no light is what a module says that does not measure it.
    """
    aliases = _aliases(walk)
    modules: dict[str, Module] = {}
    for part, report in parts:
        port = _port(part, ports, entities, aliases) if part.sensor else None
        if port is None or part.sensor is None:
            continue
        report.attributes["port"] = port.id
        if port.metrics.get("carrier") != 1:
            _expect_nothing(report)
        if not (_dark(part) and port.metrics.get("carrier") == 1):
            _take(modules.setdefault(port.id, Module()), part)
    for port in ports.by_index.values():
        if module := modules.get(port.id):
            port.metrics.update(module.sample("").metrics)
            port.problems.update(module.problems)


def _aliases(walk: Walk) -> dict[int, int]:
    """Entities of ports, and their interfaces (entAliasMappingIdentifier ends with ifIndex)."""
    found = walk.pointers("entAliasMappingIdentifier")
    return {row[0]: oid[-1] for row, oid in found.items()}


def _port(part: Part, ports: Ports, entities: Entities, aliases: dict[int, int]) -> Report | None:
    """The port that a sensor is in: by ENTITY-MIB, else by the port's name in the sensor's."""
    if part.entity:
        for entity in (part.entity, *ancestors(entities, part.entity.number)):
            if port := ports.by_index.get(aliases.get(entity.number, 0)):
                return port
            if entity.kind == "port" and entity.label in ports.by_name:
                return ports.by_name[entity.label]
    words = part.name.split()
    ends = (words[-1], words[0]) if len(words) > 1 else ()
    return next((ports.by_name[word] for word in ends if _names_a_port(word, ports)), None)


def _names_a_port(word: str, ports: Ports) -> bool:
    """Numbers alone are names of ports too, and of anything else."""
    return not word.isdecimal() and word in ports.by_name


def _expect_nothing(report: Report) -> None:
    """A module without light has no value for it, and modules may be out of their cages."""
    if report.problems:
        report.problems.clear()
        report.metrics["enabled"] = 0
    for name in list(report.metrics):
        if name.startswith(("max_", "crit_", "min_", "lcrit_")):
            del report.metrics[name]


def _take(module: Module, part: Part) -> None:
    """Puts a sensor's value and limits under the name that SFF-8472 gives the quantity."""
    quantity = _quantity(part)
    if not quantity or part.value is None or part.sensor is None:
        return
    factor = _watts if part.sensor.type == "dBm" else float
    lane = _LANE.search(part.name) if QUANTITIES[quantity].per_lane else None
    module.value(quantity, factor(part.value), int(lane[1]) if lane else 0)
    for limit, bound in part.limits.items():
        module.threshold(quantity, _LIMITS[limit], factor(bound))


def _dark(part: Part) -> bool:
    """True for a sensor of light that sees none."""
    if _quantity(part) not in _LIGHT or part.value is None or part.sensor is None:
        return False
    return (part.value if part.sensor.type == "dBm" else dbm(part.value)) <= DBM_MIN


def _quantity(part: Part) -> str:
    match part.kind:
        case "temperature":
            return "module_temperature"
        case "voltage":
            return "module_voltage"
        case "current":
            return "tx_bias"
        case "power" | "sensor":
            return next((name for name, pattern in _LIGHT.items() if pattern.search(part.name)), "")
    return ""


def _watts(decibels: float) -> float:
    return round(10 ** (max(decibels, -60.0) / 10) / 1000, 10) if decibels < 60 else math.inf
