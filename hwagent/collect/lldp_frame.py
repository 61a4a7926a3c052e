"""LLDP frames as they come from the wire, for hosts without lldpd. Pure.

Source: IEEE 802.1AB-2016, clause 8 and annex D. The neighbours have the shape that lldpcli's have
in ``lldp_output``. A frame that breaks the rules tells nothing: it is no neighbour.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from .lldp_output import Neighbour

#: Destinations of LLDP: nearest bridge, nearest non-TPMR bridge, nearest customer bridge.
GROUPS = tuple(bytes((0x01, 0x80, 0xC2, 0, 0, last)) for last in (0x0E, 0x03, 0x00))
ETHERTYPE = 0x88CC
FRAME_MAX = 1514
_HEADER = 14
_VLAN_TAG = b"\x81\x00"
_END, _CHASSIS, _PORT, _TTL, _PORT_DESCRIPTION, _NAME, _DESCRIPTION = range(7)
_MANAGEMENT, _ORGANISATION = 8, 127
_DOT1, _PORT_VLAN = b"\x00\x80\xc2", 1
_TEXT_MAX = 200
#: Subtypes of chassis and port ids, in lldpd's words.
_CHASSIS_TYPES = {1: "chassis", 2: "ifalias", 3: "port", 4: "mac", 5: "ip", 6: "ifname", 7: "local"}
_PORT_TYPES = {1: "ifalias", 2: "port", 3: "mac", 4: "ip", 5: "ifname", 6: "agent", 7: "local"}


def neighbour(frame: bytes) -> Neighbour:
    """Who sent an Ethernet frame. Raises ValueError for what is no LLDP frame, and for one that
    says farewell (a time to live of 0)."""
    fields: dict[int, list[bytes]] = {}
    for type, value in _tlvs(_payload(frame)):
        fields.setdefault(type, []).append(value)
    if not all(fields.get(type) for type in (_CHASSIS, _PORT, _TTL)):
        raise ValueError("chassis, port and time to live must be there")
    if int.from_bytes(fields[_TTL][0][:2], "big") == 0:
        raise ValueError("a neighbour that leaves")
    port_type, port = _id(fields[_PORT][0], _PORT_TYPES)
    return {
        "protocol": "LLDP",
        "system": _first(fields, _NAME),
        "chassis": _id(fields[_CHASSIS][0], _CHASSIS_TYPES)[1],
        "port": port,
        "port_type": port_type,
        "port_description": _first(fields, _PORT_DESCRIPTION),
        "description": _first(fields, _DESCRIPTION),
        "management": [a for v in fields.get(_MANAGEMENT, ()) if (a := _managed(v))],
        "vlans": [str(v) for v in _port_vlans(fields.get(_ORGANISATION, ()))],
        "age": "",
    }


def _payload(frame: bytes) -> bytes:
    """What stands behind the header; a tag of a VLAN may stand between."""
    at = 12 + 4 if frame[12:14] == _VLAN_TAG else 12
    if frame[at : at + 2] != ETHERTYPE.to_bytes(2, "big"):
        raise ValueError("no LLDP frame")
    return frame[at + 2 : FRAME_MAX + 4]


def _tlvs(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Types and values, up to the end that the frame says it has, or its real one."""
    at = 0
    while at + 2 <= len(data):
        head = int.from_bytes(data[at : at + 2], "big")
        type, length = head >> 9, head & 0x1FF
        value = data[at + 2 : at + 2 + length]
        if type == _END:
            return
        if len(value) < length:
            raise ValueError("it ends in the middle of a field")
        yield type, value
        at += 2 + length


def _id(value: bytes, types: dict[int, str]) -> tuple[str, str]:
    """Type and text of a chassis or port."""
    if len(value) < 2:
        raise ValueError("an id without content")
    type, content = types.get(value[0], "local"), value[1:]
    if type == "mac":
        return type, ":".join(f"{byte:02x}" for byte in content[:6])
    if type == "ip":
        return type, _address(content[0], content[1:])
    return type, _text(content)


def _managed(value: bytes) -> str:
    """The address in a field of management address: length, family, address."""
    return _address(value[1], value[2 : 1 + value[0]]) if len(value) > 2 else ""


def _address(family: int, address: bytes) -> str:
    """An address by IANA's number of its family; empty for one that is no IP address."""
    if (family, len(address)) in ((1, 4), (2, 16)):
        return str(ip_address(address))
    return ""


def _port_vlans(fields: Any) -> Iterator[int]:
    """The VLAN of untagged frames: IEEE 802.1AB, annex D."""
    for value in fields:
        if value[:3] == _DOT1 and value[3:4] == bytes((_PORT_VLAN,)) and len(value) >= 6:
            yield int.from_bytes(value[4:6], "big")


def _first(fields: dict[int, list[bytes]], type: int) -> str:
    return _text(fields[type][0]) if type in fields else ""


def _text(value: bytes) -> str:
    """A text for people: what cannot be printed is left out."""
    said = value.decode("utf-8", "replace")
    return "".join(c for c in said if c.isprintable())[:_TEXT_MAX].strip()
