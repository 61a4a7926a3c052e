"""PCI Express devices: links that came up narrower or slower than they can, and error counts.

Sources: Documentation/ABI/testing/sysfs-bus-pci (links),
Documentation/ABI/testing/sysfs-bus-pci-devices-aer_stats (AER), drivers/pci/pci-sysfs.c.
"""

import re
from contextlib import suppress
from typing import ClassVar

from hwagent.model import Sample, counter, gauge

from .base import Collector
from .gather import Gather
from .root import Missing, Root, Unreadable

#: More functions than any host has; a capture may hold any number of directories.
FUNCTIONS_MAX = 8192
_DEVICES = "sys/bus/pci/devices"
_FUNCTION = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_BRIDGE = "0x06"
_SPEED = re.compile(r"(\d{1,4}(?:\.\d{1,3})?) GT/s(?: PCIe)?")
#: What the kernel gives for a link that is down or a function without one (virtual functions).
_NO_WIDTH = (0, 0xFF)
_AER = ("correctable", "nonfatal", "fatal")
_AER_SOURCE = "sysfs-bus-pci-devices-aer_stats"

METRICS = (
    gauge("link_speed", "speed of a lane now", "transfers per second", "sysfs-bus-pci"),
    gauge("link_speed_max", "of which this end is capable", "transfers per second"),
    gauge("link_speed_capable", "of which both ends are capable", "transfers per second"),
    gauge("link_width", "lanes now", "", "sysfs-bus-pci"),
    gauge("link_width_max", "lanes of which this end is capable"),
    gauge("link_width_capable", "lanes of which both ends are capable"),
    counter("aer_correctable", "errors that the link corrected", "", _AER_SOURCE),
    counter("aer_nonfatal", "errors that cost a transaction", "", _AER_SOURCE),
    counter("aer_fatal", "errors that made the link unreliable", "", _AER_SOURCE),
    counter("aer_port_correctable", "corrected errors told to the root port", "", _AER_SOURCE),
    counter("aer_port_nonfatal", "uncorrected errors told to the root port", "", _AER_SOURCE),
    counter("aer_port_fatal", "fatal errors told to the root port", "", _AER_SOURCE),
)


class Pcie(Collector):
    """Every PCI function that has a link or counts errors, as ``pcie:<address>``.

    The link between a port and a device is told at the device, with what both ends can: a port may
    be wider than its device, and the other way round. Errors of a device are often counted at the
    port above it, its link partner.
    """

    name: ClassVar = "pcie"
    kinds: ClassVar = {"pcie": METRICS}
    attributes: ClassVar = {"pcie": ("class", "driver", "port", "vendor", "device")}
    interval: ClassVar = 60.0

    def collect(self, root: Root, target: str) -> list[Sample]:
        """One look at all functions. Raises Unreadable if their list cannot be read."""
        names = [n for n in root.names(_DEVICES)[:FUNCTIONS_MAX] if _FUNCTION.fullmatch(n)]
        samples = (_function(root, name) for name in names if not _virtual(root, name))
        return [s for s in samples if s.metrics or s.problems]


def _virtual(root: Root, name: str) -> bool:
    return root.exists(f"{_DEVICES}/{name}/physfn")


def _function(root: Root, name: str) -> Sample:
    device = Gather(f"pcie:{name}", "pcie", root, f"{_DEVICES}/{name}")
    for attribute in ("class", "vendor", "device", "subsystem_vendor", "subsystem_device"):
        device.attribute(attribute, attribute)
    with suppress(Unreadable):  # no driver has taken it, or the capture holds no links
        device.attributes["driver"] = root.link(f"{_DEVICES}/{name}/driver")
    port = _port(root, name)
    if port:
        device.attributes["port"] = f"pcie:{port}"
    if _tells_link(root, name):
        bridge = device.attributes.get("class", "").startswith(_BRIDGE)
        _link(device, "" if bridge else port)
    for kind in _AER:
        _errors(device, kind)
    return device.sample()


def _port(root: Root, name: str) -> str:
    """The port above a device: the directory that its own lies in."""
    above = root.real(f"{_DEVICES}/{name}").split("/")[-2:-1]
    return above[0] if above and _FUNCTION.fullmatch(above[0]) else ""


def _tells_link(root: Root, name: str) -> bool:
    """False for the further functions of a device: they share the link of its function 0."""
    return name.endswith(".0") or not root.exists(f"{_DEVICES}/{name[:-1]}0")


def _link(device: Gather, port: str) -> None:
    for metric, file, read in (
        ("link_speed", "link_speed", _speed),
        ("link_width", "link_width", _width),
    ):
        at = device.directory
        now, most = (read(device, metric, f"{at}/{which}_{file}") for which in ("current", "max"))
        if now is None or most is None:
            continue
        device.set(metric, now)
        device.set(f"{metric}_max", most)
        above = read(device, metric, f"{_DEVICES}/{port}/max_{file}") if port else None
        if above is not None:
            device.set(f"{metric}_capable", min(most, above))


def _speed(device: Gather, metric: str, path: str) -> int | float | None:
    """Transfers per second; None for a link that is down or of a speed the kernel does not know."""
    text = device.read(metric, lambda: device.root.text(path))
    if text is None:
        return None
    if found := _SPEED.fullmatch(text):
        return round(float(found[1]) * 1e9)
    if not text.lower().startswith("unknown"):
        device.problem(metric, f"{path}: not a link speed: {text[:40]!r}")
    return None


def _width(device: Gather, metric: str, path: str) -> int | float | None:
    """Lanes; None for a link that is down."""
    lanes = device.read(metric, lambda: device.root.number(path))
    if lanes is None:
        return None
    if not 0 <= lanes <= _NO_WIDTH[-1]:
        device.problem(metric, f"{path}: absurd width: {lanes}")
        return None
    return None if lanes in _NO_WIDTH else lanes


def _errors(device: Gather, kind: str) -> None:
    """Counts by name into an attribute and their total into a metric.

    TOTAL counts messages and need not be the sum of the names, of which one message may bear
    several; where it is missing the sum stands for it.
    """
    try:
        lines = device.root.text(f"{device.directory}/aer_dev_{kind}").splitlines()
    except Missing:
        lines = []
    except Unreadable as e:
        device.problem(f"aer_{kind}", str(e))
        return
    counts = dict(_named_count(line) for line in lines[:64])
    if None in counts.values():
        device.problem(f"aer_{kind}", f"aer_dev_{kind}: not names and numbers")
    elif counts:
        total = next((n for name, n in counts.items() if name.startswith("TOTAL")), None)
        device.set(f"aer_{kind}", sum(n or 0 for n in counts.values()) if total is None else total)
        if named := {k: n for k, n in counts.items() if n and not k.startswith("TOTAL")}:
            device.attributes[f"aer_{kind}_errors"] = named
    file = "cor" if kind == "correctable" else kind
    device.number(f"aer_port_{kind}", f"aer_rootport_total_err_{file}")


def _named_count(line: str) -> tuple[str, int | None]:
    name, _, number = line.strip().rpartition(" ")
    valid = bool(name) and number.isascii() and number.isdecimal() and len(number) < 40
    return name[:60], int(number) if valid else None


COLLECTOR = Pcie
