"""Network interfaces of a host: which are hardware, which are built on others, and their ids."""

import re

from .facts import fact
from .gather import Gather
from .root import Root, Unreadable

#: Nothing sane has more interfaces; a capture may hold any number of directories.
INTERFACES_MAX = 4096
#: ``operstate`` by RFC 2863 and Documentation/networking/operstates.rst.
OPERSTATES = frozenset(
    {"unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"}
)
#: Statistics of what is damaged by a cable, a module or a port, not by a slow host.
WIRE_ERRORS = ("rx_crc_errors", "rx_frame_errors", "rx_length_errors", "tx_carrier_errors")
_NET = "sys/class/net"
_PCI = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_ETHERNET = 1  # ARPHRD_ETHER, include/uapi/linux/if_arp.h
_LOOPBACK = 772  # ARPHRD_LOOPBACK
_UP = 0x1  # IFF_UP, include/uapi/linux/if.h


def interfaces(root: Root, kind: str) -> list[str]:
    """Names of the interfaces of one kind (``nic``, ``bond``, ``link``), in natural order.

    Raises Unreadable if the list of interfaces cannot be read.
    """
    names = root.names(_NET)[:INTERFACES_MAX]
    return [name for name in names if interface_kind(root, name) == kind]


def interface_kind(root: Root, name: str) -> str:
    """``nic`` (hardware, or one end of a veth pair), ``bond``, ``link`` (bridge, VLAN or anything
    else that is built on other interfaces), or empty for what has no health (loopback, taps)."""
    at = f"{_NET}/{name}"
    if (
        name == "lo"
        or not root.exists(f"{at}/.")
        or number_or_none(root, f"{at}/type") == _LOOPBACK
    ):
        return ""
    if root.exists(f"{at}/bonding") or root.exists(f"proc/net/bonding/{name}"):
        return "bond"
    if root.exists(f"{at}/device"):
        return "nic"
    if root.exists(f"{at}/bridge") or root.exists(f"proc/net/vlan/{name}") or lowers(root, name):
        return "link"
    return _virtual_kind(root, name)


def _virtual_kind(root: Root, name: str) -> str:
    at = f"{_NET}/{name}"
    kind = devtype(root, name)
    if kind in ("vlan", "bridge"):
        return "link"
    if root.exists(f"{at}/tun_flags"):
        return ""
    # a capture may hold no links to devices: what does not show to be virtual counts as hardware
    if "devices/virtual/" not in root.real(at):
        return "nic"
    own, peer = number_or_none(root, f"{at}/ifindex"), number_or_none(root, f"{at}/iflink")
    veth = (
        not kind and peer not in (None, 0, own) and number_or_none(root, f"{at}/type") == _ETHERNET
    )
    return "nic" if veth else ""


def devtype(root: Root, name: str) -> str:
    """The kernel's DEVTYPE of an interface (``vlan``, ``bridge``, ``bond``); empty for hardware."""
    lines = text_or_empty(root, f"{_NET}/{name}/uevent").splitlines()
    return next((line[8:] for line in lines if line.startswith("DEVTYPE=")), "")


def interface_id(root: Root, name: str) -> str:
    """Component id of an interface: ``nic:eno1``, ``bond:bond0``, ``link:br0``."""
    return f"{interface_kind(root, name) or 'nic'}:{name}"


@fact(_NET)
def place(root: Root, name: str) -> dict[str, str | int]:
    """Attributes that say where an interface sits: ``bus``, the PCI address of the card (also where
    a virtio or auxiliary device lies between) or the name on its own bus, empty for a veth; and
    ``virtual_function``. Every collector of NICs gives them, so that they outlast the first."""
    device = f"{_NET}/{name}/device"
    bus = ""
    if root.exists(device):
        parts = root.real(device).split("/")
        bus = next((p for p in reversed(parts) if _PCI.fullmatch(p)), parts[-1])
    return {"bus": bus, "virtual_function": int(root.exists(f"{device}/physfn"))}


def lowers(root: Root, name: str) -> list[str]:
    """Names of the interfaces on which this one is built."""
    return [n[6:] for n in names_or_empty(root, f"{_NET}/{name}") if n.startswith("lower_")]


def uppers(root: Root, name: str) -> list[str]:
    """Names of the interfaces that are built on this one."""
    return [n[6:] for n in names_or_empty(root, f"{_NET}/{name}") if n.startswith("upper_")]


def master(root: Root, name: str) -> str:
    """Name of the bond or bridge that an interface belongs to; empty if none."""
    return link_or_empty(root, f"{_NET}/{name}/master")


def admin_up(root: Root, name: str) -> bool | None:
    """True if somebody has switched the interface on; None if that cannot be read."""
    flags = number_or_none(root, f"{_NET}/{name}/flags", 16)
    return None if flags is None else bool(flags & _UP)


def switched_on(g: Gather) -> bool | None:
    """Sets ``admin_up`` of an interface, or notes why it is not known; returns it."""
    flags = g.read("admin_up", lambda: g.root.number(f"{g.directory}/flags", 16))
    if flags is None:
        return None
    g.set("admin_up", int(bool(flags & _UP)))
    return bool(flags & _UP)


def bonds_of_legs(root: Root) -> dict[str, str]:
    """Every leg of every bond, and the name of its bond."""
    found = {}
    for bond in interfaces(root, "bond"):
        legs = text_or_empty(root, f"{_NET}/{bond}/bonding/slaves").split()
        found.update(dict.fromkeys(legs, bond))
    return found


def number_or_none(root: Root, path: str, base: int = 10) -> int | None:
    """An integer file of secondary interest; None if it is missing or unreadable."""
    try:
        return root.number(path, base)
    except Unreadable:
        return None


def text_or_empty(root: Root, path: str) -> str:
    """A text file of secondary interest; empty if it is missing or unreadable."""
    try:
        return root.text(path)
    except Unreadable:
        return ""


def link_or_empty(root: Root, path: str) -> str:
    """Last part of a link's target; empty if there is no such link."""
    try:
        return root.link(path)
    except Unreadable:
        return ""


def names_or_empty(root: Root, path: str) -> list[str]:
    """Names in a directory; none if it is missing or unreadable."""
    try:
        return root.names(path)
    except Unreadable:
        return []
