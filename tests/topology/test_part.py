"""What a host tells of itself: found out from its kernel, told in small pieces, put together."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.root import Root
from hwagent.config import Config
from hwagent.config.bmcs import Bmc
from hwagent.config.schema import Cluster, Group, Vip
from hwagent.config.switches import Switch
from hwagent.config.topology import Machine, Rack, Topology
from hwagent.daemon.loading import rule_set
from hwagent.daemon.oneshot import look
from hwagent.model import Component, Health
from hwagent.testing.server import Server
from hwagent.topology import digest
from hwagent.topology.discover import links_heard
from hwagent.topology.fleet import Fleet
from hwagent.topology.graph import Graph, Need, Node, need
from hwagent.topology.part import Part, part

NEIGHBOUR = {
    "lldp": {
        "interface": [
            {
                "eno1": {
                    "via": "LLDP",
                    "chassis": {"sw1.example.org": {"id": {"type": "mac", "value": "00:11"}}},
                    "port": {"id": {"type": "ifname", "value": "Ethernet7"}},
                }
            }
        ]
    }
}


def server(place: Path) -> Server:
    """A server with a mirror, a bond and two power supplies, whose lldpd hears a switch."""
    made = Server.build(
        place,
        name="db1",
        disks=[{"name": "sda"}, {"name": "sdb"}],
        arrays=[{"name": "md0", "members": [
            {"device": "sda1", "slot": 0}, {"device": "sdb1", "slot": 1}]}],
        nics=[{"name": "eno1"}, {"name": "eno2"}],
        bonds=[{"name": "bond0", "legs": ["eno1", "eno2"]}],
        psus=[{"name": "PSU1"}, {"name": "PSU2"}],
    )  # fmt: skip
    command = place / "commands" / "lldpcli"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text(json.dumps(NEIGHBOUR))
    return made


CONFIG = Config(
    host="db1",
    vips=[Vip(address="10.0.0.10/24", interfaces=["bond0"], group="g")],
    groups=[Group(name="g", voters={"db1": ("10.0.0.1",), "db2": ("10.0.0.2",)}, quorum="any")],
    topology=Topology(hosts={"db1": Machine(rack="r1", psus={"PSU1": "a"})}),
)


def told(made: Server, links: dict[str, str]) -> Graph:
    found = look(Root(made.tree.path), CONFIG, rule_set(CONFIG)).components
    links |= links_heard(found)
    return Graph(part("db1", CONFIG, found, links).nodes)


def test_a_host_finds_out_what_it_hangs_on(tmp_path):
    graph = told(server(tmp_path), {})
    disks = list(graph.below("array:db1/md0"))
    assert len(disks) == 2
    assert graph.get("array:db1/md0").needs == (need(1, disks),)
    assert graph.get("bond:db1/bond0").needs == (need(1, ["nic:db1/eno1", "nic:db1/eno2"]),)
    assert need(1, ["port:sw1/Ethernet7"]) in graph.get("nic:db1/eno1").needs
    assert list(graph.below("port:sw1/Ethernet7")) == ["switch:sw1"]
    host = graph.get("host:db1").needs
    assert need(1, ["psu:db1/PSU1", "psu:db1/PSU2"]) in host
    assert need(1, ["bond:db1/bond0"]) in host
    assert need(1, ["rack:r1"]) in host
    assert list(graph.below("psu:db1/PSU1")) == ["feed:a"]
    assert set(graph.below("seat:db1/g")) == {"host:db1", "bond:db1/bond0"}
    assert "host:db2" in set(graph.below("group:g"))


def test_both_legs_on_one_card_are_told(tmp_path):
    graph = told(server(tmp_path), {})
    cards = [[c for c in graph.below(f"nic:db1/{n}") if c.startswith("card:")] for n in
             ("eno1", "eno2")]  # fmt: skip
    assert cards[0] == cards[1] == ["card:db1/0000:03:00"]


def test_what_a_card_hung_on_is_remembered_while_it_has_no_link(tmp_path):
    made, links = server(tmp_path), {}
    told(made, links)
    made.set("nic:eno1", carrier=False)
    (tmp_path / "commands" / "lldpcli").write_text(json.dumps({"lldp": {}}))
    graph = told(made, links)
    assert graph.get("nic:db1/eno1").state == "down"
    assert need(1, ["port:sw1/Ethernet7"]) in graph.get("nic:db1/eno1").needs


def test_a_faulty_member_and_a_dead_supply_are_down(tmp_path):
    made = server(tmp_path)
    made.array("md0").members[1].state = "faulty"
    made.set("psu:PSU2", online=False)
    graph = told(made, {})
    down = {id for id in graph.ids() if graph.get(id).state == "down"}
    assert "psu:db1/PSU2" in down
    assert len([id for id in down if id.startswith("disk:")]) == 1


ids = st.builds("{}:{}".format, st.sampled_from(["disk", "host", "feed"]), st.text(
    "ab/.é☃", min_size=1, max_size=60))  # fmt: skip
needs = st.lists(st.builds(need, st.integers(1, 4), st.lists(ids, min_size=1, max_size=30)),
                 max_size=3)  # fmt: skip
nodes = st.builds(
    lambda id, needs, state: Node(id=id, needs=tuple(needs), state=state, facts=(("model", "x"),)),
    ids, needs, st.sampled_from(["", "down", "unknown"]),
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(nodes, max_size=8, unique_by=lambda n: n.id), st.text("ab.", min_size=1))
def test_what_is_told_is_what_is_read_and_fits_into_packets(told, host):
    values = digest.write(host, Part(tuple(told), 3))
    assert all(len(f"{k}{v}".encode()) <= 900 for k, v in values.items())
    read = digest.read(host, values)
    assert len(read.nodes) + read.left == len(told) + 3
    kept = {n.id: n for n in read.nodes}
    assert kept == {n.id: n for n in told if n.id in kept}


@given(st.dictionaries(st.sampled_from(["dep", "dep:0:a:b", "dep:1:a:b"]), st.text(max_size=30)))
def test_whatever_another_host_tells_is_no_reason_to_fail(values):
    assert len(digest.read("h", {"dep": "1 0", **values}).nodes) <= 1


def test_another_form_is_not_read():
    assert digest.read("h", {"dep": "2 0", "dep:0:disk:a": '[[],"",[]]'}) == Part()


def test_a_host_with_too_many_parts_tells_the_nearest_and_counts_the_rest():
    disks = [f"disk:{n}" for n in range(900)]
    of = tuple(Node(id=f"disk:h/{n}", state="down") for n in range(900))
    values = digest.write("h", Part((Node(id="host:h", needs=(need(1, disks[:5]),)), *of)))
    assert len(values) <= 601
    assert digest.read("h", values).left == 900 - (len(values) - 2)


def test_parts_of_several_hosts_hold_together_and_one_that_goes_takes_only_its_own():
    fleet = Fleet()
    switch = Node(id="switch:sw1", needs=(need(1, ["feed:a"]),))
    fleet.take("h1", [Node(id="host:h1", needs=(need(1, ["switch:sw1"]),)), switch])
    fleet.take("h2", [Node(id="host:h2", needs=(need(1, ["switch:sw1"]),)), switch])
    assert fleet.solver.singles("host:h2") == {"host:h2", "switch:sw1", "feed:a"}
    assert fleet.services() == ["host:h1", "host:h2", "fleet:all"]
    fleet.forget("h1")
    assert fleet.services() == ["host:h2", "fleet:all"]
    assert fleet.solver.singles("fleet:all") == {"host:h2", "switch:sw1", "feed:a"}
    fleet.take("h2", [Node(id="host:h2")])
    assert fleet.solver.singles("host:h2") == {"host:h2"}


@pytest.mark.parametrize("state", ["down", "unknown", ""])
def test_of_two_that_tell_of_one_component_the_worse_news_count_and_no_news_are_none(state):
    fleet = Fleet()
    fleet.take("h1", [Node(id="psu:sw1/P", state=state)])
    fleet.take("h2", [Node(id="psu:sw1/P", state="unknown")])
    assert fleet.graph.get("psu:sw1/P").state == state


def psu(name: str) -> Component:
    id = f"psu:{name}"
    return Component(id=id, kind="psu", health=Health.OK, reason="", attributes={}, metrics={})


def supplied(config: Config, *names: str) -> tuple[Need, ...]:
    """What a host with such power supplies needs, and the feed of each."""
    graph = Graph(part("h", config, [psu(name) for name in names], {}).nodes)
    assert all(id.startswith("feed:") for one in graph.below("host:h") for id in graph.below(one))
    return graph.get("host:h").needs


def test_supplies_of_a_switch_or_of_another_host_s_bmc_are_none_of_the_host_s() -> None:
    config = Config(
        switches=[Switch(name="sw1", address="192.0.2.1", community_file="/x")],
        bmcs=[Bmc(name="own", address="192.0.2.2"), Bmc(name="b2", address="192.0.2.3", host="h2")],
    )
    needs = supplied(config, "sw1/PSU_1", "sw1/PSU_2", "own/PSU_1", "b2/PSU_1")
    assert needs == (need(1, ["psu:h/own/PSU_1"]),)


def test_supplies_that_two_ways_tell_of_are_there_once() -> None:
    needs = supplied(Config(), "ipmi/PS1", "own/PSU_1", "own/PSU_2", "ipmi/PS2", "own/PSU_3")
    assert needs == (need(1, [f"psu:h/own/PSU_{n}" for n in (1, 2, 3)]),)


@pytest.mark.parametrize("found", [("own/PSU_1", "own/PSU_2"), ("ipmi/PS1_Status", "ipmi/PS2_S")])
def test_a_declared_supply_is_the_one_with_its_name_or_number(found: tuple[str, str]) -> None:
    hosts = {"h": Machine(psus={"PSU1": "a", "PSU2": "b"}, psus_needed=2)}
    config = Config(topology=Topology(hosts=hosts))
    assert supplied(config, *found) == (need(2, [f"psu:h/{name}" for name in found]),)
    graph = Graph(part("h", config, [psu(name) for name in found], {}).nodes)
    assert [list(graph.below(f"psu:h/{name}")) for name in found] == [["feed:a"], ["feed:b"]]


def test_one_that_is_not_found_stays_as_it_was_declared() -> None:
    config = Config(topology=Topology(hosts={"h": Machine(psus={"left": "a"})}))
    assert supplied(config, "own/PSU_1") == (need(1, ["psu:h/left", "psu:h/own/PSU_1"]),)


def test_a_card_hangs_on_the_port_as_its_switch_calls_it() -> None:
    heard = [{"system": "sw1", "port": "512"}]
    attributes = {"neighbours": heard, "far_port": "port:sw1/ge-0/0/1", "bus": "0000:01:00.0"}
    card = Component(id="nic:a", kind="nic", health=Health.OK, reason="", attributes=attributes,
                     metrics={"link_expected": 1})  # fmt: skip
    graph = Graph(part("h", Config(), [card], {"a": "port:sw1/9"}).nodes)
    assert list(graph.below("nic:h/a")) == ["port:sw1/ge-0/0/1"]


@pytest.mark.parametrize(
    ("zone", "chain"),
    [
        (("fra", "cellar", "r1"), ["rack:r1", "room:cellar", "site:fra"]),
        (("fra", "r1"), ["rack:r1", "site:fra"]),
        (("r1",), ["rack:r1"]),
        (("fra", "r2"), ["rack:r2", "site:ber"]),
    ],
)
def test_rack_and_site_follow_from_the_zone(zone: tuple[str, ...], chain: list[str]) -> None:
    """What is described of a rack counts more."""
    racks = {"r2": Rack(site="ber")}
    config = Config(cluster=Cluster(zone=zone), topology=Topology(racks=racks))
    graph = Graph(part("h", config, [psu("1")], {}).nodes)
    found, at = [], list(graph.below("host:h"))[-1]
    while at:
        found.append(at)
        at = next(iter(graph.below(at)), "")
    assert found == chain


def test_the_software_of_a_switch_is_told_by_who_polls_it() -> None:
    config = Config(switches=[Switch(name="sw1", address="192.0.2.1", community_file="/x")])
    attributes = {"maker": "Acme", "software": "4.15.3F"}
    one = Component(id="switch:sw1", kind="switch", health=Health.OK, reason="",
                    attributes=attributes, metrics={})  # fmt: skip
    graph = Graph(part("h", config, [one], {}).nodes)
    assert graph.get("switch:sw1").facts == (("firmware", "Acme 4.15.3F"),)
