"""The gate where the kernel takes no eBPF program of ours: a table of nftables, for the guardian.

The netdev family sees all packets of an interface, in (kernel 4.2) and out (5.16). The sets ``vip``
name the addresses, the sets ``open`` those that may pass just now; their elements time out by
themselves. See tickets.py for how they are renewed. It needs CAP_NET_ADMIN, and kernel 5.4 for
the rule that takes an element away.
"""

import ipaddress
import socket
from collections.abc import Collection, Iterator, Mapping

from .libnftables import Library
from .tickets import ETHERTYPE, PROTOCOL, SHUT, TICK, TICKET, TIMES, WINDOW

_TABLE = "netdev hwagent"
#: IPv6 addresses are raw bytes in all sets: nft(8) has known the target of neighbour discovery by a
#: name, icmpv6 taddr, only since 1.0.7.
_SOURCE6, _TARGET6, _ND6 = "@nh,64,128", "@nh,192,128", "@th,64,128"
_SIZE = 4096
#: Hooks before all others in, behind them out.
_DIRECTIONS = {"in": ("ingress", -500), "out": ("egress", 500)}
_NO_EGRESS = (
    "what is sent from an address is held back by the guardian only (nftables egress: Linux 5.16)"
)


def rules() -> str:
    """The table without addresses and interfaces, as nft(8) reads it."""
    flags = f"flags dynamic,timeout; size {_SIZE};"
    lines = [
        f"table {_TABLE} {{",
        "set vip4 { type ipv4_addr; }",
        f"set vip6 {{ typeof {_TARGET6}; }}",
        f"set open4 {{ type ipv4_addr; {flags} timeout {TICK}ms; }}",
        f"set open6 {{ typeof {_TARGET6}; {flags} timeout {TICK}ms; }}",
        f"set tickets {{ typeof @ll,48,48; {flags} timeout {TICKET}ms; }}",
        *_filter("in", ("arp daddr ip", "ip daddr", _TARGET6), "nd-neighbor-solicit"),
        *_filter("out", ("arp saddr ip", "ip saddr", _SOURCE6), "nd-neighbor-advert"),
        *_renewal(),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _filter(name: str, fields: tuple[str, str, str], discovery: str) -> Iterator[str]:
    arp, four, six = fields
    yield f"chain {name} {{"
    yield f"{arp} @vip4 {arp} != @open4 drop"
    yield f"{four} @vip4 {four} != @open4 drop"
    yield f"meta protocol ip6 {six} @vip6 {six} != @open6 drop"
    yield f"icmpv6 type {discovery} {_ND6} @vip6 {_ND6} != @open6 drop"
    yield "}"


def _renewal() -> Iterator[str]:
    """The chain on lo, and one for each time that a frame can ask for."""
    for code, time in enumerate(TIMES, 1):
        yield f"chain t{code} {{"
        yield f"meta protocol ip update @open4 {{ ip daddr timeout {time}ms }} drop"
        yield f"meta protocol ip6 update @open6 {{ {_TARGET6} timeout {time}ms }} drop"
        yield "}"
    yield "chain shut {"
    yield "delete @tickets { @ll,48,48 }"
    yield "meta protocol ip delete @open4 { ip daddr } drop"
    yield f"meta protocol ip6 delete @open6 {{ {_TARGET6} }} drop"
    yield "}"
    times = ", ".join(f"{code} : goto t{code}" for code in range(1, len(TIMES) + 1))
    yield "chain renew {"
    yield 'type filter hook ingress device "lo" priority -500; policy accept;'
    yield f"meta protocol {ETHERTYPE:#x} update @tickets {{ @ll,48,48 timeout {TICKET}ms }} accept"
    for protocol, limit in (("ip protocol", "ip ttl"), ("ip6 nexthdr", "ip6 hoplimit")):
        yield f"{protocol} {PROTOCOL} {limit} {SHUT} goto shut"
        yield f"{protocol} {PROTOCOL} @ll,48,48 @tickets {limit} vmap {{ {times} }}"
        yield f"{protocol} {PROTOCOL} drop"
    yield "}"


class Table:
    """The table, which comes into being with the first address. Raises OSError if it cannot.

    It stays in the kernel whatever becomes of the process, and its elements time out.
    """

    def __init__(self) -> None:
        self._library = Library()
        self._there = False
        self._egress = True
        self.weakness = WINDOW
        self._library.run(f"{rules()}{_chain('in', 0, 'lo')}", dry=True)
        try:
            self._library.run(f"{rules()}{_chain('out', 0, 'lo')}", dry=True)
        except OSError:
            self._egress = False
            self.weakness = f"{WINDOW}; {_NO_EGRESS}"

    def fileno(self) -> int:
        """There is no file to be handed over."""
        return -1

    def bear(self, slots: Mapping[str, int]) -> None:
        """Makes addresses obey; they are shut. A table of the guardian before us goes with it."""
        fresh = "" if self._there else f"add table {_TABLE}\ndelete table {_TABLE}\n{rules()}"
        self._library.run(fresh + _elements("add", slots))
        self._there = True

    def spare(self, slots: Mapping[str, int]) -> None:
        """Leaves addresses that were borne alone from now on."""
        self._library.run(_elements("delete", slots))

    def shut(self, slots: Mapping[str, int]) -> None:
        """Lets nothing pass any more."""
        if self._there and slots:
            self._library.run(f"flush set {_TABLE} open4\nflush set {_TABLE} open6\n")

    def attach(self, number: int) -> None:
        """Guards an interface, by its index."""
        name = socket.if_indextoname(number)
        ways = ("in", "out") if self._egress else ("in",)
        self._library.run("".join(_chain(way, number, name) for way in ways))

    def clear(self, slots: Mapping[str, int]) -> None:
        """Takes the table away: there is nothing to be guarded."""
        self._library.run(f"add table {_TABLE}\ndelete table {_TABLE}\n")
        self._there = False


def _chain(way: str, number: int, interface: str) -> str:
    """A chain of one interface, in place of one of another that had its number."""
    hook, priority = _DIRECTIONS[way]
    chain = f"chain {_TABLE} {way}{number}"
    base = f'type filter hook {hook} device "{interface}" priority {priority}; policy accept;'
    return (
        f"add {chain}\ndelete {chain}\nadd {chain} {{ {base} }}\n"
        f"add rule {_TABLE} {way}{number} jump {way}\n"
    )


def _elements(verb: str, addresses: Collection[str]) -> str:
    four = [a for a in addresses if ":" not in a]
    six = [f"{int(ipaddress.IPv6Address(a)):#034x}" for a in addresses if ":" in a]
    named = ((name, found) for name, found in (("vip4", four), ("vip6", six)) if found)
    return "".join(
        f"{verb} element {_TABLE} {name} {{ {', '.join(found)} }}\n" for name, found in named
    )
