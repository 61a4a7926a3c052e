"""Bonds: legs, the active one, and whether LACP's partner is there.

Sources: Documentation/networking/bonding.rst, Documentation/ABI/testing/sysfs-class-net and
drivers/net/bonding (bond_sysfs.c, bond_sysfs_slave.c, bond_procfs.c) of the kernel; IEEE 802.1AX.
"""

from typing import ClassVar

from hwagent.model import Sample, counter, gauge, state

from .base import Collector
from .bond_legs import ACTIVE_LEG_MODES, Leg, active_metrics, leg_metrics
from .bond_text import BondText, parse_bond
from .gather import Gather
from .interface import (
    OPERSTATES,
    WIRE_ERRORS,
    interface_id,
    interfaces,
    number_or_none,
    switched_on,
    text_or_empty,
)
from .root import Missing, Root, Unreadable

_RST = "Documentation/networking/bonding.rst"
_ABI = "Documentation/ABI/testing/sysfs-class-net"
_LEGS_MAX = 256
_NO_PARTNER = "00:00:00:00:00:00"
_MODES = frozenset({*ACTIVE_LEG_MODES, "balance-rr", "balance-xor", "broadcast", "802.3ad"})
_MII = frozenset({"up", "down", "going down", "going back"})

_METRICS = (
    gauge("admin_up", "1 if the bond is switched on"),
    gauge("carrier", "1 if the bond as a whole has a link"),
    counter("carrier_changes", "times that its link came or went", source=_ABI),
    state("operstate", "RFC 2863 state of the bond", _ABI),
    gauge("mtu_bytes", "largest packet", "bytes", _ABI),
    state("mode", "bonding mode by name", _RST),
    gauge("legs_total", "legs that the bond has now"),
    gauge("legs_up", "legs that its monitor takes for usable"),
    gauge("legs_down", "legs that its monitor takes for dead"),
    gauge("legs_good", "legs that are up, have carrier and are in the active aggregator"),
    gauge("legs_worse", "legs that are slower than the best one, or not good"),
    gauge("min_links", "legs below which the bond takes itself down", source=_RST),
    gauge("miimon_seconds", "time between looks at carrier; 0 none", "seconds", _RST),
    gauge("arp_interval_seconds", "time between ARP probes; 0 none", "seconds", _RST),
    gauge("monitored", "1 if the bond notices dead legs at all"),
    gauge("speed_mixed", "1 if legs that are up have different speeds"),
    counter("link_failures", "sum of the link failures of all legs", source=_RST),
    state("active_leg", "leg that carries the traffic, or none"),
    gauge("active_leg_up", "1 if the active leg is up"),
    gauge("active_leg_bad", "1 if the active leg is not good, or slower than another good one"),
    counter("active_leg_errors", "errors on the wire of the active leg"),
    state("standby_leg", "best good leg besides the active one, or none"),
    gauge("standby_legs_good", "good legs besides the active one"),
    counter("standby_errors", "errors on the wire of all good legs besides the active one"),
    counter("active_leg_sent", "packets that the active leg sent"),
    counter("active_leg_received", "packets that the active leg received"),
    counter("standby_received", "packets that the best standby leg received"),
    gauge("partner_missing", "1 if no LACP partner is heard on any leg that is up", source=_RST),
    gauge("aggregator_ports", "legs in the active aggregator", source=_RST),
    gauge("aggregators", "different aggregators among the legs that are up"),
    gauge("aggregator_mismatch", "legs that are up but not in the active aggregator"),
    gauge("legs_churned", "legs whose actor or partner does not get in sync", source="802.1AX"),
    gauge("legs_defaulted", "legs that hear no LACP from their partner", source="802.1AX"),
    gauge("legs_not_distributing", "legs on which the partner takes no traffic", source="802.1AX"),
)


class BondCollector(Collector):
    """All bonds in one look: it only reads what the kernel has in memory."""

    name = "bond"
    kinds: ClassVar = {"bond": _METRICS}
    attributes: ClassVar = {
        "bond": ("ad_select", "lacp_rate", "legs", "legs_dead", "partner_address", "primary")
    }
    interval = 10.0

    def collect(self, root: Root, target: str) -> list[Sample]:
        """All bonds. Raises Unreadable if interfaces cannot be listed."""
        return [_read(root, name) for name in interfaces(root, "bond")]


