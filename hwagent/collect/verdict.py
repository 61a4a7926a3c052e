"""What the management of a machine says of its parts: one vocabulary for switches, BMCs and RAID
controllers, on the same metrics that the kernel's drivers fill, so that the same rules judge both.
"""

from hwagent.model import Metric, gauge, state

from .document import Report
from .hwmon_kinds import KINDS
from .power_supply import PSU_METRICS

#: Verdicts, the worst first: the worst of several counts. ``no_input``: it is there without power;
#: ``disabled``: switched off; ``standby``: ready to take over; ``absent``: an empty bay.
VERDICTS = (
    *("failed", "critical", "no_input", "warning", "disabled", "unknown"),
    *("standby", "absent", "good"),
)
#: What a verdict is called in the metric ``condition``.
CONDITIONS = {
    "failed": "Failed",
    "critical": "Critical",
    "no_input": "No input",
    "warning": "Warning",
    "disabled": "Disabled",
    "standby": "Standby",
    "absent": "Absent",
    "good": "Good",
}
_CONDITION = state("condition", "what its management says: Good, or what is wrong", "SIGNALS 11-12")
_INSERTED = gauge("inserted", "0 if its bay is empty", "", "SIGNALS 11-12")
_LIMITS = ("max", "crit", "min", "lcrit")
_VALUE = "what it measures, in the unit that its attribute says"

SENSOR_METRICS: tuple[Metric, ...] = (
    _CONDITION,
    _INSERTED,
    gauge("value", _VALUE, "", "RFC 3433"),
    *(gauge(f"{m}_value", f"its {m} limit", "", "RFC 3433") for m in _LIMITS),
    gauge("enabled", "0 while it measures nothing", "", "RFC 3433"),
    gauge("fault", "1 if it is broken", "", "RFC 3433"),
)
_BY_NAME = {kind.name: kind for kind in KINDS.values()}
#: Kinds of parts: those of hwmon, and what their management adds.
PART_KINDS: dict[str, tuple[Metric, ...]] = {
    "psu": (
        *PSU_METRICS,
        gauge("was_inserted", "1 if its bay is empty and was not within 30 days", "", "hwagent"),
    ),
    "sensor": SENSOR_METRICS,
    "disk": (_CONDITION, _INSERTED),
    "controller": (
        _CONDITION,
        gauge("celsius", "temperature of its chip", "celsius", "storcli"),
        gauge("cache_celsius", "temperature of its cache", "celsius", "ssacli"),
    ),
    **{
        name: (*_BY_NAME[name].metrics, _CONDITION, _INSERTED)
        for name in (
            *("temperature", "fan", "voltage", "current", "power", "humidity", "frequency"),
        )
    },
}
#: Attributes of every part; ``of`` is the component that it is a part of.
PART_ATTRIBUTES = ("name", "label", "of", "model", "serial", "type", "states")


def judge(report: Report, verdict: str) -> None:
    """Puts a verdict into the metrics that rules of the kind read; one that its management does not
    know makes the part unknown."""
    if verdict == "unknown":
        report.fail("its management does not know its state")
        return
    report.metrics["condition"] = CONDITIONS[verdict]
    if report.kind in ("psu", "fan", "sensor", "disk"):
        report.metrics["inserted"] = int(verdict != "absent")
    if report.kind == "psu":
        _psu(report, verdict)
    elif report.kind in ("disk", "array", "controller", "frequency"):
        return
    elif verdict == "failed" or (report.kind == "fan" and verdict == "critical"):
        report.metrics["fault"] = 1
    elif report.kind in ("temperature", "voltage", "current", "power"):
        report.metrics["crit_alarm"] = int(verdict == "critical")
        report.metrics["max_alarm"] = int(verdict == "warning")


def _psu(report: Report, verdict: str) -> None:
    report.attributes.setdefault("type", "Mains")
    if verdict in ("no_input", "disabled"):
        report.metrics["online"] = 0
    elif verdict in ("good", "warning", "standby"):
        report.metrics["online"] = 1


def measure(report: Report, value: float, limits: dict[str, float] | None = None) -> None:
    """Puts a value in the unit of the kind (degrees, volts, watts), and its limits, into a report;
    what cannot be true is a problem."""
    kind, metric = _BY_NAME.get(report.kind), metric_of(report.kind)
    least, most = kind.range if kind else (-1e18, 1e18)
    report.take(metric, value, least=least, most=most)
    for limit, bound in (limits or {}).items():
        if least <= bound <= most and (kind is None or limit in kind.limits):
            report.metrics[f"{limit}_{metric}"] = bound


def metric_of(kind: str) -> str:
    """The metric that holds what a part of a kind measures."""
    return _BY_NAME[kind].value if kind in _BY_NAME else "value"


def worst_verdict(verdicts: list[str]) -> str:
    """The worst of several; none at all is not known."""
    return min(verdicts, key=VERDICTS.index, default="unknown")
