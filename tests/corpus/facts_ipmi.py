"""What our samples say of the output of IPMI's tools, in the words of the corpus' INDEX.md."""

import re
from pathlib import Path
from typing import Any

from hwagent.collect import ipmi
from hwagent.model import Sample

_UNITS = {"C": "celsius", "RPM": "rpm", "V": "volts", "A": "amperes", "W": "watts"}
_WELL = ("Good", "Absent", None)
_DCMI = {"minimum": "least_watts", "maximum": "most_watts", "average": "mean_watts"}


def decoded(path: Path) -> list[Sample]:
    """The samples of a file, by the tool that its name tells."""
    if "dcmi" in path.name:
        return ipmi.decode_dcmi(path.read_bytes())
    read = ipmi.decode_ipmitool if "ipmitool" in path.name else ipmi.decode_freeipmi
    return read(path.read_bytes())


def observed(path: Path, component: str, field: str, expected: str) -> str | None:
    """A field as the index writes it; None if it is not known here. ``expected`` tells which of
    several windows of time, and which claims, a line means."""
    samples = decoded(path)
    if component == "power":
        return _power(samples[0], field, expected)
    match field:
        case "sensor_rows" | "rows":
            return str(samples[0].metrics["rows"])
        case "rows not ok":
            return ", ".join(samples[0].attributes["not_ok"])
        case "abnormal events":
            return "; ".join(_abnormal(s) for s in samples if _is_abnormal(s)) or "none"
        case "state":
            return _sentence(samples, expected)
        case "reading":
            [found] = [s for s in samples if s.attributes["name"] == component]
            well = found.metrics["condition"] == "Good"
            return f"{_value(found)} {'Nominal' if well else found.metrics['condition']}"
        case "reading/status":
            [found] = [s for s in samples if s.attributes["name"] == component]
            return f"{_plain(found, expected)} / {_status(found)}"
    number, _, name = component.partition(" ")
    [found] = [s for s in samples if s.attributes.get("number") == number]
    assert (found.attributes["name"], found.attributes["sensor_type"]) == (name, field)
    return f"{_value(found)} event '{' '.join(found.attributes['events'])}'"


def _measured(sample: Sample) -> float:
    metric = next(m for m in (*_UNITS.values(), "value") if m in sample.metrics)
    return float(sample.metrics[metric])


def _value(sample: Sample) -> str:
    return f"{_measured(sample):.2f} {sample.attributes['type']}"


def _plain(sample: Sample, expected: str) -> str:
    """A value with as many decimals as ipmitool gives it."""
    decimals = len(expected.split()[0].partition(".")[2])
    return f"{_measured(sample):.{decimals}f} {sample.attributes['type']}"


def _status(sample: Sample) -> str:
    return "ok" if sample.metrics.get("condition") == "Good" else "not ok"


def _is_abnormal(sample: Sample) -> bool:
    redundancy = sample.metrics.get("redundancy", "full")
    return sample.metrics.get("condition") not in _WELL or redundancy != "full"


def _abnormal(sample: Sample) -> str:
    a = sample.attributes
    events = " ".join(f"'{e}'" for e in a["events"])
    return f"{a['number']} {a['name']} ({a['sensor_type']}): {events}"


def _power(sample: Sample, field: str, expected: str) -> str | None:
    windows: list[dict[str, Any]] = sample.attributes.get("windows", [])
    if field == "reading":
        assert "watts" not in sample.metrics
        return "none (command unsupported) -> unknown, no zero" if sample.unreadable else None
    if field in ("Power Measurement", "Power reading state"):
        return str(windows[0]["state"])
    key = next((k for word, k in _DCMI.items() if field.lower().startswith(word)), "watts")
    unit = expected.split()[1]
    told = [f"{window[key]} {unit}" for window in windows]
    return expected if expected in told else str(told)


#: Claims of sentences about supplies and drives, and what our samples say to that.
_CLAIMS = (
    (r"(?:id |PSU input lost \()(\d+)", "condition", "No input"),
    (r"PS Redundancy lost \((\d+)\)", "redundancy", "lost"),
    (r"Drive 0 fault \((\d+)\)", "condition", "Failed"),
)


def _sentence(samples: list[Sample], expected: str) -> str:
    """The sentence itself if everything that it claims is so, else what is not."""
    by = {s.attributes.get("number"): s.metrics for s in samples}
    supplies = [s.metrics for s in samples if s.kind == "psu"]
    redundancy = [
        s.metrics["redundancy"] for s in samples if s.attributes["name"] == "PS Redundancy"
    ]
    claims = [
        by[n].get(metric) == value
        for pattern, metric, value in _CLAIMS
        for n in re.findall(pattern, expected)
    ]
    if "PS Redundancy N/A" in expected:
        claims.append(redundancy == [])
    if "PS Redundancy Fully Redundant" in expected:
        claims.append(redundancy == ["full"])
    if re.search("both PSUs present, no fault|two PSUs Presence detected", expected):
        claims.append([p["condition"] for p in supplies] == ["Good", "Good"])
    if watts := re.search(r"(\d+) W$", expected):
        power = [s.metrics["watts"] for s in samples if s.kind == "power"]
        claims.append(power == [int(watts[1])])
    return expected if claims and all(claims) else f"{claims}"
