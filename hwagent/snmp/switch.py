"""A walk as components: the switch, its ports, and its parts."""

import re
from typing import Any

from hwagent.collect.document import Report
from hwagent.collect.identity import safe
from hwagent.collect.verdict import PART_ATTRIBUTES, PART_KINDS
from hwagent.model import Metric, Sample, counter, gauge, state

from . import entities as physical
from . import neighbours, optics, stations
from .makers import Makers
from .names import OBJECTS
from .oid import show_oid
from .parts import Parts
from .ports import ATTRIBUTES as PORT_ATTRIBUTES
from .ports import METRICS as PORT_METRICS
from .ports import Ports
from .sensors import counts as sensor_counts
from .walk import Walk

_HUNDREDTH = 0.01
#: What of sysDescr tells the software: there is no object for it that all makers have.
_VERSION = re.compile(r"\b(?:version|revision|release):?\s*((?=\S*\d)[0-9a-z][\w.()+-]*)", re.I)

METRICS: tuple[Metric, ...] = (
    gauge("reachable", "0 while it does not answer", "", "SNMP"),
    gauge("polled_here", "1 if this host polls it, 0 if another does", "", "hwagent"),
    gauge("answer_seconds", "how long the last look took", "seconds", "SNMP"),
    counter("traps", "traps and informs of it that were heard", "", "RFC 3416"),
    gauge("uptime_seconds", "since its agent started", "seconds", "RFC 3418, RFC 3411"),
    counter("starts", "times that its agent started", "", "RFC 3411, snmpEngineBoots"),
    gauge("ports_total", "interfaces of plugs", "", "RFC 2863"),
    gauge("ports_up", "of these, the ones with a link", "", "RFC 2863"),
    counter("stp_changes", "changes of the spanning tree", "", "RFC 4188"),
    gauge("stp_change_age_seconds", "since the last of these", "seconds", "RFC 4188"),
    state("stp_root", "bridge that is the root of the spanning tree", "RFC 4188"),
)
_ATTRIBUTES = (
    *("name", "address", "maker", "model", "serial", "description", "location", "object_id"),
    "software",
    *("polled_by", "interval", "problem", "system"),
)
#: Kinds and attributes of all that a switch is made of.
KINDS: dict[str, tuple[Metric, ...]] = {"switch": METRICS, "port": PORT_METRICS, **PART_KINDS}
NAMES: dict[str, tuple[str, ...]] = {
    "switch": _ATTRIBUTES,
    "port": PORT_ATTRIBUTES,
    **dict.fromkeys(PART_KINDS, (*PART_ATTRIBUTES, "port", "index", "status")),
}


def samples(walk: Walk, makers: Makers, name: str = "") -> list[Sample]:
    """All components that a walk tells of. ``name`` is what the switch is called in the
    configuration; without it its own name counts."""
    name = safe(name or walk.text("sysName")) or "switch"
    found = physical.entities(walk)
    ports, parts = Ports(walk, name), Parts(walk, makers, found)
    reports = parts.reports(name)
    optics.tell(walk, ports, found, reports)
    report = _switch(walk, makers, name, ports)
    report.note("neighbours", neighbours.tell(walk, ports))
    stations.tell(walk, ports)
    report.note("entities", physical.counts(walk, found))
    report.note("inventory", physical.inventory(found))
    report.note("sensor_types", sensor_counts(parts.sensors, "type"))
    report.note("sensor_states", sensor_counts(parts.sensors, "status"))
    every = [report, *ports.by_index.values(), *(r for _, r in reports)]
    return [r.sample() for r in every]


def _switch(walk: Walk, makers: Makers, name: str, ports: Ports) -> Report:
    report = Report(f"switch:{name}", "switch")
    report.attributes["name"] = name
    report.note("system", walk.text("sysName"))
    object_id = walk.values.get((*OBJECTS["sysObjectID"], 0))
    if isinstance(object_id, tuple):
        report.note("object_id", show_oid(object_id))
        report.note("maker", makers.maker(object_id))
    for attribute, object in (("description", "sysDescr"), ("location", "sysLocation"),
                              ("contact", "sysContact")):  # fmt: skip
        report.note(attribute, walk.text(object))
    if version := _VERSION.search(walk.text("sysDescr")):
        report.note("software", version[1][:40])
    report.note("oids", len(walk))
    chassis = [e for e in physical.entities(walk).values() if e.kind == "chassis"]
    if chassis:
        report.note("model", chassis[0].model)
        report.note("serial", chassis[0].serial)
    _times(walk, report)
    _spanning_tree(walk, report)
    physicals = [p for p in ports.by_index.values() if p.attributes.get("physical") == 1]
    report.metrics["ports_total"] = len(physicals)
    report.metrics["ports_up"] = sum(p.metrics.get("carrier") == 1 for p in physicals)
    if walk.problems:
        report.fail("; ".join(walk.problems[:3]))
    elif not ports.by_index and "sysObjectID" not in _told(walk):
        report.fail("no walk of a device: neither system nor interfaces")
    return report


def _told(walk: Walk) -> list[str]:
    return [name for name in ("sysDescr", "sysObjectID", "sysUpTime") if walk.rows(name)]


def _times(walk: Walk, report: Report) -> None:
    """snmpEngineTime counts seconds and does not start anew after 497 days as sysUpTime does."""
    seconds, hundredths = walk.number("snmpEngineTime"), walk.number("sysUpTime")
    if hundredths is not None:
        report.take("uptime_seconds", round(hundredths * _HUNDREDTH, 2))
    if seconds is not None and seconds * 100 > (hundredths or 0):
        report.take("uptime_seconds", seconds)
    report.take("starts", walk.number("snmpEngineBoots"))


def _spanning_tree(walk: Walk, report: Report) -> None:
    report.take("stp_changes", walk.number("dot1dStpTopChanges"))
    age: Any = walk.number("dot1dStpTimeSinceTopologyChange")
    report.take("stp_change_age_seconds", age, scale=_HUNDREDTH)
    root = walk.values.get((*OBJECTS["dot1dStpDesignatedRoot"], 0))
    if isinstance(root, bytes) and len(root) == 8:
        report.metrics["stp_root"] = f"{int.from_bytes(root[:2])}/{root[2:].hex(':')}"
