"""Bonds: how many legs are left, which one is used, and whether the switch takes part."""

import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.bond import BondCollector, decode
from hwagent.collect.root import Root
from hwagent.model import Sample
from hwagent.testing.tree import Content, Tree

_CORPUS = Path(__file__).parents[3] / "shared/corpora/node_exporter-sys.tar.gz"
_LACP = """Ethernet Channel Bonding Driver: v6.1.0

Bonding Mode: IEEE 802.3ad Dynamic link aggregation
Transmit Hash Policy: layer2 (0)
MII Status: up
MII Polling Interval (ms): 100
Up Delay (ms): 0
Down Delay (ms): 0

802.3ad info
LACP active: on
LACP rate: slow
Min links: 1
Aggregator selection policy (ad_select): stable
Active Aggregator Info:
\tAggregator ID: 1
\tNumber of ports: 1
\tActor Key: 15
\tPartner Mac Address: 00:1c:73:aa:bb:cc

Slave Interface: eth0
MII Status: up
Speed: 10000 Mbps
Duplex: full
Link Failure Count: 2
Permanent HW addr: 02:00:00:00:00:01
Aggregator ID: 1
Actor Churn State: none
Partner Churn State: none
details actor lacp pdu:
    port state: 61
details partner lacp pdu:
    system mac address: 00:1c:73:aa:bb:cc
    port state: 61

Slave Interface: eth1
MII Status: up
Speed: 1000 Mbps
Duplex: full
Link Failure Count: 5
Aggregator ID: 2
Actor Churn State: none
Partner Churn State: churned
details actor lacp pdu:
    port state: 69
details partner lacp pdu:
    port state: 1
"""


def _leg(tree: Tree, name: str, **files: Content) -> None:
    at = f"sys/class/net/{name}"
    good: dict[str, Content] = {"carrier": 1, "speed": 10000, "duplex": "full", "flags": "0x1803"}
    slave: dict[str, Content] = {"mii_status": "up", "link_failure_count": 0}
    tree.fill(at, {**good, **{k: v for k, v in files.items() if k not in slave and "ad_" not in k}})
    own = {k: v for k, v in files.items() if k in slave or "ad_" in k}
    tree.fill(f"{at}/bonding_slave", {**slave, **own})


def _bond(tree: Tree, legs: str = "eth0 eth1", **files: Content) -> None:
    good: dict[str, Content] = {
        "slaves": legs,
        "mode": "active-backup 1",
        "active_slave": "eth0",
        "miimon": 100,
        "min_links": 0,
    }
    tree.fill("sys/class/net/bond0/bonding", {**good, **files})
    own: dict[str, Content] = {"operstate": "up", "carrier_changes": 7, "mtu": 9000}
    tree.fill("sys/class/net/bond0", {"carrier": 1, "flags": "0x1403", **own})


def _look(tree: Tree) -> Sample:
    [sample] = BondCollector().collect(Root(tree.path), "")
    return sample


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path)
    _bond(tree)
    _leg(tree, "eth0")
    _leg(tree, "eth1")
    return tree


def test_a_whole_bond(tree: Tree) -> None:
    sample = _look(tree)
    assert sample.id == "bond:bond0"
    assert sample.attributes["legs"] == ["nic:eth0", "nic:eth1"]
    assert sample.metrics["mode"] == "active-backup"
    assert sample.metrics["legs_up"] == sample.metrics["legs_total"] == 2
    assert sample.metrics["active_leg"] == "eth0"
    assert sample.metrics["active_leg_bad"] == 0
    assert sample.metrics["standby_leg"] == "eth1"
    assert sample.metrics["monitored"] == 1
    assert (sample.metrics["operstate"], sample.metrics["carrier_changes"]) == ("up", 7)
    assert sample.metrics["mtu_bytes"] == 9000
    assert not sample.problems


def test_a_dead_leg_is_counted_and_named(tree: Tree) -> None:
    _leg(tree, "eth1", mii_status="down", carrier=0)
    sample = _look(tree)
    assert sample.metrics["legs_up"] == sample.metrics["legs_good"] == 1
    assert sample.metrics["legs_down"] == 1
    assert sample.attributes["legs_dead"] == ["eth1"]
    assert sample.metrics["standby_legs_good"] == 0


