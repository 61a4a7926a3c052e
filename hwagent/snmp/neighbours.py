"""Who is at the other end of a cable: LLDP-MIB (IEEE 802.1AB) and CISCO-CDP-MIB."""

from collections.abc import Mapping, Sequence
from typing import Any

from .octets import address_of, chassis_of, port_of, text_of
from .oid import Oid
from .ports import Ports
from .walk import Walk

#: More than any switch hears; access points and phones tell each other too.
NEIGHBOURS_MAX = 4096


def tell(walk: Walk, ports: Ports) -> list[dict[str, Any]]:
    """Notes the neighbours of each port in its report, and what LLDP calls the port; returns those
    neighbours whose port is not known."""
    local = _local_ports(walk)
    for number, called in local.items():
        report = _port(number, called, ports)
        if report is not None:
            report.note("lldp_id", called[0])
    lost = []
    for neighbour in (*_lldp(walk, local), *_cdp(walk)):
        number = neighbour["local"]
        by_lldp = neighbour["protocol"] == "LLDP"
        report = _port(number, local.get(number, []) if by_lldp else [], ports)
        if report is None:
            lost.append(neighbour)
            continue
        report.attributes.setdefault("neighbours", []).append(neighbour)
        report.metrics["neighbours"] = len(report.attributes["neighbours"])
        names = report.attributes.setdefault("neighbour_names", "")
        name = neighbour["system"] or neighbour["chassis"]
        report.attributes["neighbour_names"] = f"{names}, {name}" if names else name
    return lost


def _port(number: int, names: Sequence[str], ports: Ports) -> Any:
    """The report of a port: by what LLDP calls it, which may be its ifIndex (Juniper's is), else by
    LLDP's number of it."""
    if named := next((ports.by_name[name] for name in names if name in ports.by_name), None):
        return named
    if names and names[0].isdecimal():
        return ports.by_index.get(int(names[0][:10]))
    return None if names else ports.by_index.get(number)


def _lldp(walk: Walk, local: Mapping[int, Sequence[str]]) -> list[dict[str, Any]]:
    """Rows of lldpRemTable; their index is time, local port, number."""
    chassis, ids = walk.octets("lldpRemChassisId"), walk.octets("lldpRemPortId")
    kinds = walk.numbers("lldpRemChassisIdSubtype")
    port_kinds = walk.numbers("lldpRemPortIdSubtype")
    systems, descriptions = walk.texts("lldpRemSysName"), walk.texts("lldpRemSysDesc")
    port_descriptions = walk.texts("lldpRemPortDesc")
    managed = _addresses(walk)
    rows = dict.fromkeys(o for o in (*chassis, *ids, *systems) if len(o) == 3)
    return [
        {
            "protocol": "LLDP",
            "local": row[1],
            "local_port": next(iter(local.get(row[1], ())), ""),
            "system": systems.get(row, ""),
            "chassis": chassis_of(kinds.get(row, 0), chassis.get(row, b"")),
            "port": port_of(port_kinds.get(row, 0), ids.get(row, b"")),
            "port_description": port_descriptions.get(row, ""),
            "description": descriptions.get(row, ""),
            "management": managed.get(row, []),
        }
        for row in list(rows)[:NEIGHBOURS_MAX]
    ]


def _local_ports(walk: Walk) -> dict[int, list[str]]:
    """LLDP's own numbers of ports, and what it calls each: its identifier, its description."""
    kinds, ids = walk.numbers("lldpLocPortIdSubtype"), walk.octets("lldpLocPortId")
    descriptions = walk.texts("lldpLocPortDesc")
    found = {}
    for row in {**ids, **descriptions}:
        id = port_of(kinds.get(row, 5), ids[row]) if row in ids else ""
        if names := [name for name in (id, descriptions.get(row, "")) if name]:
            found[row[-1]] = list(dict.fromkeys(names))
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
