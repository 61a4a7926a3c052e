"""Announcements, byte by byte against the RFCs."""

import struct

import pytest

from hwagent.net.announce import frames

MAC = bytes.fromhex("5254001234aa")


def test_gratuitous_arp_goes_out_as_request_and_as_reply() -> None:
    request, reply = frames("10.0.0.10/24", MAC)
    head = "ffffffffffff" + "5254001234aa" + "0806" + "0001" + "0800" + "06" + "04"
    assert request.hex() == head + "0001" + "5254001234aa0a00000a" + "000000000000" + "0a00000a"
    assert reply.hex() == head + "0002" + "5254001234aa0a00000a" + "5254001234aa" + "0a00000a"


def test_neighbour_advertisement_to_all_nodes_with_override() -> None:
    (frame,) = frames("fd00::10/64", MAC)
    ethernet, ip, icmp = frame[:14], frame[14:54], frame[54:]
    assert ethernet.hex() == "333300000001" + "5254001234aa" + "86dd"
    source = "fd000000000000000000000000000010"
    assert ip.hex() == "60000000" + "0020" + "3a" + "ff" + source + "ff02" + "0" * 26 + "01"
    assert icmp[:2].hex() == "8800"
    assert icmp[4:].hex() == "20000000" + source + "0201" + "5254001234aa"
    assert internet_sum(ip[8:] + struct.pack("!I3xB", len(icmp), 58) + icmp) == 0xFFFF


def test_a_router_says_that_it_is_one() -> None:
    (frame,) = frames("fd00::10/64", MAC, router=True)
    assert frame[58] == 0xA0


@pytest.mark.parametrize("mac", [b"", bytes(20)])
def test_other_than_ethernet_addresses_are_refused(mac: bytes) -> None:
    with pytest.raises(ValueError, match="not an Ethernet address"):
        frames("10.0.0.10/24", mac)


def internet_sum(data: bytes) -> int:
    """One's complement sum, RFC 1071; all ones over data with a right checksum."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
