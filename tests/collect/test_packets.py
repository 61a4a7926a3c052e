"""Damaged packets, as the kernel counts them for each protocol."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.collect.packets import damaged

_SNMP = """Ip: Forwarding DefaultTTL InReceives
Ip: 2 64 1711
Icmp: InMsgs InErrors InCsumErrors InDestUnreachs
Icmp: 13 2 2 11
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn RetransSegs InErrs OutRsts InCsumErrors
Tcp: 1 200 120000 -1 7 0 3 40
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors MemErrors
Udp: 158 11 300 170 0 0 300 0
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors MemErrors
UdpLite: 0 0 0 0 0 0 0 0
"""


def test_those_of_all_protocols_are_counted() -> None:
    assert damaged(_SNMP) == 342


def test_this_kernel_tells_them() -> None:
    with open("/proc/net/snmp") as file:
        assert damaged(file.read()) is not None


@pytest.mark.parametrize(
    "text",
    ["", "Udp: InCsumErrors", "Udp: InCsumErrors\nUdp: many\n", "Udp: A InCsumErrors\nUdp: 1\n",
     "Udp: InDatagrams\nUdp: 5\n"],
    ids=["empty", "half", "no number", "too short", "of an old kernel"],
)  # fmt: skip
def test_what_does_not_say_is_not_taken_for_none(text: str) -> None:
    assert damaged(text) is None


@given(st.integers(0, len(_SNMP)), st.text(max_size=20))
def test_no_text_breaks_it(at: int, text: str) -> None:
    found = damaged(_SNMP[:at] + text + _SNMP[at + len(text) :])
    assert found is None or found >= 0
