"""Bridges and VLANs, and what they are built on."""

from pathlib import Path

import pytest

from hwagent.collect.link import LinkCollector
from hwagent.collect.root import Root
from hwagent.model import Sample
from hwagent.testing.tree import Tree
from tests.veth import namespace
from tests.waiting import wait_for


def _look(tree: Tree) -> dict[str, Sample]:
    return {s.id: s for s in LinkCollector().collect(Root(tree.path), "")}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path)
    for name, carrier in (("eth0", 1), ("eth1", 0), ("tap0", 1)):
        tree.fill(f"sys/class/net/{name}", {"type": 1, "flags": "0x1003", "carrier": carrier})
    tree.write("sys/class/net/tap0/tun_flags", "0x1002")
    return tree


def _upper(tree: Tree, name: str, lowers: list[str], carrier: int) -> None:
    at = f"sys/class/net/{name}"
    tree.fill(at, {"type": 1, "flags": "0x1003", "carrier": carrier, "operstate": "up"})
    for lower in lowers:
        tree.link(f"{at}/lower_{lower}", f"sys/class/net/{lower}")


def test_a_bridge_counts_its_ports_but_not_taps_of_guests(tree: Tree) -> None:
    _upper(tree, "br0", ["eth0", "eth1", "tap0"], 1)
    tree.write("sys/class/net/br0/bridge/stp_state", 0)
    sample = _look(tree)["link:br0"]
    assert sample.attributes["type"] == "bridge"
    assert sample.attributes["lowers"] == ["nic:eth0", "nic:eth1"]
    assert sample.metrics["lowers_total"] == 2
    assert sample.metrics["lowers_up"] == 1


def test_a_vlan_tells_its_number_and_what_it_stands_on(tree: Tree) -> None:
    _upper(tree, "eth1.10", ["eth1"], 0)
    tree.write("proc/net/vlan/eth1.10", "eth1.10  VID: 10\t REORDER_HDR: 1  dev->priv_flags: 1")
    sample = _look(tree)["link:eth1.10"]
    assert sample.attributes["type"] == "vlan"
    assert sample.attributes["vlan_id"] == 10
    assert sample.attributes["lowers"] == ["nic:eth1"]
    assert sample.metrics["carrier"] == 0


def test_a_bridge_without_ports_is_there(tree: Tree) -> None:
    _upper(tree, "docker0", [], 0)
    tree.write("sys/class/net/docker0/uevent", "DEVTYPE=bridge")
    assert _look(tree)["link:docker0"].metrics["lowers_total"] == 0


def test_a_link_that_cannot_be_read_is_unknown(tree: Tree) -> None:
    _upper(tree, "br0", ["eth0"], 1)
    tree.write("sys/class/net/br0/carrier", "maybe")
    assert "carrier unknown" in _look(tree)["link:br0"].unreadable


@pytest.mark.root
def test_a_real_bridge_loses_its_link_with_its_port() -> None:
    with namespace() as space:
        space.ip("link add br0 type bridge")
        space.ip("link set br0 up")
        space.ip("link set veth0 master br0")
        sample = wait_for(lambda: _with_link(space.collect("link"), 1), what="link of the bridge")
        assert sample.attributes["lowers"] == ["nic:veth0"]
        assert space.collect("nic")["nic:veth0"].attributes["master"] == "br0"
        space.ip("link set veth1 down")
        assert wait_for(lambda: _with_link(space.collect("link"), 0)).metrics["lowers_up"] == 0


def _with_link(samples: dict[str, Sample], carrier: int) -> Sample | None:
    sample = samples["link:br0"]
    return sample if sample.metrics.get("carrier") == carrier else None
