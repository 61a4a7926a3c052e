"""Links with VRRP's virtual MAC address: neighbours keep what they know when the address moves.

Each is a macvlan on an interface of the plan, and bears one address. The guardian makes them ahead
of time and takes them away, since it may write the kernel's settings; the holder only switches them
on and off. One that is off takes and sends nothing: a switch sees the MAC address at one port only.

Sources: RFC 5798, 7.3 (the MAC addresses), ip-sysctl.txt in the kernel's documentation,
keepalived's doc/NOTE_vrrp_vmac.txt (which settings it takes).
"""

import re
from collections.abc import Collection
from contextlib import suppress

from hwagent.net.rtnetlink import Link, Netlink

from .protocol import VirtualLink

#: Names that are ours: family, virtual router id, place of the interface in the plan's order.
NAME = re.compile(r"vip[46]-\d+-\d+")
#: Settings of the link itself, and of the interface below it.
#:
#: Linux answers ARP for any of its addresses on any interface, and both hear a request: only the
#: link that bears the address may answer (arp_ignore), or neighbours would learn the wrong MAC
#: address. So they would if the host asked for a neighbour in the address's name on the interface
#: below (arp_announce). Most packets go back by that interface: 2 is loose (rp_filter). The link
#: has no IPv6 address of its own, which all hosts would have (addr_gen_mode).
_SETTINGS = (
    ("ipv4/conf/{name}/arp_ignore", "1"),
    ("ipv4/conf/{name}/arp_announce", "2"),
    ("ipv4/conf/{name}/rp_filter", "2"),
    ("ipv6/conf/{name}/addr_gen_mode", "1"),
    ("ipv6/conf/{name}/accept_ra", "0"),
    ("ipv6/conf/{name}/autoconf", "0"),
    ("ipv6/conf/{name}/accept_dad", "0"),
)
_BELOW = (("ipv4/conf/{name}/arp_ignore", "1"), ("ipv4/conf/{name}/arp_announce", "2"))


def virtual_link(address: str, router: int, number: int, parent: str) -> VirtualLink:
    """The link of an address with a virtual router id on the interface of that number."""
    family, prefix = (6, "02") if ":" in address else (4, "01")
    mac = f"00:00:5e:00:{prefix}:{router:02x}"
    return VirtualLink(f"vip{family}-{router}-{number}", parent, mac)


class VirtualLinks:
    """The guardian's hands. Raises OSError."""

    def __init__(self) -> None:
        self._wanted: dict[str, VirtualLink] | None = None
        self._before: dict[str, str] = {}

    def want(self, links: Collection[VirtualLink]) -> bool:
        """Takes which there are to be; true if that is news."""
        wanted = {link.name: link for link in links}
        news, self._wanted = wanted != self._wanted, wanted
        return news

    def arrange(self, there: Collection[Link]) -> None:
        """Makes what is missing, and takes away what is not wanted or is of another kind."""
        if self._wanted is None:  # what a guardian before this one made stays till a holder speaks
            return
        names = {link.number: link.name for link in there}
        ours = {link.name: link for link in there if NAME.fullmatch(link.name)}
        good = {name for name, link in ours.items() if self._fits(link, names.get(link.below, ""))}
        missing = [link for name, link in self._wanted.items() if name not in good]
        missing = [link for link in missing if link.parent in names.values()]
        if missing or ours.keys() - good:
            self._change(ours.keys() - good, missing)
        if not self._wanted:
            self._restore()

    def down(self, names: Collection[str]) -> None:
        """Switches off those whose holder cannot: nothing leaves from their MAC address then."""
        if found := [name for name in names if NAME.fullmatch(name)]:
            netlink = Netlink()
            try:
                for name in found:
                    with suppress(OSError):  # it is gone
                        netlink.set_up(name, False)
            finally:
                netlink.close()

    def _fits(self, link: Link, parent: str) -> bool:
        wanted = (self._wanted or {}).get(link.name)
        return wanted is not None and (wanted.parent, wanted.mac) == (parent, link.mac.hex(":"))

    def _change(self, spare: Collection[str], missing: Collection[VirtualLink]) -> None:
        netlink = Netlink()
        try:
            for name in spare:
                netlink.delete_link(name)
            for link in missing:
                netlink.add_macvlan(
                    link.name, link.parent, bytes.fromhex(link.mac.replace(":", ""))
                )
                self._settle(link)
        finally:
            netlink.close()

    def _settle(self, link: VirtualLink) -> None:
        for path, value in _SETTINGS:
            _write(path.format(name=link.name), value)
        if link.name.startswith("vip4"):
            _write(f"ipv6/conf/{link.name}/disable_ipv6", "1")
        for path, value in _BELOW:
            setting = path.format(name=link.parent)
            before = _write(setting, value)
            self._before.setdefault(setting, before)

    def _restore(self) -> None:
        """The interfaces below get their settings back."""
        for setting, value in self._before.items():
            with suppress(OSError):  # the interface is gone
                _write(setting, value)
        self._before.clear()


def _write(setting: str, value: str) -> str:
    """Writes a setting of the kernel's network, and returns what it was. Raises OSError."""
    path = f"/proc/sys/net/{setting}"
    try:
        with open(path, "r+", encoding="ascii") as file:
            before = file.read().strip()
            if before != value:
                file.seek(0)
                file.write(value)
    except FileNotFoundError:  # a kernel without IPv6
        return ""
    return before
