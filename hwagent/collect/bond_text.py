"""/proc/net/bonding/BOND, as drivers/net/bonding/bond_procfs.c writes it.

It tells what sysfs does not: churn, and the partner's LACP state (the latter to root only).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

_LINES_MAX = 20_000
_LEGS_MAX = 256
#: The words of this file for what ``bonding/mode`` calls by the name of the option.
MODES: Mapping[str, str] = {
    "load balancing (round-robin)": "balance-rr",
    "fault-tolerance (active-backup)": "active-backup",
    "load balancing (xor)": "balance-xor",
    "fault-tolerance (broadcast)": "broadcast",
    "IEEE 802.3ad Dynamic link aggregation": "802.3ad",
    "transmit load balancing": "balance-tlb",
    "adaptive load balancing": "balance-alb",
}


@dataclass
class BondText:
    """Fields of the bond and of each leg; those of an indented part carry its title:
    ``details partner lacp pdu/port state``, ``Active Aggregator Info/Number of ports``."""

    bond: dict[str, str] = field(default_factory=dict)
    legs: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def mode(self) -> str:
        """Mode by the option's name; empty if it is not known."""
        words = self.bond.get("Bonding Mode", "").split(" (fail_over_mac")[0]
        return MODES.get(words, "")


def parse_bond(text: str) -> BondText:
    """Reads the file; lines that are not ``name: value`` are passed over."""
    found = BondText()
    fields, part = found.bond, ""
    for line in text.splitlines()[:_LINES_MAX]:
        name, colon, value = line.strip().partition(":")
        if not colon:
            continue
        value = value.strip()
        if name == "Slave Interface" and len(found.legs) < _LEGS_MAX:
            fields, part = found.legs.setdefault(value[:64], {}), ""
        elif not value and not line[:1].isspace():
            part = name
        elif line[:1].isspace() and part:
            fields[f"{part}/{name}"] = value
        else:
            part = ""
            fields[name] = value
    return found
