"""NICs and bonds of a simulated server (Documentation/ABI/testing/sysfs-class-net, bonding.rst)."""

import msgspec

from .tree import Tree


class Nic(msgspec.Struct, kw_only=True):
    """One network interface."""

    name: str
    address: str = ""
    driver: str = "ixgbe"
    carrier: bool = True
    up: bool = True
    speed: int = 10_000
    carrier_changes: int = 1
    rx_errors: int = 0
    rx_crc_errors: int = 0
    rx_dropped: int = 0
    tx_errors: int = 0
    rx_packets: int = 1_000_000
    tx_packets: int = 900_000


class Bond(msgspec.Struct, kw_only=True):
    """One bond and its legs."""

    name: str
    legs: list[str]
    mode: str = "active-backup"
    active: str = ""
    partner: str = "00:1c:73:aa:bb:cc"


_MODES = {
    "balance-rr": 0, "active-backup": 1, "balance-xor": 2, "broadcast": 3, "802.3ad": 4,
    "balance-tlb": 5, "balance-alb": 6,
}  # fmt: skip


def set_carrier(nic: Nic, carrier: bool) -> None:
    """Plugs or pulls the cable."""
    if nic.carrier != carrier:
        nic.carrier = carrier
        nic.carrier_changes += 1


def write_nic(tree: Tree, nic: Nic, number: int, master: str = "") -> None:
    """Writes everything about one NIC."""
    nic.address = nic.address or f"02:00:00:00:00:{number:02x}"
    device = f"sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.{number}"
    place = f"{device}/net/{nic.name}"
    running = nic.up and nic.carrier
    tree.fill(
        place,
        {
            "address": nic.address,
            "addr_len": 6,
            "type": 1,
            "ifindex": number + 2,
            "iflink": number + 2,
            "mtu": 1500,
            "flags": "0x1003" if nic.up else "0x1002",
            "operstate": "up" if running else "down",
            "carrier_changes": nic.carrier_changes,
            "carrier_up_count": (nic.carrier_changes + 1) // 2,
            "carrier_down_count": nic.carrier_changes // 2,
            "dormant": 0,
            "tx_queue_len": 1000,
            "uevent": f"INTERFACE={nic.name}\nIFINDEX={number + 2}",
        },
    )
    if nic.up:
        words = {"speed": nic.speed if running else -1, "duplex": "full" if running else "unknown"}
        tree.fill(place, {"carrier": int(nic.carrier), **words})
    else:
        for name in ("carrier", "speed", "duplex"):
            tree.remove(f"{place}/{name}")
    _write_statistics(tree, nic, place)
    tree.link(f"{place}/device", device)
    tree.link(f"{device}/driver", f"sys/bus/pci/drivers/{nic.driver}")
    tree.link(f"sys/class/net/{nic.name}", place)
    if master:
        tree.link(f"{place}/master", f"sys/devices/virtual/net/{master}")


def _write_statistics(tree: Tree, nic: Nic, place: str) -> None:
    zero = (
        "collisions", "multicast", "rx_bytes", "tx_bytes", "rx_fifo_errors", "rx_frame_errors",
        "rx_length_errors", "rx_missed_errors", "rx_over_errors", "tx_aborted_errors",
        "tx_carrier_errors", "tx_dropped", "tx_fifo_errors", "rx_nohandler", "tx_window_errors",
        "tx_heartbeat_errors", "rx_compressed", "tx_compressed",
    )  # fmt: skip
    tree.fill(f"{place}/statistics", dict.fromkeys(zero, 0))
    counted = ("rx_errors", "rx_crc_errors", "rx_dropped", "tx_errors", "rx_packets", "tx_packets")
    tree.fill(f"{place}/statistics", {name: getattr(nic, name) for name in counted})


def react(tree: Tree, bond: Bond, nics: dict[str, Nic]) -> None:
    """Takes in a new active leg that was written, and fails over as the driver does by itself."""
    wanted = tree.take(f"sys/devices/virtual/net/{bond.name}/bonding/active_slave")
    if wanted in bond.legs and nics[wanted].carrier:
        bond.active = wanted
    current = nics.get(bond.active)
    if current is None or not (current.carrier and current.up):
        working = (leg for leg in bond.legs if nics[leg].carrier and nics[leg].up)
        bond.active = next(working, "")


def write_bond(tree: Tree, bond: Bond, nics: dict[str, Nic]) -> None:
    """Writes everything about one bond and the bond's side of its legs."""
    place = f"sys/devices/virtual/net/{bond.name}"
    alive = [leg for leg in bond.legs if nics[leg].carrier and nics[leg].up]
    lacp = bond.mode == "802.3ad"
    if not lacp and bond.active not in alive:
        bond.active = alive[0] if alive else ""
    tree.fill(
        place,
        {
            "address": nics[bond.legs[0]].address,
            "type": 1,
            "mtu": 1500,
            "flags": "0x1403",
            "operstate": "up" if alive else "down",
            "carrier": int(bool(alive)),
            "carrier_changes": 1,
            "ifindex": 100,
            "iflink": 100,
            "speed": max((nics[leg].speed for leg in alive), default=-1),
            "duplex": "full" if alive else "unknown",
        },
    )
    _write_driver(tree, f"{place}/bonding", bond, alive)
    for leg in bond.legs:
        _write_leg(tree, nics[leg], leg in alive, lacp or leg == bond.active)
        tree.link(f"{place}/lower_{leg}", f"sys/class/net/{leg}")
    tree.link(f"sys/class/net/{bond.name}", place)
    tree.write("sys/class/net/bonding_masters", bond.name)


def _write_driver(tree: Tree, place: str, bond: Bond, alive: list[str]) -> None:
    """What the bonding driver shows; ``alive`` are the legs that pass packets."""
    lacp = bond.mode == "802.3ad"
    tree.fill(
        place,
        {
            "mode": f"{bond.mode} {_MODES[bond.mode]}",
            "slaves": " ".join(bond.legs),
            "mii_status": "up" if alive else "down",
            "miimon": 100,
            "active_slave": "" if lacp else bond.active,
            "primary": "",
            "fail_over_mac": "none 0",
            "xmit_hash_policy": "layer2 0",
        },
    )
    if lacp:
        partner = bond.partner if alive else "00:00:00:00:00:00"
        tree.fill(
            place,
            {"ad_partner_mac": partner, "ad_aggregator": 1, "ad_num_ports": len(alive),
             "ad_actor_key": 15, "ad_partner_key": 32769, "lacp_rate": "slow 0"},
        )  # fmt: skip


def _write_leg(tree: Tree, nic: Nic, alive: bool, active: bool) -> None:
    tree.fill(
        f"sys/class/net/{nic.name}/bonding_slave",
        {
            "mii_status": "up" if alive else "down",
            "state": "active" if alive and active else "backup",
            "link_failure_count": nic.carrier_changes // 2,
            "queue_id": 0,
            "ad_aggregator_id": 1 if alive else 2,
            "perm_hwaddr": nic.address,
        },
    )
