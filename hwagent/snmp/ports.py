"""Interfaces of a switch: IF-MIB (RFC 2863), with 64-bit counters where it has them; duplex from
EtherLike-MIB, spanning tree from BRIDGE-MIB, aggregation from IEEE8023-LAG-MIB."""

from collections import Counter

from hwagent.collect.document import Report
from hwagent.collect.module import METRICS as MODULE_METRICS
from hwagent.model import Metric, counter, gauge, state

from .naming import id_part
from .octets import mac_of
from .oid import Oid
from .walk import Walk

_SOURCE = "RFC 2863, IF-MIB"
#: ifOperStatus.
OPER = {
    **{1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "notpresent"},
    7: "lowerlayerdown",
}
#: ifType of IANA, those of switches.
TYPES = {
    **{1: "other", 6: "ethernetCsmacd", 24: "softwareLoopback", 53: "propVirtual", 62: "fastEther"},
    **{117: "gigabitEthernet", 131: "tunnel", 135: "l2vlan", 136: "l3ipvlan", 161: "ieee8023adLag"},
    209: "bridge",
}
#: Types that have a plug, or stand for ports that have one.
_PHYSICAL = ("ethernetCsmacd", "fastEther", "gigabitEthernet")
_DUPLEX = {1: "unknown", 2: "half", 3: "full"}
_STP = {1: "disabled", 2: "blocking", 3: "listening", 4: "learning", 5: "forwarding", 6: "broken"}
#: ifSpeed ends here; what is faster is in ifHighSpeed only.
_SPEED_END = 2**32 - 1
#: Metric: the 64-bit columns that add up to it, else the 32-bit ones.
_COUNTERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "rx_bytes": (("ifHCInOctets",), ("ifInOctets",)),
    "tx_bytes": (("ifHCOutOctets",), ("ifOutOctets",)),
    "rx_packets": (
        ("ifHCInUcastPkts", "ifHCInMulticastPkts", "ifHCInBroadcastPkts"),
        ("ifInUcastPkts", "ifInNUcastPkts"),
    ),
    "tx_packets": (
        ("ifHCOutUcastPkts", "ifHCOutMulticastPkts", "ifHCOutBroadcastPkts"),
        ("ifOutUcastPkts", "ifOutNUcastPkts"),
    ),
    "rx_errors": ((), ("ifInErrors",)),
    "tx_errors": ((), ("ifOutErrors",)),
    "rx_dropped": ((), ("ifInDiscards",)),
    "tx_dropped": ((), ("ifOutDiscards",)),
}
#: More than the largest chassis has.
PORTS_MAX = 8192

METRICS: tuple[Metric, ...] = (
    gauge("admin_up", "1 if it is switched on", "", _SOURCE),
    gauge("carrier", "1 if it has a link", "", _SOURCE),
    gauge("down_confirmed", "1 if others than the poll say too that it has no link", "", "hwagent"),
    gauge("had_link", "1 if it has none now and had one within 24 hours", "", "hwagent"),
    state("operstate", "RFC 2863 state of the interface", _SOURCE),
    gauge("speed_bits_per_second", "speed of the link; absent if not known", "bit/s", _SOURCE),
    gauge("speed_best_bits_per_second", "if more than now: within 24 hours", "bit/s", "hwagent"),
    state("duplex", "full, half or unknown", "RFC 3635, dot3StatsDuplexStatus"),
    *(counter(name, f"{' + '.join(old)}, of 64 bits if it can", "", _SOURCE)
      for name, (_, old) in _COUNTERS.items()),
    state("stp_state", "state of spanning tree on it", "RFC 4188, dot1dStpPortState"),
    gauge("members_total", "ports in this aggregation", "", "IEEE 802.1AX, ifStackTable"),
    gauge("members_up", "of these, the ones with a link", "", "IEEE 802.1AX, ifStackTable"),
    gauge("members_best", "if more than members_up: within 24 hours", "", "hwagent"),
    gauge("neighbours", "devices that it hears, by LLDP or CDP", "", "IEEE 802.1AB"),
    *MODULE_METRICS,
)  # fmt: skip
ATTRIBUTES = (
    *("name", "switch", "index", "type", "physical", "description", "alias", "mac", "aggregation"),
    *("neighbour_names", "bridge_port", "stp_root_port"),
)


class Ports:
    """The ports of one switch: their reports by ifIndex, and by name or description."""

    def __init__(self, walk: Walk, switch: str) -> None:
        self.by_index: dict[int, Report] = {}
        self.by_name: dict[str, Report] = {}
        names = _names(walk)
        used = Counter(names.values())
        for index, name in list(names.items())[:PORTS_MAX]:
            alone = name if used[name] == 1 else f"{name}-{index}"
            report = Report(f"port:{switch}/{id_part(alone)}", "port")
            report.attributes.update(name=name, switch=f"switch:{switch}", index=index)
            self.by_index[index] = report
        _describe(walk, self.by_index)
        for key in ("description", "name"):  # a name counts more than a description like it
            for report in self.by_index.values():
                self.by_name[str(report.attributes.get(key, ""))] = report
        self.by_name.pop("", None)
        _state(walk, self.by_index)
        _count(walk, self.by_index)
        _spanning_tree(walk, self.by_index)
        _aggregate(walk, self.by_index)


