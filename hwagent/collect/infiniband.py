"""InfiniBand ports: link, rate, traffic and errors.

Sources: Documentation/ABI/stable/sysfs-class-infiniband, drivers/infiniband/core/sysfs.c (names of
states, ``N/A (no PMA)``, width of the counters), InfiniBand Architecture 1.3 section 16.1.3.5
(counters stop when they are full).
"""

import re
from typing import ClassVar

from hwagent.model import Metric, Sample, counter, gauge, state

from .base import Collector
from .counting import count
from .gather import Gather
from .identity import safe
from .root import Root, Unreadable

#: More than any host has; a capture may hold any number of directories.
DEVICES_MAX = 256
PORTS_MAX = 256
_CLASS = "sys/class/infiniband"
_PORT = re.compile(r"\d{1,3}")
_NUMBERED = re.compile(r"(\d{1,2}): *([A-Za-z<][A-Za-z_ <>]{1,39})")
_RATE = re.compile(r"(\d{1,5}(?:\.\d{1,3})?) Gb/sec(?: \(.{1,20}\))?")
_STATES = frozenset({"NOP", "DOWN", "INIT", "ARMED", "ACTIVE", "ACTIVE_DEFER"})
_PHYSICAL = frozenset(
    {
        *("Sleep", "Polling", "Disabled", "PortConfigurationTraining", "LinkUp"),
        *("LinkErrorRecovery", "Phy Test", "No state change"),
    }
)
_NO_COUNTERS = "N/A (no PMA)"
#: What virtual functions and adapters answer that do not count this: process_mad() fails.
_NOT_COUNTED = ("EINVAL", "ENOTSUP", "EOPNOTSUPP")  # of the two, Python names either
_WORDS = 4  # *_data counts words of four octets
#: Metric: file in counters, its old 64-bit twin in counters_ext if it has one, what it says.
_TRAFFIC = {
    "rx_bytes": ("port_rcv_data", "port_rcv_data_64", "bytes received"),
    "tx_bytes": ("port_xmit_data", "port_xmit_data_64", "bytes sent"),
    "rx_packets": ("port_rcv_packets", "port_rcv_packets_64", "packets received"),
    "tx_packets": ("port_xmit_packets", "port_xmit_packets_64", "packets sent"),
    "rx_unicast": ("unicast_rcv_packets", "port_unicast_rcv_packets", "of them to one receiver"),
    "tx_unicast": ("unicast_xmit_packets", "port_unicast_xmit_packets", "of them to one receiver"),
    "rx_multicast": ("multicast_rcv_packets", "port_multicast_rcv_packets", "of them to many"),
    "tx_multicast": ("multicast_xmit_packets", "port_multicast_xmit_packets", "of them to many"),
}
#: Metric: file, where the counter stops, what it says.
_ERRORS = {
    "symbol_errors": ("symbol_error", 0xFFFF, "symbols that were damaged: cable or module"),
    "link_error_recoveries": ("link_error_recovery", 0xFF, "times the link recovered from errors"),
    "link_downed": ("link_downed", 0xFF, "times that the link went down"),
    "rx_errors": ("port_rcv_errors", 0xFFFF, "packets received with errors"),
    "rx_remote_errors": ("port_rcv_remote_physical_errors", 0xFFFF, "packets marked bad en route"),
    "rx_relay_errors": ("port_rcv_switch_relay_errors", 0xFFFF, "packets that no port could take"),
    "rx_constraint_errors": ("port_rcv_constraint_errors", 0xFF, "packets not allowed to come in"),
    "tx_constraint_errors": ("port_xmit_constraint_errors", 0xFF, "packets not allowed to go out"),
    "rx_discards": ("port_rcv_discards", 0xFFFF, "packets received and thrown away"),
    "tx_discards": ("port_xmit_discards", 0xFFFF, "packets not sent: no link or congestion"),
    "local_link_errors": ("local_link_integrity_errors", 0xF, "times of too many local errors"),
    "buffer_overruns": ("excessive_buffer_overrun_errors", 0xF, "times that buffers ran over"),
    "vl15_dropped": ("VL15_dropped", 0xFFFF, "management packets dropped"),
}
_ABI = "sysfs-class-infiniband"


def _metrics() -> tuple[Metric, ...]:
    traffic = (
        counter(m, help, "bytes" if m.endswith("bytes") else "", _ABI)
        for m, (_, _, help) in _TRAFFIC.items()
    )
    errors = (counter(m, help, "", _ABI) for m, (_, _, help) in _ERRORS.items())
    return (*traffic, *errors)