@pytest.mark.parametrize(
    "fault",
    [{"mii_status": "down"}, {"carrier": 0}, {"speed": 1000}, {"duplex": "half"}],
    ids=["dead", "no carrier", "slower", "half duplex"],
)
def test_an_active_leg_that_is_worse_than_another_is_bad(
    tree: Tree, fault: dict[str, Content]
) -> None:
    _leg(tree, "eth0", **fault)
    metrics = _look(tree).metrics
    assert metrics["active_leg_bad"] == 1
    assert metrics["standby_leg"] == "eth1"


def test_a_slow_active_leg_is_fine_if_no_other_is_better(tree: Tree) -> None:
    _leg(tree, "eth0", speed=1000)
    _leg(tree, "eth1", speed=1000)
    assert _look(tree).metrics["active_leg_bad"] == 0


def test_a_bond_without_active_leg_is_bad(tree: Tree) -> None:
    _bond(tree, active_slave="")
    metrics = _look(tree).metrics
    assert metrics["active_leg"] == "none"
    assert metrics["active_leg_up"] == 0
    assert metrics["active_leg_bad"] == 1


def test_errors_of_the_active_leg_stand_beside_those_of_the_others(tree: Tree) -> None:
    for leg, errors in (("eth0", 12), ("eth1", 3)):
        tree.fill(
            f"sys/class/net/{leg}/statistics",
            {"rx_errors": errors, "rx_crc_errors": errors, "tx_errors": 0},
        )
    metrics = _look(tree).metrics
    assert metrics["active_leg_errors"] == 12
    assert metrics["standby_errors"] == 3


def test_what_the_active_leg_hears_stands_beside_what_the_other_does(tree: Tree) -> None:
    for leg, received in (("eth0", 7), ("eth1", 70)):
        tree.fill(
            f"sys/class/net/{leg}/statistics", {"rx_packets": received, "tx_packets": 2 * received}
        )
    metrics = _look(tree).metrics
    assert metrics["active_leg_sent"] == 14
    assert metrics["active_leg_received"] == 7
    assert metrics["standby_received"] == 70


def test_a_bond_that_looks_at_nothing_is_unmonitored(tree: Tree) -> None:
    _bond(tree, miimon=0, arp_interval=0)
    assert _look(tree).metrics["monitored"] == 0


def test_a_bond_that_watches_by_arp_is_monitored(tree: Tree) -> None:
    _bond(tree, miimon=0, arp_interval=1000)
    assert _look(tree).metrics["monitored"] == 1


@pytest.mark.parametrize("damage", [b"", b"sideways", b"\xff"])
def test_a_leg_of_unknown_state_makes_the_bond_unknown(tree: Tree, damage: bytes) -> None:
    _leg(tree, "eth1", mii_status=damage)
    sample = _look(tree)
    assert "state of eth1 unknown" in sample.unreadable
    assert "legs_up" not in sample.metrics


def test_a_missing_list_of_legs_makes_the_bond_unknown(tree: Tree) -> None:
    tree.remove("sys/class/net/bond0/bonding/slaves")
    assert "legs unknown" in _look(tree).unreadable


def test_lacp_without_a_partner(tree: Tree) -> None:
    _bond(tree, mode="802.3ad 4", ad_partner_mac="00:00:00:00:00:00", ad_aggregator=1)
    _leg(tree, "eth0", ad_aggregator_id=1, ad_actor_oper_port_state=69)
    _leg(tree, "eth1", ad_aggregator_id=2, ad_actor_oper_port_state=69)
    metrics = _look(tree).metrics
    assert metrics["partner_missing"] == 1
    assert metrics["aggregator_mismatch"] == 1
    assert metrics["legs_defaulted"] == 2
    assert metrics["legs_good"] == 1
    assert "active_leg_bad" not in metrics


def test_lacp_in_order(tree: Tree) -> None:
    _bond(tree, mode="802.3ad 4", ad_partner_mac="00:1c:73:aa:bb:cc", ad_aggregator=1)
    for leg in ("eth0", "eth1"):
        state: dict[str, Content] = {"ad_actor_oper_port_state": 61}
        _leg(tree, leg, ad_aggregator_id=1, ad_partner_oper_port_state=63, **state)
    metrics = _look(tree).metrics
    assert metrics["partner_missing"] == metrics["aggregator_mismatch"] == 0
    assert metrics["legs_defaulted"] == metrics["legs_not_distributing"] == 0
    assert metrics["legs_good"] == 2


