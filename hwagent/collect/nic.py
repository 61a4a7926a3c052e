"""Network interfaces: carrier, speed and error counters from sys/class/net.

Sources: Documentation/ABI/testing/sysfs-class-net and sysfs-class-net-statistics,
Documentation/networking/statistics.rst and operstates.rst of the kernel.
"""

from collections.abc import Callable, Container
from typing import ClassVar, TypeVar

from hwagent.model import Sample, counter, gauge, state

from .base import Collector
from .facts import fact
from .gather import Gather
from .interface import (
    OPERSTATES,
    WIRE_ERRORS,
    bonds_of_legs,
    interfaces,
    link_or_empty,
    master,
    names_or_empty,
    number_or_none,
    place,
    switched_on,
    text_or_empty,
    uppers,
)
from .root import Root

T = TypeVar("T")
_ABI = "Documentation/ABI/testing/sysfs-class-net"
_STATISTICS = f"{_ABI}-statistics"
_NET = "sys/class/net"
_QUEUES_MAX = 1024
#: No Ethernet is faster than 1.6 Tbit/s; a larger number (in Mbit/s) is damage.
_SPEED_MAX = 10_000_000
#: What the kernel says when it does not know a speed: SPEED_UNKNOWN, signed and unsigned.
_SPEED_UNKNOWN = (-1, 0, 0xFFFF, 0xFFFFFFFF)
_DUPLEX = frozenset({"half", "full", "unknown"})
#: Metric and file of what is counted; then what is damaged on the wire, and what the host was
#: too slow for, which is no fault of the link.
_COUNTERS = ("rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_dropped", "tx_dropped")
_HOST = ("rx_missed_errors", "rx_fifo_errors", "rx_over_errors")
_ERRORS = ("rx_errors", "tx_errors", "collisions")

_METRICS = (
    gauge("admin_up", "1 if the interface is switched on", source=_ABI),
    gauge("carrier", "1 if there is a link; absent while it is switched off", source=_ABI),
    gauge(
        "link_expected",
        "1 if it should have a link: it had one since its creation, has routes, or is a member",
    ),
    counter("carrier_changes", "times that the link came or went", source=_ABI),
    counter("carrier_up_count", "times that the link came", source=_ABI),
    state("operstate", "RFC 2863 state of the interface", source=_ABI),
    gauge("speed_bits_per_second", "speed of the link; absent if not known", "bit/s", _ABI),
    gauge("speed_known", "0 if there is a link of unknown speed, as virtual ones have"),
    state("duplex", "full, half or unknown", source=_ABI),
    gauge("mtu_bytes", "largest packet", "bytes", _ABI),
    *(counter(name, f"statistics/{name}", "", _STATISTICS) for name in _COUNTERS),
    *(counter(name, f"statistics/{name}", "", _STATISTICS) for name in _ERRORS),
    *(counter(name, f"{name}: damaged on the wire", "", _STATISTICS) for name in WIRE_ERRORS),
    *(counter(name, f"{name}: the host was too slow", "", _STATISTICS) for name in _HOST),
    counter("wire_errors", "sum of the errors that a cable, a module or a port makes"),
    counter("host_errors", "sum of the packets that the host was too slow for"),
    counter("tx_timeouts", "times that a transmit queue hung", source=f"{_ABI}-queues"),
)


class NicCollector(Collector):
    """Every interface that is hardware, and veth ends; no look reaches the device's own bus."""

    name = "nic"
    kinds: ClassVar = {"nic": _METRICS}
    attributes: ClassVar = {
        "nic": (
            "address",
            "bond",
            "bus",
            "driver",
            "ifalias",
            "master",
            "model",
            "peer_group",
            "permanent_address",
            "virtual_function",
        )
    }
    interval = 20.0  # netlink tells of its link at once (link_events.py)

    def collect(self, root: Root, target: str) -> list[Sample]:
        """All interfaces. Raises Unreadable if they cannot be listed."""
        bonds, routed = bonds_of_legs(root), _routed(root)
        samples = [_read(root, n, bonds.get(n, ""), routed) for n in interfaces(root, "nic")]
        # one that went while it was read is no damage, it is gone
        return [s for s in samples if root.exists(f"sys/class/net/{s.id[4:]}/.")]


def _read(root: Root, name: str, bond: str, routed: Container[str]) -> Sample:
    g = Gather(f"nic:{name}", "nic", root, f"sys/class/net/{name}")
    _identify(g, name, bond)
    up = switched_on(g)
    g.word("operstate", "operstate", OPERSTATES)
    g.number("mtu_bytes", "mtu")
    for metric in ("carrier_changes", "carrier_up_count"):
        g.number(metric, metric)
    for metric in (*_COUNTERS, *_ERRORS, *WIRE_ERRORS, *_HOST):
        g.number(metric, f"statistics/{metric}")
    if up is not False:  # all three fail with EINVAL while it is switched off
        _link(g)
    _sums(g)
    g.set("link_expected", int(_expected(g, name, name in routed)))
    return g.sample()


