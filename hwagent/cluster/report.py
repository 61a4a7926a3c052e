"""A host's status as it is gossiped, and read again: short keys, so that only changes are sent."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from hwagent.model import Alert, AlertState, Component, Health, Severity

from .decrees import Decree
from .messages import Value

#: Alerts, failing components and addresses that are listed; the rest is counted.
LISTED = 200
#: Characters of one text; with its key it fits into a packet, whatever its letters.
TEXT = 160
#: Between where an address stands and why its host would not take it over.
UNREADY = ", not to be taken over: "
#: Steps of the load: what changes less is not worth telling.
LOAD_STEP = 0.05


class Report(msgspec.Struct, kw_only=True):
    """What a host says about itself. ``unfit`` is why it may hold no address, empty if it may.

    ``busy`` is what others wait for before they begin a rebuild, ``done`` how many disruptive
    actions it began within an hour. ``setup`` is what members compare with their own.
    """

    health: Health = Health.UNKNOWN
    mode: str = ""
    version: str = ""
    maintenance: str = ""
    unfit: str = ""
    busy: str = ""
    done: int = 0
    load: float = 0.0
    weight: float = 1.0
    keyring: int = 0
    counts: dict[str, int] = {}
    failing: dict[str, str] = {}
    alerts: list[dict[str, Any]] = []
    vips: dict[str, str] = {}
    decrees: list[Decree] = []
    setup: dict[str, str] = {}
    unlisted: int = 0


_PLAIN = (
    "health", "mode", "version", "maintenance", "unfit", "busy", "done", "load", "weight",
    "keyring",
)  # fmt: skip


def values(report: Report) -> dict[str, Value]:
    """The keys and values of a report; empty ones are left out."""
    found: dict[str, Value] = {key: getattr(report, key) for key in _PLAIN}
    found["health"] = str(report.health)
    found["load"] = round(round(report.load / LOAD_STEP) * LOAD_STEP, 2)
    found = {key: _cut(v) if isinstance(v, str) else v for key, v in found.items() if v != ""}
    found |= {f"count:{health}": n for health, n in report.counts.items() if n}
    listed: dict[str, Value] = {}
    for alert in report.alerts:
        key = f"alert:{alert['rule']} {alert['component']}"
        listed[_cut(key)] = _pack(alert)
    listed |= {_cut(f"bad:{id}"): _cut(why) for id, why in report.failing.items()}
    listed |= {_cut(f"vip:{address}"): _cut(where) for address, where in report.vips.items()}
    found |= {f"decree:{d.subject}": _encode(d) for d in report.decrees}
    found |= {f"setup:{subject}": text for subject, text in report.setup.items()}
    unlisted = max(0, len(listed) - LISTED) + report.unlisted
    found |= dict(list(listed.items())[:LISTED])
    return found | ({"unlisted": unlisted} if unlisted else {})


def read(values: Mapping[str, Value]) -> Report:
    """A report out of what was gossiped; what another version put there is left out."""
    report = Report(counts={}, failing={}, alerts=[], vips={}, setup={})
    for key, value in values.items():
        kind, _, rest = key.partition(":")
        if kind == "count" and isinstance(value, int):
            report.counts[rest] = value
        elif kind == "bad":
            report.failing[rest] = str(value)
        elif kind == "setup":
            report.setup[rest] = str(value)
        elif kind == "vip":
            report.vips[rest] = str(value)
        elif kind == "alert" and (alert := _unpack(rest, value)):
            report.alerts.append(alert)
    report.decrees = decrees(values)
    for key in (*_PLAIN, "unlisted"):
        _set(report, key, values.get(key))
    return report


def make(
    components: Iterable[Component], alerts: Iterable[Alert], vips: Iterable[Mapping[str, Any]]
) -> Report:
    """The part of a report that follows from what was found; the worst first."""
    all = list(components)
    order = {Health.FAILED: 0, Health.DEGRADED: 1, Health.UNKNOWN: 2}
    bad = sorted((c for c in all if c.health in order), key=lambda c: (order[c.health], c.id))
    firing = [a for a in alerts if a.state is AlertState.FIRING]
    firing.sort(key=lambda a: (_SEVERITIES.index(a.severity), a.rule, a.component))
    return Report(
        counts=dict(Counter(str(c.health) for c in all)),
        failing={c.id: f"{c.health}: {c.reason}" for c in bad},
        alerts=[_alert(a) for a in firing],
        vips={v["address"]: _standing(v) for v in vips},
    )


def unready(text: str) -> str:
    """Why a host that says this of an address would not take it over; empty if it would."""
    return text.partition(UNREADY)[2]


def _standing(vip: Mapping[str, Any]) -> str:
    there = f"{vip['state']} {vip['interface']}".strip()
    return f"{there}{UNREADY}{vip['unready']}" if vip.get("unready") else there


_SEVERITIES = [Severity.CRITICAL, Severity.WARNING, Severity.INFO]


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "rule": alert.rule,
        "component": alert.component,
        "severity": str(alert.severity),
        "since": int(alert.since),
        "summary": alert.summary,
        "inhibited_by": alert.inhibited_by,
    }


def _pack(alert: Mapping[str, Any]) -> str:
    parts = [alert["severity"], alert["since"], _cut(alert["summary"]), alert["inhibited_by"]]
    return msgspec.json.encode(parts).decode()


def _encode(decree: Decree) -> str:
    return msgspec.json.encode(decree).decode()


def decrees(values: Mapping[str, Value]) -> list[Decree]:
    """The orders that a member knows; those of another version are left out."""
    said = (_decode(value) for key, value in values.items() if key.startswith("decree:"))
    return [decree for decree in said if decree is not None]


def _decode(value: Value) -> Decree | None:
    try:
        return msgspec.json.decode(str(value), type=Decree)
    except msgspec.DecodeError:
        return None


def _unpack(key: str, value: Value) -> dict[str, Any] | None:
    try:
        severity, since, summary, cause = msgspec.json.decode(
            str(value), type=tuple[str, int, str, str]
        )
    except msgspec.DecodeError:
        return None
    rule, _, component = key.partition(" ")
    return {
        "rule": rule,
        "component": component,
        "severity": severity,
        "since": since,
        "summary": summary,
        "inhibited_by": cause,
    }


def _set(report: Report, key: str, value: Value) -> None:
    if key == "health":
        known = value in list(Health)
        report.health = Health(str(value)) if known else Health.UNKNOWN
    elif value is not None and isinstance(value, type(getattr(report, key)) | int):
        setattr(report, key, value)


def _cut(text: str) -> str:
    return text if len(text) <= TEXT else text[: TEXT - 1] + "…"
