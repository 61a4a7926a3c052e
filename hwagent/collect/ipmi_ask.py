"""Asking a BMC by IPMI with the tools that know how: ipmitool, and FreeIPMI for the host's own.

A round of questions takes seconds, with many absent sensors minutes (SIGNALS.md section 11): it
runs in a worker. All that is asked only reads.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from hwagent.model import Sample

from . import ipmi, ipmi_chassis
from .ipmi_rows import Rows, freeipmi, ipmitool
from .root import Missing, Root, Unreadable

#: Newest entries of the event log that are looked at.
_ENTRIES = "32"
#: Without a cache of the table of sensors a round takes several times as long.
FREEIPMI = ("ipmi-sensors", "--output-sensor-state", "--output-sensor-thresholds",
            "--sdr-cache-recreate", "--quiet-cache")  # fmt: skip


class Way(NamedTuple):
    """How a BMC is reached: its ``name`` in ids, ipmitool's options, seconds for each question."""

    name: str
    options: tuple[str, ...]
    timeout: float


def ask(root: Root, way: Way, sensors: tuple[str, ...] = ()) -> list[Sample]:
    """The BMC and its sensors. ``sensors`` is FreeIPMI's command, instead of ipmitool's.

    Raises Unreadable if the sensors cannot be had: then nothing is known of any of them.
    """
    rows, problem = _sensors(root, way, sensors)
    found = [renamed(sample, "ipmi", way.name) for sample in ipmi.samples(rows, problem)]
    bmc = found[0]
    _fill(bmc, "power_on", lambda: ipmi_chassis.chassis(_say(root, way, "chassis", "status")))
    _fill(bmc, "sel_entries", lambda: ipmi_chassis.log_info(_say(root, way, "sel", "info")))
    if bmc.metrics.get("sel_entries"):
        _fill(bmc, "sel_newest_fault", lambda: _newest(root, way, bmc))
    return found


def _sensors(root: Root, way: Way, command: tuple[str, ...]) -> Rows:
    if not command:
        said = _say(root, way, "sdr", "elist", "all")
    else:
        output = root.command(f"ipmi-sensors-{way.name}", list(command), way.timeout)
        said = output.stdout.decode("utf-8", "replace")
        if output.status:
            raise Unreadable(command[0], _why(output.stderr))
    try:
        return freeipmi(said) if command else ipmitool(said)
    except ValueError as e:
        raise Unreadable(f"the sensors of bmc {way.name}", str(e)) from None


def _say(root: Root, way: Way, *question: str, csv: bool = False) -> str:
    """What ipmitool says. Raises Missing, Unreadable."""
    label = "-".join(("ipmitool", way.name, *question[:2]))
    argv = ["ipmitool", *way.options, *(["-c"] if csv else []), *question]
    output = root.command(label, argv, way.timeout)
    if output.status:
        raise Unreadable(f"ipmitool {question[0]}", _why(output.stderr))
    return output.stdout.decode("utf-8", "replace")


def _why(errors: bytes) -> str:
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else "it failed without a word"


def _fill(bmc: Sample, metric: str, ask: Callable[[], dict[str, int]]) -> None:
    """Adds what an answer tells; one that cannot be had leaves this metric unknown."""
    try:
        bmc.metrics.update(ask())
    except Missing:
        return  # FreeIPMI alone: it has told the sensors
    except Unreadable as e:
        bmc.problems[metric] = str(e)
    except ValueError as e:
        bmc.problems[metric] = f"ipmitool: {e}"


def _newest(root: Root, way: Way, bmc: Sample) -> dict[str, int]:
    said = _say(root, way, "sel", "elist", "last", _ENTRIES, csv=True)
    entries = ipmi_chassis.log_entries(said)
    bmc.attributes["events"] = entries
    fault = ipmi_chassis.newest_fault(entries)
    bmc.attributes["fault"] = f"{fault['sensor']}: {fault['event']}" if fault else ""
    return {"sel_newest_fault": fault["number"] if fault else 0}


def renamed(sample: Sample, old: str, new: str) -> Sample:
    """A sample of a decoder, which calls every BMC the same, as one of this BMC."""
    kind, _, rest = sample.id.partition(":")
    rest = new + rest.removeprefix(old) if rest.split("/")[0] == old else rest
    attributes = dict(sample.attributes)
    if attributes.get("of") == f"bmc:{old}":
        attributes["of"] = f"bmc:{new}"
    if rest == new:
        attributes["name"] = new
    return msgspec.structs.replace(sample, id=f"{kind}:{rest}", attributes=attributes)