@pytest.mark.parametrize(
    ("states", "missing"),
    [((69, 69), 1), ((61, 69), 0), ((63, 63), 0), ((133, 133), 0)],
    ids=["no leg hears one", "one leg does", "both do", "just fallen silent"],
)
def test_a_user_without_privileges_is_told_by_the_legs_whether_there_is_a_partner(
    tree: Tree, states: tuple[int, int], missing: int
) -> None:
    # its address reads as nothing without CAP_NET_ADMIN
    _bond(tree, mode="802.3ad 4", ad_partner_mac="", ad_aggregator=1, ad_num_ports=1)
    for number, state in enumerate(states):
        _leg(tree, f"eth{number}", ad_aggregator_id=number + 1, ad_actor_oper_port_state=state)
    assert _look(tree).metrics["partner_missing"] == missing


def test_a_dead_leg_says_nothing_of_the_partner(tree: Tree) -> None:
    _bond(tree, mode="802.3ad 4", ad_partner_mac="", ad_aggregator=1)
    _leg(tree, "eth0", ad_aggregator_id=1, ad_actor_oper_port_state=61)
    _leg(tree, "eth1", ad_aggregator_id=2, ad_actor_oper_port_state=69, mii_status="down")
    assert _look(tree).metrics["partner_missing"] == 0


def test_of_legs_that_say_nothing_a_partner_is_not_known(tree: Tree) -> None:
    _bond(tree, mode="802.3ad 4", ad_partner_mac="", ad_aggregator=1)
    _leg(tree, "eth0", ad_aggregator_id=1, ad_actor_oper_port_state="N/A")
    _leg(tree, "eth1", ad_aggregator_id=2, ad_actor_oper_port_state=69)
    assert "partner_missing" not in _look(tree).metrics


def test_the_kernels_text_alone_tells_it_all() -> None:
    [sample] = decode(_LACP.encode())
    metrics = sample.metrics
    assert metrics["mode"] == "802.3ad"
    assert metrics["miimon_seconds"] == pytest.approx(0.1)
    assert metrics["min_links"] == 1
    assert metrics["aggregator_ports"] == 1
    assert metrics["partner_missing"] == 0
    assert metrics["aggregator_mismatch"] == 1
    assert metrics["legs_churned"] == 1
    assert metrics["legs_defaulted"] == 1
    assert metrics["legs_not_distributing"] == 1
    assert metrics["speed_mixed"] == 1
    assert metrics["link_failures"] == 7
    assert not sample.unreadable


def test_churn_is_read_beside_sysfs(tree: Tree) -> None:
    _bond(tree, mode="802.3ad 4", ad_aggregator=1)
    tree.write("proc/net/bonding/bond0", _LACP)
    metrics = _look(tree).metrics
    assert metrics["legs_churned"] == 1
    assert metrics["legs_good"] == 1
    assert "speed_mixed" in metrics


def test_a_text_without_mode_is_unknown() -> None:
    assert decode(b"")[0].unreadable
    assert decode(b"Slave Interface: eth0\nMII Status: up\n")[0].unreadable


def test_reads_the_bonds_of_node_exporters_tree(tmp_path: Path) -> None:
    if not _CORPUS.exists():
        pytest.skip("../shared/corpora is not here")
    with tarfile.open(_CORPUS) as archive:
        archive.extractall(tmp_path, filter="data")
    found = {s.id: s.metrics for s in BondCollector().collect(Root(tmp_path), "")}
    told = {id: (m["legs_up"], m["legs_total"]) for id, m in found.items()}
    assert told == {"bond:bond0": (0, 0), "bond:dmz": (2, 2), "bond:int": (1, 2)}


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(_LACP)), st.text(max_size=40))
def test_no_text_breaks_the_decoder(at: int, text: str) -> None:
    damaged = _LACP[:at] + text + _LACP[at + len(text) :]
    [sample] = decode(damaged.encode("utf-8", "replace"))
    assert sample.kind == "bond"


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoder(data: bytes) -> None:
    assert len(decode(data)) == 1