def _names(walk: Walk) -> dict[int, str]:
    """ifName, else ifDescr, else the number."""
    short, long = walk.texts("ifName"), walk.texts("ifDescr")
    rows: dict[Oid, None] = {}
    for column in ("ifOperStatus", "ifAdminStatus", "ifType", "ifDescr", "ifName"):
        rows.update(dict.fromkeys(o for o in walk.rows(column) if len(o) == 1))
    return {o[0]: short.get(o) or long.get(o) or str(o[0]) for o in sorted(rows)}


def _describe(walk: Walk, ports: dict[int, Report]) -> None:
    descriptions, aliases = walk.texts("ifDescr"), walk.texts("ifAlias")
    types, macs = walk.numbers("ifType"), walk.octets("ifPhysAddress")
    for index, report in ports.items():
        row = (index,)
        type = TYPES.get(types.get(row, 0), str(types.get(row, "")))
        report.note("type", type)
        report.attributes["physical"] = int(type in _PHYSICAL)
        report.note("description", descriptions.get(row))
        report.note("alias", aliases.get(row))
        report.note("mac", mac_of(macs.get(row, b"")))


def _state(walk: Walk, ports: dict[int, Report]) -> None:
    admin, oper = walk.numbers("ifAdminStatus"), walk.numbers("ifOperStatus")
    fast, slow = walk.numbers("ifHighSpeed"), walk.numbers("ifSpeed")
    duplex = walk.numbers("dot3StatsDuplexStatus")
    for index, report in ports.items():
        row = (index,)
        if row in admin:
            report.metrics["admin_up"] = int(admin[row] == 1)
        if row not in oper or oper[row] not in OPER:
            report.fail("the switch does not tell its state (ifOperStatus)")
        else:
            report.metrics["operstate"] = OPER[oper[row]]
            if oper[row] == 4:
                report.fail("the switch does not know its state")
            else:
                report.metrics["carrier"] = int(oper[row] == 1)
        if speed := _speed(fast.get(row, 0), slow.get(row, 0)):
            report.metrics["speed_bits_per_second"] = speed
        if row in duplex:
            report.metrics["duplex"] = _DUPLEX.get(duplex[row], "unknown")


def _speed(fast: int, slow: int) -> int:
    """Speed in bit/s, 0 if it is not known; ifHighSpeed counts in millions."""
    if fast > 0:
        return fast * 1_000_000
    return slow if 0 < slow < _SPEED_END else 0


def _count(walk: Walk, ports: dict[int, Report]) -> None:
    columns = {
        name: walk.numbers(name) for large, small in _COUNTERS.values() for name in (*large, *small)
    }
    for metric, (large, small) in _COUNTERS.items():
        for index, report in ports.items():
            row = (index,)
            names = large if large and row in columns[large[0]] else small
            found = [columns[name][row] for name in names if row in columns[name]]
            if found:
                report.metrics[metric] = sum(found)


def _spanning_tree(walk: Walk, ports: dict[int, Report]) -> None:
    """Ports of the bridge are numbered by themselves."""
    interfaces = walk.numbers("dot1dBasePortIfIndex")
    for row, index in interfaces.items():
        if index in ports:
            ports[index].attributes["bridge_port"] = row[-1]
    root = walk.number("dot1dStpRootPort") or 0  # which the root itself has
    if root and (towards := ports.get(interfaces.get((root,), root))):
        towards.attributes["stp_root_port"] = 1
    for row, number in walk.numbers("dot1dStpPortState").items():
        report = ports.get(interfaces.get(row, row[-1]))
        if report and number in _STP:
            report.metrics["stp_state"] = _STP[number]


def _aggregate(walk: Walk, ports: dict[int, Report]) -> None:
    """Members of aggregations, from IEEE8023-LAG-MIB or, if that is missing, ifStackTable."""
    members = {
        row[0]: aggregation
        for row, aggregation in walk.numbers("dot3adAggPortAttachedAggID").items()
        if aggregation in ports and len(row) == 1 and row[0] != aggregation
    }
    for row in walk.numbers("ifStackStatus"):
        if len(row) == 2 and row[0] in ports and row[1] in ports:
            upper = ports[row[0]]
            if upper.attributes.get("type") == "ieee8023adLag":
                members.setdefault(row[1], row[0])
    for member, aggregation in members.items():
        if member in ports:
            ports[member].attributes["aggregation"] = ports[aggregation].id
    for aggregation in set(members.values()):
        own = [ports[m] for m, a in members.items() if a == aggregation and m in ports]
        metrics = ports[aggregation].metrics
        metrics["members_total"] = len(own)
        metrics["members_up"] = sum(m.metrics.get("carrier") == 1 for m in own)