def _identify(g: Gather, name: str, bond: str) -> None:
    g.attributes["master"] = master(g.root, name) or bond
    g.attributes["bond"] = f"bond:{bond}" if bond else ""
    g.attributes.update(place(g.root, name))
    g.attribute("address", "address")
    g.attribute("ifalias", "ifalias")
    if not g.attribute("permanent_address", "bonding_slave/perm_hwaddr"):
        _permanent_address(g)
    driver, model = _card(g.root, name)
    if driver:
        g.attributes["driver"] = driver
    if model:
        g.attributes["model"] = model
    g.attributes["peer_group"] = f"{driver}/{model}" if driver else ""


def _permanent_address(g: Gather) -> None:
    """The address in use is the burnt-in one where the kernel says so (NET_ADDR_PERM is 0)."""
    burnt_in = number_or_none(g.root, f"{g.directory}/addr_assign_type") == 0
    if burnt_in and "address" in g.attributes:
        g.attributes["permanent_address"] = g.attributes["address"]


@fact(_NET)
def _card(root: Root, name: str) -> tuple[str, str]:
    """Driver, and PCI ids of the card (``8086:1521``); empty for what is on no PCI bus."""
    device = f"{_NET}/{name}/device"
    vendor, number = (number_or_none(root, f"{device}/{f}", 16) for f in ("vendor", "device"))
    model = "" if vendor is None or number is None else f"{vendor:04x}:{number:04x}"
    return link_or_empty(root, f"{device}/driver"), model


def _link(g: Gather) -> None:
    carrier = _unless_off(g, "carrier", lambda: g.root.number(f"{g.directory}/carrier"), True)
    if carrier in (0, 1):
        g.metrics["carrier"] = carrier
    elif carrier is not None:
        g.problem("carrier", f"neither 0 nor 1: {carrier:.20g}", True)
    metric = "speed_bits_per_second"
    speed = _unless_off(g, metric, lambda: g.root.number(f"{g.directory}/speed"))
    if speed is not None and speed not in _SPEED_UNKNOWN:
        if 0 < speed <= _SPEED_MAX:
            g.set(metric, speed * 1_000_000)
        else:
            g.problem(metric, "absurd speed")
    if g.metrics.get("carrier") == 1 and metric not in g.problems:
        g.metrics["speed_known"] = int(metric in g.metrics)
    duplex = _unless_off(g, "duplex", lambda: g.root.text(f"{g.directory}/duplex"))
    if duplex in _DUPLEX:
        g.metrics["duplex"] = duplex
    elif duplex is not None:
        g.problem("duplex", f"not a known value: {duplex[:40]!r}")


def _unless_off(g: Gather, metric: str, read: Callable[[], T], required: bool = False) -> T | None:
    """Reads a file of the link. EINVAL: it was switched off a moment ago, which is no fault."""
    return g.read(metric, read, required, harmless=("EINVAL",))


def _sums(g: Gather) -> None:
    for metric, parts in (("wire_errors", WIRE_ERRORS), ("host_errors", _HOST)):
        found = [v for part in parts if isinstance(v := g.metrics.get(part), int)]
        if found and not any(part in g.problems for part in parts):
            g.set(metric, sum(found))
    queues = [q for q in names_or_empty(g.root, f"{g.directory}/queues") if q.startswith("tx-")]
    hung = [
        number_or_none(g.root, f"{g.directory}/queues/{queue}/tx_timeout")
        for queue in queues[:_QUEUES_MAX]
    ]
    if known := [n for n in hung if n is not None]:
        g.set("tx_timeouts", sum(known))


def _expected(g: Gather, name: str, routed: bool) -> bool:
    """A port with nothing plugged in since the boot, and nothing built on it, is no fault."""
    if g.metrics.get("admin_up") == 0:
        return False
    had = g.metrics.get("carrier") == 1 or g.metrics.get("carrier_up_count", 0) != 0
    return bool(had or routed or g.attributes["master"] or uppers(g.root, name))


def _routed(root: Root) -> frozenset[str]:
    """Interfaces with IPv4 routes; the kernel keeps these while the link is down."""
    lines = text_or_empty(root, "proc/net/route").splitlines()[1:]
    return frozenset(line.split(None, 1)[0] for line in lines if line.strip())


COLLECTOR = NicCollector
