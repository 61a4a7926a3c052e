"""What our samples say of Redfish documents, in the words of the corpus' INDEX.md."""

import re
from pathlib import Path
from typing import Any

from hwagent.collect import redfish
from hwagent.model import Sample


def observed(path: Path, component: str, field: str, expected: str) -> str | None:
    """A field as the index writes it; None if it is not known here. ``expected`` tells in which
    words a Status is written, of which the index has two."""
    samples = redfish.decode(path.read_bytes())
    sample = _of(samples, component)
    a, m, status = sample.attributes, sample.metrics, sample.attributes.get("status", {})
    match field:
        case "Status":
            return _status(sample, expected)
        case "health; capacity W; last output W; line V; input W":
            numbers = (
                *(a.get("capacity_watts"), m.get("watts"), a.get("line_volts")),
                a.get("input_watts"),
            )
            return "; ".join(map(str, (status.get("Health"), *numbers)))
        case "consumed/capacity W":
            return f"{m['watts']}/{a['capacity_watts']}"
        case "reading/units/health":
            return f"{m['rpm']} {a['type']} {_health(sample)}"
        case "celsius/critical/status":
            limit = m.get("crit_celsius", a.get("limits", {}).get("crit"))
            state = f"{status.get('Health')} {status.get('State')}"
            return f"{m.get('celsius')}/{limit:.0f}/{_checked(sample, state)}"
        case "state/health/capacity":
            return f"{status['State']}/{status.get('Health')}/{a.get('capacity_bytes')}"
    return None


def _of(samples: list[Sample], component: str) -> Sample:
    """The sample that a line means: by its name, with its serial number behind it or not."""
    if component == "PowerControl":
        return next(s for s in samples if "capacity_watts" in s.attributes and s.kind == "power")
    name = re.sub(r"^(PSU|fan|temp|device) ", "", component)
    told = [s for s in samples if component.startswith("PSU ") and _with_serial(s) == name]
    return (told or [s for s in samples if s.attributes["name"] == name])[0]


def _with_serial(sample: Sample) -> str:
    """Two cells of the index that have grown together."""
    return f"{sample.attributes['name']} {sample.attributes.get('serial', '')}"


def _health(sample: Sample) -> Any:
    """The health that the BMC tells, if our condition agrees with it."""
    return _checked(sample, sample.attributes["status"].get("Health"))


def _checked(sample: Sample, told: Any) -> Any:
    health = sample.attributes["status"].get("Health")
    agreed = {"OK": "Good", "Warning": "Warning", "Critical": "Critical", None: None}[health]
    return told if sample.metrics.get("condition") == agreed else sample.metrics


def _status(sample: Sample, expected: str) -> str:
    status = dict(sample.attributes["status"])
    watts = f"{sample.metrics.get('watts')} W of {sample.attributes.get('capacity_watts')} W"
    if expected.startswith(f"{status['State']}, "):  # in short
        return f"{status['State']}, Health {status['Health']}, {watts}"
    return ", ".join(f"{key} {value}" for key, value in status.items())
