"""Links built on other interfaces: bridges, VLANs, and whatever else has lower interfaces.

Source: Documentation/ABI/testing/sysfs-class-net, Documentation/networking/operstates.rst.
"""

from typing import ClassVar

from hwagent.model import Sample, counter, gauge, state

from .base import Collector
from .gather import Gather
from .interface import (
    OPERSTATES,
    devtype,
    interface_id,
    interface_kind,
    interfaces,
    lowers,
    master,
    names_or_empty,
    number_or_none,
    switched_on,
    text_or_empty,
    uppers,
)
from .root import Root

_ABI = "Documentation/ABI/testing/sysfs-class-net"


class LinkCollector(Collector):
    """All of them in one look, from memory of the kernel."""

    name = "link"
    kinds: ClassVar = {
        "link": (
            gauge("admin_up", "1 if the interface is switched on", source=_ABI),
            gauge("carrier", "1 if it has a link; absent while it is switched off", source=_ABI),
            counter("carrier_changes", "times that its link came or went", source=_ABI),
            state("operstate", "RFC 2863 state of the interface", _ABI),
            gauge("mtu_bytes", "largest packet", "bytes", _ABI),
            gauge("lowers_total", "interfaces with health that it is built on"),
            gauge("lowers_up", "of these, those that have a link"),
        )
    }
    attributes: ClassVar = {"link": ("address", "lowers", "master", "type", "uppers", "vlan_id")}
    interval = 10.0

    def collect(self, root: Root, target: str) -> list[Sample]:
        """All links. Raises Unreadable if interfaces cannot be listed."""
        samples = [_read(root, name) for name in interfaces(root, "link")]
        return [s for s in samples if root.exists(f"sys/class/net/{s.id[5:]}/.")]


def _read(root: Root, name: str) -> Sample:
    g = Gather(f"link:{name}", "link", root, f"sys/class/net/{name}")
    up = switched_on(g)
    if up:
        g.number("carrier", "carrier", required=True)
    g.number("carrier_changes", "carrier_changes")
    g.word("operstate", "operstate", OPERSTATES)
    g.number("mtu_bytes", "mtu")
    below = _below(root, name)
    g.attributes["type"] = _type(root, name)
    g.attributes["lowers"] = [interface_id(root, lower) for lower in below]
    g.attributes["uppers"] = [interface_id(root, upper) for upper in uppers(root, name)]
    g.attributes["master"] = master(root, name)
    g.attribute("address", "address")
    if (vlan := _vlan_id(root, name)) is not None:
        g.attributes["vlan_id"] = vlan
    carriers = [number_or_none(root, f"sys/class/net/{lower}/carrier") for lower in below]
    g.set("lowers_total", len(below))
    g.set("lowers_up", carriers.count(1))
    return g.sample()


def _below(root: Root, name: str) -> list[str]:
    """Lower interfaces that have health; taps of virtual machines come and go as they like."""
    found = lowers(root, name) or names_or_empty(root, f"sys/class/net/{name}/brif")
    return [lower for lower in found if interface_kind(root, lower)]


def _type(root: Root, name: str) -> str:
    if root.exists(f"sys/class/net/{name}/bridge"):
        return "bridge"
    if root.exists(f"proc/net/vlan/{name}"):
        return "vlan"
    return devtype(root, name) or "stacked"


def _vlan_id(root: Root, name: str) -> int | None:
    """VLAN number from /proc/net/vlan/NAME (``eth0.10  VID: 10  REORDER_HDR: 1``)."""
    words = text_or_empty(root, f"proc/net/vlan/{name}").split()
    if "VID:" not in words[:-1]:
        return None
    number = words[words.index("VID:") + 1]
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 5 else None


COLLECTOR = LinkCollector
