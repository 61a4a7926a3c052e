"""Who is at the other end of a cable: LLDP-MIB (IEEE 802.1AB) and CISCO-CDP-MIB."""

from typing import Any

from .octets import address_of, chassis_of, port_of, text_of
from .oid import Oid
from .ports import Ports
from .walk import Walk

#: More than any switch hears; access points and phones tell each other too.
NEIGHBOURS_MAX = 4096


def tell(walk: Walk, ports: Ports) -> list[dict[str, Any]]:
    """Notes the neighbours of each port in its report; returns those whose port is not known."""
    lost = []
    for neighbour in (*_lldp(walk), *_cdp(walk)):
        report = _port(neighbour, ports)
        if report is None:
            lost.append(neighbour)
            continue
        report.attributes.setdefault("neighbours", []).append(neighbour)
        report.metrics["neighbours"] = len(report.attributes["neighbours"])
        names = report.attributes.setdefault("neighbour_names", "")
        name = neighbour["system"] or neighbour["chassis"]
        report.attributes["neighbour_names"] = f"{names}, {name}" if names else name
    return lost


def _port(neighbour: dict[str, Any], ports: Ports) -> Any:
    """The report of the port that hears a neighbour: by LLDP's name of it, else by its number."""
    named = ports.by_name.get(neighbour["local_port"])
    return named or (None if neighbour["local_port"] else ports.by_index.get(neighbour["local"]))


def _lldp(walk: Walk) -> list[dict[str, Any]]:
    """Rows of lldpRemTable; their index is time, local port, number."""
    chassis, ids = walk.octets("lldpRemChassisId"), walk.octets("lldpRemPortId")
    kinds = walk.numbers("lldpRemChassisIdSubtype")
    port_kinds = walk.numbers("lldpRemPortIdSubtype")
    systems, descriptions = walk.texts("lldpRemSysName"), walk.texts("lldpRemSysDesc")
    port_descriptions = walk.texts("lldpRemPortDesc")
    local, managed = _local_ports(walk), _addresses(walk)
    rows = dict.fromkeys(o for o in (*chassis, *ids, *systems) if len(o) == 3)
    return [
        {
            "protocol": "LLDP",
            "local": row[1],
            "local_port": local.get(row[1], ""),
            "system": systems.get(row, ""),
            "chassis": chassis_of(kinds.get(row, 0), chassis.get(row, b"")),
            "port": port_of(port_kinds.get(row, 0), ids.get(row, b"")),
            "port_description": port_descriptions.get(row, ""),
            "description": descriptions.get(row, ""),
            "management": managed.get(row, []),
        }
        for row in list(rows)[:NEIGHBOURS_MAX]
    ]


def _local_ports(walk: Walk) -> dict[int, str]:
    """LLDP's own numbers of ports, and what it calls them."""
    kinds, names = walk.numbers("lldpLocPortIdSubtype"), walk.octets("lldpLocPortId")
    found = {row[-1]: text for row, text in walk.texts("lldpLocPortDesc").items() if text}
    for row, name in names.items():
        found[row[-1]] = port_of(kinds.get(row, 5), name) or found.get(row[-1], "")
    return found


def _addresses(walk: Walk) -> dict[Oid, list[str]]:
    """Management addresses; they are a part of the index, behind family and length."""
    found: dict[Oid, list[str]] = {}
    for index in walk.rows("lldpRemManAddrIfSubtype"):
        row, family, rest = index[:3], index[3:4], index[4:]
        octets = rest[1:] if rest[:1] == (len(rest) - 1,) else rest
        known = family in ((1,), (2,)) and all(part < 256 for part in octets)
        if address := address_of(bytes(octets)) if known else "":
            found.setdefault(row, []).append(address)
    return found


def _cdp(walk: Walk) -> list[dict[str, Any]]:
    """Rows of cdpCacheTable; their index is interface, number."""
    devices, ports = walk.octets("cdpCacheDeviceId"), walk.texts("cdpCacheDevicePort")
    platforms, addresses = walk.texts("cdpCachePlatform"), walk.octets("cdpCacheAddress")
    return [
        {
            "protocol": "CDP",
            "local": row[0],
            "local_port": "",
            "system": text_of(device),
            "chassis": "",
            "port": ports.get(row, ""),
            "port_description": "",
            "description": platforms.get(row, ""),
            "management": [a for a in (address_of(addresses.get(row, b"")),) if a],
        }
        for row, device in list(devices.items())[:NEIGHBOURS_MAX]
        if len(row) == 2
    ]
