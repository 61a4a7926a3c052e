"""Places to listen at, as people write them."""

from ipaddress import ip_address


def listening_place(text: str) -> tuple[str, int] | None:
    """Address and port of ``address:port`` or ``[IPv6]:port``; None for an empty text. Raises
    ValueError."""
    if not text:
        return None
    address, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"expected address:port, not {text!r}")
    return str(ip_address(address.removeprefix("[").removesuffix("]"))), int(port)
