"""Network interfaces: links, speeds and errors as people see them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.nic import NicCollector
from hwagent.collect.root import Root
from hwagent.model import Sample
from hwagent.testing.tree import Content, Tree
from tests.veth import namespace
from tests.waiting import wait_for

_GOOD: dict[str, Content] = {
    "type": 1,
    "flags": "0x1003",
    "carrier": 1,
    "carrier_changes": 3,
    "carrier_up_count": 2,
    "operstate": "up",
    "speed": 10000,
    "duplex": "full",
    "mtu": 1500,
    "address": "02:00:00:00:00:01",
    "addr_assign_type": 0,
}


def _nic(tree: Tree, name: str = "eth0", **files: Content) -> None:
    tree.fill(f"sys/class/net/{name}", {**_GOOD, **files})


def _look(tree: Tree) -> dict[str, Sample]:
    return {s.id: s for s in NicCollector().collect(Root(tree.path), "")}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_a_good_nic_has_a_link_and_a_speed(tree: Tree) -> None:
    _nic(tree)
    sample = _look(tree)["nic:eth0"]
    assert sample.metrics["carrier"] == 1
    assert sample.metrics["speed_bits_per_second"] == 10_000_000_000
    assert sample.metrics["link_expected"] == 1
    assert sample.attributes["permanent_address"] == "02:00:00:00:00:01"
    assert not sample.problems


def test_a_nic_that_is_switched_off_is_no_fault(tree: Tree) -> None:
    _nic(tree, flags="0x1002", operstate="down", carrier=b"", speed=b"", duplex=b"")
    sample = _look(tree)["nic:eth0"]
    assert sample.metrics["admin_up"] == 0
    assert sample.metrics["link_expected"] == 0
    assert "carrier" not in sample.metrics
    assert not sample.problems
    assert not sample.unreadable


@pytest.mark.parametrize("speed", [-1, 4294967295])
def test_an_unknown_speed_is_neither_a_speed_nor_damage(tree: Tree, speed: int) -> None:
    _nic(tree, speed=speed)
    sample = _look(tree)["nic:eth0"]
    assert "speed_bits_per_second" not in sample.metrics
    assert sample.metrics["speed_known"] == 0
    assert not sample.problems


@pytest.mark.parametrize("damage", [b"", b"2", b"x", b"\xff\xfe"])
def test_a_damaged_carrier_makes_the_nic_unknown(tree: Tree, damage: bytes) -> None:
    _nic(tree, carrier=damage)
    sample = _look(tree)["nic:eth0"]
    assert "carrier" not in sample.metrics
    assert "carrier unknown" in sample.unreadable


def test_a_missing_carrier_makes_the_nic_unknown(tree: Tree) -> None:
    _nic(tree)
    tree.remove("sys/class/net/eth0/carrier")
    assert "carrier unknown" in _look(tree)["nic:eth0"].unreadable


def test_a_port_that_was_never_used_expects_no_link(tree: Tree) -> None:
    _nic(tree, carrier=0, carrier_changes=1, carrier_up_count=0, operstate="down")
    assert _look(tree)["nic:eth0"].metrics["link_expected"] == 0


@pytest.mark.parametrize("reason", ["was up", "has a route", "is a leg", "carries a VLAN"])
def test_a_port_that_something_depends_on_expects_a_link(tree: Tree, reason: str) -> None:
    up_count = 1 if reason == "was up" else 0
    _nic(tree, carrier=0, carrier_up_count=up_count, operstate="down")
    if reason == "has a route":
        tree.write("proc/net/route", "Iface Destination\neth0 00000000 0101A8C0")
    if reason == "is a leg":
        tree.write("sys/class/net/bond0/bonding/slaves", "eth0")
    if reason == "carries a VLAN":
        tree.link("sys/class/net/eth0/upper_eth0.10", "sys/class/net/eth0.10")
    assert _look(tree)["nic:eth0"].metrics["link_expected"] == 1


def test_errors_of_the_wire_and_of_a_slow_host_are_told_apart(tree: Tree) -> None:
    _nic(tree)
    statistics = {"rx_crc_errors": 3, "rx_frame_errors": 2, "rx_missed_errors": 7, "rx_errors": 5}
    tree.fill("sys/class/net/eth0/statistics", dict(statistics))
    metrics = _look(tree)["nic:eth0"].metrics
    assert metrics["wire_errors"] == 5
    assert metrics["host_errors"] == 7


def test_transmit_queues_that_hung_are_counted_together(tree: Tree) -> None:
    _nic(tree)
    tree.write("sys/class/net/eth0/queues/tx-0/tx_timeout", 2)
    tree.write("sys/class/net/eth0/queues/tx-1/tx_timeout", 1)
    assert _look(tree)["nic:eth0"].metrics["tx_timeouts"] == 3


def test_tells_driver_card_and_bond(tree: Tree) -> None:
    card = "sys/devices/pci0000:00/0000:00:1f.6"
    tree.fill(f"{card}/net/eth0", _GOOD)
    tree.fill(card, {"vendor": "0x8086", "device": "0x15d7"})
    tree.link(f"{card}/driver", "sys/bus/pci/drivers/e1000e")
    tree.link(f"{card}/net/eth0/device", card)
    tree.link("sys/class/net/eth0", f"{card}/net/eth0")
    tree.write("sys/class/net/bond0/bonding/slaves", "eth0 eth1")
    attributes = _look(tree)["nic:eth0"].attributes
    assert attributes["bus"] == "0000:00:1f.6"
    assert attributes["driver"] == "e1000e"
    assert attributes["peer_group"] == "e1000e/8086:15d7"
    assert attributes["bond"] == "bond:bond0"


def test_loopback_bonds_bridges_and_taps_are_no_nics(tree: Tree) -> None:
    for name in ("lo", "bond0", "br0", "tap0"):
        _nic(tree, name)
    tree.write("sys/class/net/bond0/bonding/slaves", "")
    tree.write("sys/class/net/br0/bridge/stp_state", 0)
    tree.write("sys/class/net/tap0/tun_flags", "0x1002")
    tree.write("sys/class/net/bonding_masters", "bond0")
    assert _look(tree) == {}


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(_GOOD)), st.binary(max_size=40))
def test_no_content_of_a_file_breaks_the_look(
    tmp_path_factory: pytest.TempPathFactory, file: str, content: bytes
) -> None:
    tree = Tree(tmp_path_factory.mktemp("nic"))
    _nic(tree, **{file: content})
    for sample in _look(tree).values():
        assert sample.metrics.get("carrier", 0) in (0, 1)


@pytest.mark.root
def test_a_pulled_cable_is_seen_on_a_real_interface() -> None:
    with namespace() as space:
        before = wait_for(lambda: _up(space.collect("nic")["nic:veth0"]), what="carrier")
        assert before.metrics["operstate"] == "up"
        space.ip("link set veth1 down")
        after = space.collect("nic")
        assert after["nic:veth0"].metrics["carrier"] == 0
        assert after["nic:veth0"].metrics["link_expected"] == 1
        changes = after["nic:veth0"].metrics["carrier_changes"]
        assert isinstance(changes, int)
        assert changes > int(before.metrics["carrier_changes"])
        assert after["nic:veth1"].metrics["admin_up"] == 0
        assert "carrier" not in after["nic:veth1"].metrics
        assert not any(s.unreadable or s.problems for s in after.values())


def _up(sample: Sample) -> Sample | None:
    return sample if sample.metrics.get("carrier") == 1 else None
