"""Neighbours from lldpcli, in all its forms; what is none of its output is unknown."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.collect.lldp import LldpCollector, decode
from hwagent.collect.root import Root, Unreadable

MAC = {"type": "mac", "value": "00:11:22:33:44:55"}
PORT = {"type": "ifname", "value": "Gi1/0/7"}
JSON = {
    "lldp": {
        "interface": {
            "eno1": {
                "via": "LLDP",
                "chassis": {"sw1": {"id": MAC, "mgmt-ip": ["192.0.2.1", "2001:db8::1"]}},
                "port": {"id": PORT, "descr": "rack 3"},
                "vlan": {"vlan-id": "101", "pvid": True},
            }
        }
    }
}
JSON0 = {
    "lldp": [
        {
            "interface": [
                {
                    "name": "eno1",
                    "via": "LLDP",
                    "chassis": [
                        {
                            "id": [MAC],
                            "name": [{"value": "sw1"}],
                            "mgmt-ip": [{"value": "192.0.2.1"}, {"value": "2001:db8::1"}],
                        }
                    ],
                    "port": [{"id": [PORT], "descr": [{"value": "rack 3"}]}],
                    "vlan": [{"vlan-id": "101", "pvid": True}],
                }
            ]
        }
    ]
}
KEYVALUE = """lldp.eno1.via=LLDP
lldp.eno1.chassis.mac=00:11:22:33:44:55
lldp.eno1.chassis.name=sw1
lldp.eno1.chassis.mgmt-ip=192.0.2.1
lldp.eno1.chassis.mgmt-ip=2001:db8::1
lldp.eno1.port.ifname=Gi1/0/7
lldp.eno1.port.descr=rack 3
lldp.eno1.vlan.vlan-id=101
lldp.eno1.vlan.pvid=yes
"""


@pytest.mark.parametrize("output", [json.dumps(JSON), json.dumps(JSON0), KEYVALUE])
def test_all_forms_say_the_same(output: str) -> None:
    [sample] = decode(output.encode())
    assert sample.id == "nic:eno1"
    assert sample.metrics == {"neighbours": 1}
    [neighbour] = sample.attributes["neighbours"]
    assert neighbour == {
        "protocol": "LLDP",
        "system": "sw1",
        "chassis": "00:11:22:33:44:55",
        "port": "Gi1/0/7",
        "port_type": "ifname",
        "port_description": "rack 3",
        "description": "",
        "management": ["192.0.2.1", "2001:db8::1"],
        "vlans": ["101"],
        "age": "",
    }


@pytest.mark.parametrize("name", ["eno1", "eno1.100"])
def test_two_neighbours_behind_one_port(name: str) -> None:
    lines = [f"lldp.{name}.{rest}" for n in "ab" for rest in ("via=LLDP", f"chassis.name={n}")]
    [sample] = decode("\n".join(lines).encode())
    assert sample.id == f"nic:{name}"
    assert sample.attributes["neighbour_names"] == "a, b"


def test_nobody_heard_is_no_fault() -> None:
    assert decode(json.dumps({"lldp": [{}]}).encode()) == []
    assert decode(json.dumps({"lldp": {}}).encode()) == []


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"lldp": 5}', b"lldp.eno1", b"words"])
def test_what_is_no_output_of_lldpcli_is_unknown(data: bytes) -> None:
    [sample] = decode(data)
    assert sample.unreadable


KEYS = ("lldp", "interface", "name", "chassis", "port", "id", "value", "vlan", "eno1")
LEAVES = st.none() | st.text(max_size=5) | st.integers()
NODES = st.recursive(
    LEAVES,
    lambda n: st.lists(n, max_size=3) | st.dictionaries(st.sampled_from(KEYS), n, max_size=4),
    max_leaves=20,
)


@given(NODES)
def test_no_document_breaks_the_decoder(document: Any) -> None:
    decode(json.dumps({"lldp": document}).encode())


def host(tmp_path: Path, output: str) -> Root:
    for name in ("eno1", "eno2"):
        device = tmp_path / "sys/class/net" / name
        (device / "device").mkdir(parents=True)
        (device / "type").write_text("1\n")
    commands = tmp_path / "commands"
    commands.mkdir()
    (commands / "lldpcli").write_text(output)
    return Root(tmp_path)


def test_a_card_that_hears_nobody_says_so(tmp_path: Path) -> None:
    samples = LldpCollector().collect(host(tmp_path, json.dumps(JSON0)), "")
    assert {s.id: s.metrics["neighbours"] for s in samples} == {"nic:eno1": 1, "nic:eno2": 0}


def test_without_lldpd_there_is_nothing(tmp_path: Path) -> None:
    assert LldpCollector().targets(Root(tmp_path)) == []
    assert LldpCollector().collect(Root(tmp_path), "") == []
    assert LldpCollector().targets(host(tmp_path, "{}")) == [""]


def test_damaged_output_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        LldpCollector().collect(host(tmp_path, "{"), "")
