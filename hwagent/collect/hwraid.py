"""RAID controllers as their makers' tools tell: words of states as verdicts, and what is
common to them. Pure.

Sources: storcli's and perccli's user guides (legend of states), MegaCli's manual; SIGNALS.md 3.
"""

import re
from collections import Counter

from hwagent.model import Metric, counter, gauge

from . import verdict as verdicts
from .document import Report
from .identity import safe

_TOOL = "storcli, MegaCli"
_ERRORS = {
    "media_errors": "sectors that the controller could not read",
    "other_errors": "errors of the drive that are not of its media: cable, timeout",
    "predictive_failures": "times that the drive foresaw its failure",
}
KINDS: dict[str, tuple[Metric, ...]] = {
    **verdicts.PART_KINDS,
    "disk": (
        *verdicts.PART_KINDS["disk"],
        *(counter(name, help, "", _TOOL) for name, help in _ERRORS.items()),
        gauge("smart_alert", "1 once the drive has raised a SMART alert", "", _TOOL),
        gauge("temperature_celsius", "temperature", "celsius", _TOOL),
    ),
    "array": verdicts.PART_KINDS["controller"][:1],
}
_NAMES = (*verdicts.PART_ATTRIBUTES, "state", "level", "size", "media")
NAMES: dict[str, tuple[str, ...]] = dict.fromkeys(("disk", "array", "controller"), _NAMES)
#: Verdicts by beginnings of the words for a drive's state, the tools' short and long ones.
_DRIVES = (
    (("online", "onln", "unconfigured(good)", "ugood", "ugunsp", "jbod", "conf"), "good"),
    (("ok", "optimal", "ready", "available"), "good"),
    (("hotspare", "hot spare", "hot-spare", "ghs", "dhs", "spare", "standby"), "standby"),
    (("predictive", "degraded", "rebuild", "rbld", "copyback", "cpybck"), "warning"),
    (("sntze", "ugshld", "ddf"), "warning"),
    (("failed", "offline", "offln", "unconfigured(bad)", "ubad", "ubunsp", "missing", "msng"),
     "failed"),
)  # fmt: skip
_VOLUMES = (
    (("optimal", "optl", "ok", "online"), "good"),
    (("partially degraded", "pdgd", "degraded", "dgrd", "recover", "rec", "interim"), "warning"),
    (("suboptimal", "initializing", "rebuild", "impacted", "ready for"), "warning"),
    (("offline", "ofln", "failed", "missing", "inactive"), "failed"),
)
_CONTROLLERS = (
    (("ok", "optimal", "opt", "good"), "good"),
    (("needs attention", "ndatn", "degraded", "dgd", "learning"), "warning"),
    (("temporarily disabled", "permanently disabled", "recharging"), "warning"),
    (("standby",), "standby"),
    (("failed", "fld", "missing", "msng"), "failed"),
)
_STATES = {"disk": _DRIVES, "array": _VOLUMES, "controller": _CONTROLLERS}
_CELSIUS = re.compile(r"\s*(-?\d{1,3})\s*C\b")


def verdict_of(kind: str, state: str) -> str:
    """Verdict of a state's word; empty for one that nobody knows."""
    word = state.strip().lower()
    return next((v for words, v in _STATES[kind] if word.startswith(words)), "") if word else ""


def part(kind: str, id: str, name: str, state: str, **attributes: str) -> Report:
    """A drive, volume, controller or battery with the verdict of its state's word."""
    report = Report(id, kind)
    report.attributes.update(name=name, label=name, state=state)
    for key, value in attributes.items():
        report.note(key, value)
    if verdict := verdict_of(kind, state):
        verdicts.judge(report, verdict)
    else:
        report.fail(f"not a known state: {state[:40]!r}")
    return report


def drive_id(controller: str, place: str, serial: str) -> str:
    """The id that the host's own collectors give the same disk, else its place."""
    return f"disk:serial-{safe(serial)}" if serial else f"disk:{controller}/{safe(place)}"


def distinct(reports: list[Report]) -> list[Report]:
    """Drives whose serial numbers are not their own (blackened out) are known by their place."""
    same = Counter(report.id for report in reports)
    for report in reports:
        if same[report.id] > 1:
            parent = str(report.attributes.get("of", "")).removeprefix("controller:")
            report.id = f"{report.kind}:{parent}/{safe(report.attributes['name'])}"
    return reports


def errors(report: Report, media: object, other: object, predictive: object) -> None:
    """Error counts of a drive; any foreseen failure makes a drive that is online a warning."""
    for metric, value in zip(_ERRORS, (media, other, predictive)):
        report.take(metric, value)
    foreseen = report.metrics.get("predictive_failures", 0)
    if foreseen and report.metrics.get("condition") == "Good":
        verdicts.judge(report, "warning")


def smart_alert(report: Report, word: str) -> None:
    """A drive's own SMART alert: Yes makes it one that is failing."""
    if word.lower() in ("yes", "no"):
        report.metrics["smart_alert"] = int(word.lower() == "yes")
        if word.lower() == "yes":
            report.metrics["smart_passed"] = 0


def temperature(report: Report, text: str, metric: str = "temperature_celsius") -> None:
    """``28C (82.40 F)``; N/A is none."""
    if match := _CELSIUS.match(text):
        report.take(metric, int(match[1]), least=-50, most=150)
