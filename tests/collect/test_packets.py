"""Packets that were damaged or lost on their way, as the kernel counts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.collect.packets import Tcp, counts, damaged, tcp

_SNMP = """Ip: Forwarding DefaultTTL InReceives
Ip: 2 64 1711
Icmp: InMsgs InErrors InCsumErrors InDestUnreachs
Icmp: 13 2 2 11
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn OutSegs RetransSegs InErrs OutRsts InCsumErrors
Tcp: 1 200 120000 -1 900 7 0 3 40
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors MemErrors
Udp: 158 11 300 170 0 0 300 0
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors MemErrors
UdpLite: 0 0 0 0 0 0 0 0
"""


def test_those_of_all_protocols_are_counted() -> None:
    assert damaged(counts(_SNMP)) == 342


def test_what_was_lost_was_sent_again() -> None:
    assert tcp(counts(_SNMP)) == Tcp(sent=900, again=7)


def test_this_kernel_tells_them() -> None:
    with open("/proc/net/snmp") as file:
        found = counts(file.read())
    assert damaged(found) is not None
    assert tcp(found) is not None


@pytest.mark.parametrize(
    "text",
    ["", "Udp: InCsumErrors", "Udp: InCsumErrors\nUdp: many\n", "Udp: A InCsumErrors\nUdp: 1\n",
     "Udp: InDatagrams\nUdp: 5\n"],
    ids=["empty", "half", "no number", "too short", "of an old kernel"],
)  # fmt: skip
def test_what_does_not_say_is_not_taken_for_none(text: str) -> None:
    assert damaged(counts(text)) is None
    assert tcp(counts(text)) is None


@given(st.integers(0, len(_SNMP)), st.text(max_size=20))
def test_no_text_breaks_it(at: int, text: str) -> None:
    found = counts(_SNMP[:at] + text + _SNMP[at + len(text) :])
    number, segments = damaged(found), tcp(found)
    assert number is None or number >= 0
    assert segments is None or min(segments) >= 0
