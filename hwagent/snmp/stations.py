"""Who sends from behind which port, by what a switch forwards where: BRIDGE-MIB (RFC 4188) and, by
VLAN, Q-BRIDGE-MIB (RFC 4363).

What a card hangs on is told by LLDP; where nobody speaks that, by the port to which the switch
forwards the card's address.
"""

from collections.abc import Iterator

from .names import OBJECTS
from .octets import mac_of
from .ports import Ports
from .walk import Walk

#: Addresses that are told of one port; behind one with more is another switch.
STATIONS_MAX = 16
#: The tables of addresses: one for all, and one by VLAN.
PLAIN, BY_VLAN = OBJECTS["dot1dTpFdbPort"], OBJECTS["dot1qTpFdbPort"]
_MAC = 6


def tell(walk: Walk, ports: Ports) -> None:
    """Notes the addresses behind each port in its report."""
    interfaces = walk.numbers("dot1dBasePortIfIndex")
    for mac, number in sorted(set(_learned(walk))):
        report = ports.by_index.get(interfaces.get((number,), 0) if interfaces else number)
        if report is not None:
            stations = report.attributes.setdefault("stations", [])
            if len(stations) < STATIONS_MAX:
                stations.append(mac)


def _learned(walk: Walk) -> Iterator[tuple[str, int]]:
    """Addresses, and the bridge's number of the port that each was seen on."""
    for table, size in ((PLAIN, 0), (BY_VLAN, 1)):
        for row, number in walk.numbers(table).items():
            mac = row[size:]
            if len(mac) == _MAC and max(mac) < 256 and number > 0:
                yield mac_of(bytes(mac)), number
