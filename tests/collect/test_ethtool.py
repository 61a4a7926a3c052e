"""What ethtool says of a port, from captures and from a real interface."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.ethtool import EthtoolCollector, decode
from hwagent.collect.root import Root
from hwagent.testing.tree import Tree
from tests.veth import namespace

_SETTINGS = """Settings for eth0:
    Advertised link modes:  100baseT/Half 100baseT/Full
                            1000baseT/Full
    Link partner advertised link modes:  10baseT/Half
                                         1000baseT/Full
    Speed: 100Mb/s
    Duplex: Full
    Auto-negotiation: on
    Port: Twisted Pair
    Link detected: yes
"""
_NO_LINK = """Settings for eth0:
\tSpeed: Unknown!
\tDuplex: Unknown! (255)
\tLink detected: no (No cable)
"""
_STATISTICS = """NIC statistics:
     rx_packets: 10
     rx_crc_errors_phy: 4
     rx_queue_0_drops: 2
     rx_queue_1_drops: 3
     link_down_events_phy: 9
     rx_symbol_err_phy: -1
     duplicate metric: 1
"""
_DRIVER = "driver: ice\nversion: 6.1\nfirmware-version: 4.20\nbus-info: 0000:01:00.0\n"


def test_tells_the_speed_that_both_ends_offer() -> None:
    [sample] = decode(_SETTINGS.encode())
    assert sample.id == "nic:eth0"
    assert sample.metrics["speed_bits_per_second"] == 100_000_000
    assert sample.metrics["negotiable_speed_bits_per_second"] == 1_000_000_000
    assert sample.metrics["duplex"] == "full"
    assert sample.metrics["carrier"] == 1


def test_a_port_without_link_has_no_speed() -> None:
    [sample] = decode(_NO_LINK.encode())
    assert sample.metrics == {"carrier": 0}


def test_takes_what_is_known_from_the_drivers_own_counters() -> None:
    [sample] = decode(_STATISTICS.encode())
    assert sample.metrics["driver_crc_errors"] == 4
    assert sample.metrics["driver_queue_drops"] == 5
    assert sample.metrics["driver_link_downs"] == 9
    assert "driver_symbol_errors" in sample.problems


def test_errors_of_single_requests_are_kept() -> None:
    [sample] = decode(("netlink error: Operation not permitted\n" + _SETTINGS).encode())
    assert sample.attributes["messages"] == ["netlink error: Operation not permitted"]
    assert sample.metrics["carrier"] == 1


@pytest.mark.parametrize("text", ["", "ERROR: 1", "hello", "NIC", "\0\0"])
def test_what_is_no_output_of_ethtool_is_unknown(text: str) -> None:
    [sample] = decode(text.encode())
    assert sample.unreadable


def test_a_capture_is_read_as_one_port(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.write("commands/ethtool-eth0", _SETTINGS)
    tree.write("commands/ethtool-S-eth0", _STATISTICS)
    tree.write("commands/ethtool-i-eth0", _DRIVER)
    tree.write("commands/ethtool-m-eth1", "Identifier : 0x03 (SFP)")
    collector, root = EthtoolCollector(), Root(tmp_path)
    assert collector.targets(root) == ["eth0"]
    [sample] = collector.collect(root, "eth0")
    assert sample.id == "nic:eth0"
    assert sample.attributes["firmware"] == "4.20"
    assert sample.metrics["driver_rx_packets"] == 10
    assert sample.metrics["autonegotiation"] == 1


def test_a_host_without_captures_has_no_targets(tmp_path: Path) -> None:
    assert EthtoolCollector().targets(Root(tmp_path)) == []


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 600), st.text(max_size=30), st.sampled_from([_SETTINGS, _STATISTICS, _DRIVER])
)
def test_no_text_breaks_the_decoder(at: int, text: str, good: str) -> None:
    [sample] = decode((good[:at] + text + good[at + len(text) :]).encode("utf-8", "replace"))
    assert sample.kind == "nic"


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_decoder(data: bytes) -> None:
    assert len(decode(data)) == 1


@pytest.mark.root
def test_asks_a_real_interface_for_its_driver() -> None:
    with namespace() as space:
        [sample] = space.collect("ethtool", "veth0").values()
        assert sample.attributes["driver"] == "veth"
        assert not sample.unreadable


def test_an_interface_that_is_gone_is_no_hardware() -> None:
    assert EthtoolCollector().collect(Root("/"), "hwagent-none") == []