METRICS = (
    state("state", "ACTIVE while it can be used; INIT: no subnet manager", _ABI),
    state("physical_state", "LinkUp while the cable works", _ABI),
    gauge("state_number", "the state as a number", "", _ABI),
    gauge("physical_state_number", "the physical state as a number", "", _ABI),
    gauge("rate_bits_per_second", "signalling rate", "bits per second", _ABI),
    gauge("counters_full", "error counters that are full and count no more", "", "IBA 16.1.3.5"),
    counter("tx_wait", "ticks in which data waited for credits of the partner", "", _ABI),
    *_metrics(),
)


class InfiniBand(Collector):
    """Every port of an RDMA device, as ``ib_port:mlx4_0/1``; RoCE and iWARP ports too."""

    name: ClassVar = "infiniband"
    kinds: ClassVar = {"ib_port": METRICS}
    attributes: ClassVar = {
        "ib_port": ("device", "port", "link_layer", "board", "hca_type", "firmware", "full")
    }
    interval: ClassVar = 15.0

    def collect(self, root: Root, target: str) -> list[Sample]:
        """All ports. Raises Unreadable if the list of devices cannot be read."""
        samples: list[Sample] = []
        for device in root.names(_CLASS)[:DEVICES_MAX]:
            samples += _device(root, device)
        return samples


def _device(root: Root, device: str) -> list[Sample]:
    place = f"{_CLASS}/{device}"
    try:
        ports = [n for n in root.names(f"{place}/ports") if _PORT.fullmatch(n)][:PORTS_MAX]
    except Unreadable as e:
        g = Gather(f"ib_port:{safe(device)}", "ib_port", root, place)
        g.fail(str(e))
        return [g.sample()]
    return [_port(root, device, port) for port in ports]


def _port(root: Root, device: str, port: str) -> Sample:
    g = Gather(f"ib_port:{safe(device)}/{port}", "ib_port", root, f"{_CLASS}/{device}/ports/{port}")
    g.attributes.update(device=device, port=port, link_layer="")
    g.attribute("link_layer", "link_layer")
    for name, file in (("hca_type", "hca_type"), ("firmware", "fw_ver"), ("board", "board_id")):
        g.attribute(name, f"../../{file}")
    _numbered(g, "state", "state", _STATES)
    _numbered(g, "physical_state", "phys_state", _PHYSICAL)
    _rate(g)
    for metric, (file, extended, _) in _TRAFFIC.items():
        _traffic(g, metric, file, extended)
    ends = {m: end for m, (file, end, _) in _ERRORS.items() if _errors(g, m, file)}
    full = [metric for metric, end in ends.items() if g.metrics[metric] == end]
    if ends:
        g.set("counters_full", len(full))
    if full:
        g.attributes["full"] = full
    _errors(g, "tx_wait", "port_xmit_wait")
    return g.sample()


def _numbered(g: Gather, metric: str, file: str, known: frozenset[str]) -> None:
    """A file such as ``4: ACTIVE``."""
    text = g.word(metric, file, required=True)
    if text is None:
        return
    g.metrics.pop(metric)
    found = _NUMBERED.fullmatch(text)
    if found is None or found[2] not in known:
        g.problem(metric, f"{file}: not a known value: {text[:40]!r}", required=True)
        return
    g.metrics[metric] = found[2]
    g.set(f"{metric}_number", int(found[1]))


def _rate(g: Gather) -> None:
    text = g.word("rate_bits_per_second", "rate")
    if text is None:
        return
    g.metrics.pop("rate_bits_per_second")
    if found := _RATE.fullmatch(text):
        g.set("rate_bits_per_second", round(float(found[1]) * 10**9))
    else:
        g.problem("rate_bits_per_second", f"rate: not a rate: {text[:40]!r}")


def _traffic(g: Gather, metric: str, file: str, extended: str) -> None:
    """Old kernels count twice, in counters of 32 bits that stop when full and in wide ones: the
    larger is the right one."""
    scale = _WORDS if metric.endswith("bytes") else 1
    places = (f"counters/{file}", f"counters_ext/{extended}")
    found = [_count(g, metric, place, scale) for place in places]
    known = [value for value in found if value is not None]
    if known and metric not in g.problems:
        g.set(metric, max(known))


def _errors(g: Gather, metric: str, file: str) -> bool:
    return _count(g, metric, f"counters/{file}", 1) is not None


def _count(g: Gather, metric: str, file: str, scale: int) -> int | None:
    """A counter; None too where the device does not count (it says so in place of a number)."""
    text = g.read(metric, lambda: g.root.text(f"{g.directory}/{file}"), harmless=_NOT_COUNTED)
    counts = text not in (None, _NO_COUNTERS)
    value = count(g, metric, file, scale=scale) if counts else None
    if metric in g.problems:
        g.metrics.pop(metric, None)
    return value


COLLECTOR = InfiniBand
