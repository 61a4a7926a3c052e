"""rtnetlink messages as bytes, and the real kernel in a network namespace."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.net.netlink import attributes, messages
from hwagent.net.rtnetlink import (
    TAG,
    Address,
    Link,
    address_message,
    canonical,
    parse,
)
from tests.vip.lab import Lab, lab

__all__ = ["lab"]

NEWLINK, DELLINK, NEWADDR, DELADDR = 16, 17, 20, 21


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.10/24", "10.0.0.10/24"),
        ("FD00:0::0010/64", "fd00::10/64"),
        ("::ffff:10.0.0.1/128", "::ffff:10.0.0.1/128"),
        ("0.0.0.0/0", "0.0.0.0/0"),
    ],
)
def test_addresses_are_written_as_the_kernel_does(text: str, expected: str) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "10.0.0.10", "10.0.0/24", "10.0.0.10/33", "10.0.0.10/-1", "10.0.0.10/²", "fd00::/129",
     "fe80::1%eth0/64", "10.0.0.10/24/1", "x/24"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an IP address"):
        canonical(text)


def test_ipv4_message_is_tagged_as_ours() -> None:
    data = address_message(7, "10.0.0.10/24")
    assert data[:8] == struct.pack("=BBBBI", 2, 24, 0, 0, 7)
    assert dict(attributes(data[8:])) == {1: b"\x0a\0\0\x0a", 2: b"\x0a\0\0\x0a", 11: bytes([TAG])}


def test_ipv6_message_asks_for_no_duplicate_detection() -> None:
    data = address_message(7, "fd00::10/64")
    found = dict(attributes(data[8:]))
    assert data[:8] == struct.pack("=BBBBI", 10, 64, 0, 0, 7)
    assert found[8] == struct.pack("=I", 0x02)
    assert found[6][:8] == struct.pack("=2I", 0, 0xFFFFFFFF)  # deprecated, valid for ever


def test_addresses_are_read() -> None:
    plain = struct.pack("=BBBBI", 2, 24, 0, 0, 3) + attribute(1, b"\x0a\0\0\x0a")
    tagged = plain + attribute(11, bytes([TAG]))
    other = plain + attribute(11, b"\x02")
    assert parse(NEWADDR, plain) == Address(3, "10.0.0.10/24", False, False)
    assert parse(NEWADDR, tagged) == Address(3, "10.0.0.10/24", True, False)
    assert parse(DELADDR, other) == Address(3, "10.0.0.10/24", False, True)


def test_the_own_end_of_a_point_to_point_link_counts() -> None:
    ends = attribute(1, b"\x0a\0\0\x01") + attribute(2, b"\x0a\0\0\x02")
    found = parse(NEWADDR, struct.pack("=BBBBI", 2, 32, 0, 0, 3) + ends)
    assert isinstance(found, Address)
    assert found.address == "10.0.0.2/32"


def test_links_are_read() -> None:
    head = struct.pack("=BxHiII", 0, 1, 4, 0x1, 0)
    rest = attribute(3, b"eth0\0") + attribute(1, b"\x52\x54\0\0\0\1")
    rest += attribute(33, b"\1") + attribute(35, struct.pack("=I", 9))
    expected = Link(4, "eth0", 1, b"\x52\x54\0\0\0\1", True, True, 9, False)
    assert parse(NEWLINK, head + rest) == expected
    assert parse(DELLINK, head + rest) == expected._replace(gone=True)


def test_a_bridges_word_about_its_port_is_not_the_ports() -> None:
    assert parse(NEWLINK, struct.pack("=BxHiII", 7, 1, 4, 1, 0) + attribute(3, b"eth0\0")) is None


@given(st.binary(max_size=200), st.sampled_from([NEWLINK, DELLINK, NEWADDR, DELADDR]))
def test_damaged_messages_are_passed_over(data: bytes, kind: int) -> None:
    parse(kind, data)
    list(messages(data))


@pytest.mark.root
def test_the_kernel_keeps_tag_and_answers(lab: Lab) -> None:
    output = lab.python(
        "from hwagent.net.rtnetlink import Netlink, Events\n"
        "n, e = Netlink(), Events()\n"
        "n.add_address('eth0', '10.0.0.10/24')\n"
        "try: n.add_address('eth0', '10.0.0.10/24')\n"
        "except FileExistsError: print('twice')\n"
        "print([(a.address, a.tagged) for a in n.addresses() if a.address[:3] == '10.'])\n"
        "n.delete_address('eth0', '10.0.0.10/24')\n"
        "n.delete_address('eth0', '10.0.0.10/24')\n"
        "n.delete_address('nowhere', '10.0.0.10/24')\n"
        "print([a.gone for a in e.read() + e.read()])\n"
        "try: n.add_address('nowhere', '10.0.0.10/24')\n"
        "except OSError as e: print(e.strerror)\n"
    )
    assert output.splitlines() == [
        "twice",
        "[('10.0.0.10/24', True)]",
        "[False, True]",
        "No such device",
    ]


@pytest.mark.root
def test_lost_events_are_noticed(lab: Lab) -> None:
    output = lab.python(
        "from hwagent.net.rtnetlink import Netlink, Events\n"
        "n, e = Netlink(), Events()\n"
        "for _ in range(20000):\n"
        "    n.add_address('eth0', '10.0.0.10/24'); n.delete_address('eth0', '10.0.0.10/24')\n"
        "found = [e.read() for _ in range(50000)]\n"
        "print(None in found, found[-1])\n"
    )
    assert output.strip() == "True []"
