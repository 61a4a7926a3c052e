"""What our samples say of RAID controllers' tools, in the words of the corpus' INDEX.md."""

import re
from pathlib import Path

from hwagent.collect import megacli, storcli
from hwagent.model import Sample

_ERRORS = ("media_errors", "other_errors", "predictive_failures")


def observed(path: Path, component: str, field: str, expected: str) -> str | None:
    """A field as the index writes it; None if it is not known here."""
    read = storcli.decode if path.suffix == ".json" else megacli.decode
    samples = read(path.read_bytes())
    if field == "drive_count":
        return str(sum(s.kind == "disk" for s in samples))
    sample = _of(samples, component)
    a, m = sample.attributes, sample.metrics
    errors = "/".join(str(m.get(metric)) for metric in _ERRORS)
    alert = "Yes" if m.get("smart_alert") else "No"
    match field:
        case "model/serial":
            return f"{a['model']} / {a['serial']}"
        case "Controller Status":
            return str(a["state"]) if m["condition"] == "Good" else None
        case "ROC temperature C":
            return str(m["celsius"])
        case "level/state/size":
            return f"{a['level']} / {a['state']} / {a['size']}"
        case "state/model/size/media":
            return f"{a['state']} / {a['model']} / {a['size']} / {a['media']}"
        case "state/temp":
            return f"{a['state']} / {m['celsius']}C"
        case "state/level/size/drives/cache":
            return " / ".join(str(a[key]) for key in ("state", "level", "size", "drives", "cache"))
        case "media/other/predictive errors, SMART flag, temp, serial":
            return f"{errors}, {alert}, {_celsius(sample)}, {a['serial']}"
        case "state; media/other/predictive; temp; SMART flag":
            return f"{a['state']}; {errors}; {_celsius(sample)}; {alert}"
        case "state" if m["condition"] == "Warning":
            counts = f"predictive failures {m['predictive_failures']}, media errors"
            return f"Online, but {counts} {m['media_errors']}, SMART alert {alert}"
    return None


def _celsius(sample: Sample) -> str:
    celsius = sample.metrics["temperature_celsius"]
    return f"{celsius}C ({float(celsius) * 1.8 + 32:.2f} F)"


def _of(samples: list[Sample], component: str) -> Sample:
    """The sample that a line means: by kind and place."""
    if component.startswith(("c0", "battery")):
        name = component.removeprefix("battery ")
        return next(s for s in samples if s.attributes["name"] == name)
    numbers = re.findall(r"\d+", component)
    kind = "array" if component.startswith("VD") else "disk"
    place = numbers[-1:] if kind == "array" else numbers[-2:]
    if "enc" in component:  # enc 252 slot 2 (id 9)
        place = numbers[:2]
    of_kind = [s for s in samples if s.kind == kind]
    return next(
        s for s in of_kind if re.findall(r"\d+", s.attributes["name"])[-len(place) :] == place
    )
