"""Switches that hang on switches: found in what they say of neighbours and their spanning tree."""

from pathlib import Path

import pytest

from hwagent.config import Config
from hwagent.config.switches import Switch
from hwagent.config.topology import Machine, Topology
from hwagent.model import Component, Health, Sample
from hwagent.snmp.decode import recording as decode
from hwagent.topology.discover import uplinks
from hwagent.topology.fleet import Fleet
from hwagent.topology.graph import need
from hwagent.topology.part import part
from tests.corpus.host_tree import CORPORA
from tests.snmp.walks import port, recording

NIC = {"bus": "0000:01:00.0"}


def components(samples: list[Sample]) -> list[Component]:
    return [
        Component(id=s.id, kind=s.kind, health=Health.OK, reason="", attributes=s.attributes,
                  metrics=s.metrics)
        for s in samples
    ]  # fmt: skip


def hears(index: int, system: str, far: str) -> dict:
    """A row of LLDP's neighbours at a port."""
    return {
        f"lldpRemChassisIdSubtype.0.{index}.1": 7,
        f"lldpRemChassisId.0.{index}.1": system,
        f"lldpRemPortIdSubtype.0.{index}.1": 5,
        f"lldpRemPortId.0.{index}.1": far,
        f"lldpRemSysName.0.{index}.1": f"{system}.example.org",
    }


def access(name: str, host: str, **more: int) -> list[Component]:
    """An access switch: a host at port 1, the core at ports 2 and 3, and another switch of its kind
    at port 4."""
    values = {"sysName.0": name, "sysDescr.0": "x", "sysUpTime.0": 90_000_00,
              **port(1, "e1"), **port(2, "e2"), **port(3, "e3"), **port(4, "e4"),
              **hears(1, host, "eno1"), **hears(2, "core", name), **hears(3, "core2", name),
              **hears(4, "other", "e4"),
              **{k.replace("_", "."): v for k, v in more.items()}}  # fmt: skip
    return components(decode(recording(values)))


STATES = {f"dot1dStpPortState_{n}": 5 for n in range(1, 5)}


@pytest.mark.skipif(not (CORPORA / "snmp").exists(), reason="../shared/corpora is absent")
@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        # Root port 54 is Trk1; 23 and 24 are no ports of the bridge and as fast together.
        ("procurve_e2910", ["port:switch-name/41", "port:switch-name/42"]),
        # Root port 4105 is port-channel10; nothing that was recorded says what its members are.
        ("nxos_n3k-3064pq", []),
        # Root port 26 hears nobody.
        ("comware_a5500", []),
        # No spanning tree: nothing says which way is up.
        ("arista_eos", []),
        ("dell-sonic", []),
        ("dell-os10", []),
        ("fortiswitch_148f-fpoe", []),
    ],
)
def test_recorded_switches(file: str, wanted: list[str]) -> None:
    data = Path(CORPORA / "snmp" / f"{file}.snmprec").read_bytes()
    found = uplinks(components(decode(data)))
    assert [end for ends in found.values() for end in ends] == wanted


def test_the_root_port_and_those_kept_back_lead_up_and_no_other_does() -> None:
    assert uplinks(access("a1", "h1", dot1dStpRootPort_0=2, **STATES)) == {"a1": ["port:core/a1"]}
    spare = {**STATES, "dot1dStpPortState_3": 2}
    both = uplinks(access("a1", "h1", dot1dStpRootPort_0=2, **spare))
    assert both == {"a1": ["port:core/a1", "port:core2/a1"]}
    assert uplinks(access("a1", "h1", dot1dStpRootPort_0=0, **spare)) == {}  # it is the root
    assert uplinks(access("a1", "h1")) == {}


def test_a_port_that_hears_several_devices_tells_nothing() -> None:
    hub = {k.replace(".0.2.1", "_0.2.2"): v for k, v in hears(2, "phone", "1").items()}
    assert uplinks(access("a1", "h1", dot1dStpRootPort_0=2, **STATES, **hub)) == {}


def fleet(switches: dict[str, Machine]) -> Fleet:
    """Two hosts, each on an access switch of its own, which the other one polls."""
    config = Config(
        switches=[Switch(name=n, address=n, community_file="c") for n in ("a1", "a2")],
        topology=Topology(switches=switches),
    )
    found = Fleet()
    for host, mine, polled in (("h1", "a1", "a2"), ("h2", "a2", "a1")):
        heard = [{"system": mine, "port": "e1"}]
        nic = Component(id="nic:eno1", kind="nic", health=Health.OK, reason="",
                        attributes={**NIC, "neighbours": heard},
                        metrics={"link_expected": 1, "carrier": 1, "admin_up": 1})  # fmt: skip
        of_switch = access(polled, "h", dot1dStpRootPort_0=2, **STATES)
        found.take(host, part(host, config, [nic, *of_switch], {}).nodes)
    return found


def test_two_access_switches_on_one_core_are_a_single_point_of_failure() -> None:
    found = fleet({})
    assert found.graph.get("switch:a1").needs == (need(1, ["port:core/a1"]),)
    assert "switch:core" in found.solver.singles("host:h1")
    assert "switch:core" in found.solver.singles("host:h2")
    assert "switch:core" in found.solver.singles("fleet:all")
    assert "switch:a1" not in found.solver.singles("fleet:all")
    assert found.graph.down(["switch:core"]) >= {"switch:a1", "switch:a2", "host:h1", "host:h2"}


def test_what_is_declared_counts_more_than_what_is_heard() -> None:
    found = fleet({"a1": Machine(uplinks=["core/x", "core2/y"])})
    assert "switch:core" not in found.solver.singles("host:h1")
    assert ("switch:core", "switch:core2") in found.solver.pairs("host:h1")
    assert "switch:core" in found.solver.singles("host:h2")
