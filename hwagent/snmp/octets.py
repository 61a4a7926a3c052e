"""Octets as people write them: texts, hardware addresses, IP addresses."""

import re
from ipaddress import ip_address

#: Descriptions of switches fill a screen; what is longer is cut.
TEXT_MAX = 1024
_MAC = 6
#: Address families of IANA that identifiers of LLDP begin with.
_FAMILIES = {1: 4, 2: 16}
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]+")


def text_of(octets: bytes) -> str:
    """Octets as text, without control characters and the quotes that some agents put around."""
    text = _CONTROL.sub(" ", octets.decode("utf-8", "replace").replace("\r\n", "\n"))
    text = text.strip()[:TEXT_MAX]
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].strip()
    return text


def mac_of(octets: bytes) -> str:
    """A hardware address, ``00:1b:21:bb:e6:f0``; agents that send text are understood."""
    return octets.hex(":") if len(octets) == _MAC else text_of(octets).lower()


def address_of(octets: bytes) -> str:
    """An IP address; empty if these octets are none."""
    return str(ip_address(octets)) if len(octets) in (4, 16) else ""


def chassis_of(subtype: int, octets: bytes) -> str:
    """Identifier of a chassis; subtypes of IEEE 802.1AB 8.5.2: 4 hardware, 5 network address."""
    return _identifier(octets, hardware=subtype == 4, network=subtype == 5)


def port_of(subtype: int, octets: bytes) -> str:
    """Identifier of a port; subtypes of IEEE 802.1AB 8.5.3: 3 hardware, 4 network address."""
    return _identifier(octets, hardware=subtype == 3, network=subtype == 4)


def _identifier(octets: bytes, hardware: bool, network: bool) -> str:
    if hardware and len(octets) == _MAC:
        return mac_of(octets)
    if network and octets and len(octets) == 1 + _FAMILIES.get(octets[0], 0) > 1:
        return address_of(octets[1:])
    if network and len(octets) == 4 and not octets.isascii():
        return address_of(octets)
    return text_of(octets) if _printable(octets) else octets.hex(":")


def _printable(octets: bytes) -> bool:
    """False for octets that are no text but an identifier in bits."""
    try:
        return octets.decode("utf-8").replace("\n", "").isprintable()
    except UnicodeDecodeError:
        return False