def decode(data: bytes) -> list[Sample]:
    """One file of /proc/net/bonding; the file does not tell the bond's name."""
    text = parse_bond(data.decode("utf-8", "replace").replace("\0", ""))
    g = Gather("bond:bond", "bond", Root("/nonexistent"))
    if "Bonding Mode" not in text.bond:
        g.fail("not a file of /proc/net/bonding")
        return [g.sample()]
    _judge(g, text, {name: _leg_of_text(name, fields) for name, fields in text.legs.items()})
    return [g.sample()]


def _read(root: Root, name: str) -> Sample:
    g = Gather(f"bond:{name}", "bond", root, f"sys/class/net/{name}")
    text = parse_bond(text_or_empty(root, f"proc/net/bonding/{name}"))
    up = switched_on(g)
    if up is not False:
        g.number("carrier", "carrier")
    g.number("carrier_changes", "carrier_changes")
    g.word("operstate", "operstate", OPERSTATES)
    g.number("mtu_bytes", "mtu")
    _judge(g, text, {leg: _leg(root, name, leg, text) for leg in _leg_names(g, text)})
    return g.sample()


def _leg_names(g: Gather, text: BondText) -> list[str]:
    """Legs that the bond has. An unreadable list makes the bond unreadable."""
    try:
        return g.root.text(f"{g.directory}/bonding/slaves").split()[:_LEGS_MAX]
    except Missing as e:
        if not text.bond:
            g.fail(f"legs unknown: {e}")
    except Unreadable as e:
        g.fail(f"legs unknown: {e}")
    return list(text.legs)


def _judge(g: Gather, text: BondText, legs: dict[str, Leg]) -> None:
    mode = (text_or_empty(g.root, f"{g.directory}/bonding/mode").split() or [text.mode])[0]
    if mode in _MODES:
        g.metrics["mode"] = mode
    else:
        g.problem("mode", f"bonding/mode: not a known one: {mode[:40]!r}", required=True)
    _options(g, text)
    aggregator = _aggregator(g, text) if mode == "802.3ad" else None
    for leg in legs.values():
        if leg.mii not in _MII:
            g.problem("legs_up", f"state of {leg.name} unknown: {leg.mii[:40]!r}", required=True)
    g.metrics.update(leg_metrics(mode, list(legs.values()), aggregator))
    if mode == "802.3ad":
        _partner(g, text)
    if mode in ACTIVE_LEG_MODES:
        g.metrics.update(active_metrics(legs, _active(g, text)))
    g.attributes["legs"] = [interface_id(g.root, name) for name in legs]
    g.attributes["legs_dead"] = [name for name, leg in legs.items() if not leg.up]
    if "legs_up" in g.problems:
        for metric in ("legs_up", "legs_down", "legs_good", "legs_worse"):
            g.metrics.pop(metric, None)


def _options(g: Gather, text: BondText) -> None:
    places = (
        ("miimon_seconds", "bonding/miimon", "MII Polling Interval (ms)", 0.001),
        ("arp_interval_seconds", "bonding/arp_interval", "ARP Polling Interval (ms)", 0.001),
        ("min_links", "bonding/min_links", "Min links", 1),
    )
    for metric, file, title, scale in places:
        if g.number(metric, file, scale) is not None or metric in g.problems:
            continue
        if (number := _whole(text.bond.get(title))) is not None:
            g.set(metric, number * scale)
    intervals = [g.metrics.get(m) for m in ("miimon_seconds", "arp_interval_seconds")]
    if intervals[0] is not None:
        g.set("monitored", int(any(intervals)))
    for name in ("primary", "ad_select", "lacp_rate"):
        g.attribute(name, f"bonding/{name}")


def _aggregator(g: Gather, text: BondText) -> int | None:
    """Number of the active aggregator; also notes its ports."""
    info = "Active Aggregator Info"
    ports = g.number("aggregator_ports", "bonding/ad_num_ports")
    if ports is None and (number := _whole(text.bond.get(f"{info}/Number of ports"))) is not None:
        g.set("aggregator_ports", number)
    own = number_or_none(g.root, f"{g.directory}/bonding/ad_aggregator")
    return own if own is not None else _whole(text.bond.get(f"{info}/Aggregator ID"))


def _partner(g: Gather, text: BondText) -> None:
    """The partner's address, zero if there is none. The kernel tells it only to who has
    CAP_NET_ADMIN (bonding_show_ad_partner_mac, bond_info_show_master), which the agent has not:
    without it the states of the legs, which are for all, have said whether there is one."""
    partner = text_or_empty(g.root, f"{g.directory}/bonding/ad_partner_mac")
    partner = partner or text.bond.get("Active Aggregator Info/Partner Mac Address", "")
    if partner:
        g.attributes["partner_address"] = partner
        g.set("partner_missing", int(partner == _NO_PARTNER))


def _active(g: Gather, text: BondText) -> str:
    try:
        return g.root.text(f"{g.directory}/bonding/active_slave")
    except Unreadable:
        name = text.bond.get("Currently Active Slave", "")
        return "" if name == "None" else name


def _leg(root: Root, bond: str, name: str, text: BondText) -> Leg:
    """A leg by its files in sysfs, and by the bond's text where these are missing."""
    leg = _leg_of_text(name, text.legs.get(name, {}))
    at = _leg_directory(root, bond, name)
    own = f"{at}/bonding_slave"
    leg.mii = text_or_empty(root, f"{own}/mii_status") or leg.mii
    for field, path in (
        ("failures", f"{own}/link_failure_count"),
        ("aggregator", f"{own}/ad_aggregator_id"),
        ("actor_state", f"{own}/ad_actor_oper_port_state"),
        ("partner_state", f"{own}/ad_partner_oper_port_state"),
        ("carrier", f"{at}/carrier"),
        ("received", f"{at}/statistics/rx_packets"),
        ("sent", f"{at}/statistics/tx_packets"),
    ):
        if (number := number_or_none(root, path)) is not None:
            setattr(leg, field, number)
    speed = number_or_none(root, f"{at}/speed")
    if speed is not None and 0 < speed < 0xFFFF_FFFF:
        leg.speed = speed
    leg.duplex = text_or_empty(root, f"{at}/duplex") or leg.duplex
    leg.errors = _errors(root, f"{at}/statistics")
    return leg


def _errors(root: Root, at: str) -> int | None:
    """Errors of a leg: rx_errors holds the others by definition, but not with every driver."""
    found = {f: number_or_none(root, f"{at}/{f}") for f in ("rx_errors", "tx_errors", *WIRE_ERRORS)}
    if found["rx_errors"] is None or found["tx_errors"] is None:
        return None
    wire = sum(found[f] or 0 for f in WIRE_ERRORS)
    return max(found["rx_errors"] + found["tx_errors"], wire)


def _leg_directory(root: Root, bond: str, leg: str) -> str:
    """Directory of a leg; the bond links to it too, as lower_LEG or, before 3.14, slave_LEG."""
    own = f"sys/class/net/{leg}"
    places = (own, f"sys/class/net/{bond}/lower_{leg}", f"sys/class/net/{bond}/slave_{leg}")
    return next((p for p in places if root.exists(f"{p}/bonding_slave")), own)


def _leg_of_text(name: str, fields: dict[str, str]) -> Leg:
    churn = [v for k, v in fields.items() if k in ("Actor Churn State", "Partner Churn State")]
    speed = fields.get("Speed", "").split(" ")[0]
    return Leg(
        name=name,
        mii=fields.get("MII Status", ""),
        speed=_whole(speed) or None,
        duplex=fields.get("Duplex", "").lower(),
        failures=_whole(fields.get("Link Failure Count")),
        aggregator=_whole(fields.get("Aggregator ID")),
        actor_state=_whole(fields.get("details actor lacp pdu/port state")),
        partner_state=_whole(fields.get("details partner lacp pdu/port state")),
        churned="churned" in churn if churn else None,
    )


def _whole(text: str | None) -> int | None:
    """A decimal number of the file; None for N/A, Unknown and anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 20 else None


COLLECTOR = BondCollector
