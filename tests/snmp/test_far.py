"""Both ends of a cable: which port a card hangs on, by LLDP or by its address, and how that is."""

from pathlib import Path
from typing import Any

import pytest

from hwagent.daemon.cards import Cards
from hwagent.daemon.far_ends import FarEnds
from hwagent.daemon.inventory import Inventory, Joined
from hwagent.model import Sample
from hwagent.snmp.decode import recording as decode
from hwagent.snmp.far import Card, Deck, far_ends
from hwagent.snmp.names import OBJECTS
from tests.snmp.device import Device
from tests.snmp.virtual import in_virtual_time
from tests.snmp.walks import port, recording
from tests.snmp.watched import Host, minutes, small, watched

MAC = "02:00:00:00:00:07"
#: The same as the index of a row.
ROW = "2.0.0.0.0.7"
SPEED = 10_000_000_000


def card(up: bool = True, heard: str = "", **more: Any) -> Sample:
    """A card of a host; ``heard`` is the port that it hears by LLDP, of a switch called sw."""
    neighbours = [{"system": "sw.example.org", "port": heard}] if heard and up else []
    attributes = {"bus": "0000:01:00.0", "address": MAC, "neighbours": neighbours, **more}
    metrics = {"carrier": int(up), "admin_up": 1, "speed_bits_per_second": SPEED}
    return Sample(id="nic:eno1", kind="nic", attributes=attributes, metrics=metrics)


def scenario(tmp_path: Path, work: Any, sample: Sample, device: Device | None = None) -> None:
    """Two hosts watch a switch; ``work`` gets the one that does not poll it, whose card it is."""

    async def run() -> None:
        sw = device or small()
        async with watched(tmp_path, {"sw": sw}, ("h1", "h2")) as hosts:
            await minutes(2)
            [poller] = [h for h in hosts if len(h.polls("sw")) > 2]
            [other] = [h for h in hosts if h is not poller]
            other.sees(sample)
            await minutes(2)
            await work(other, sw)

    in_virtual_time(run())


def rules(host: Host) -> set[str]:
    return {rule for rule, component in host.alerts() if component == "nic:eno1"}


def test_the_port_of_a_card_is_told_to_its_host_by_who_polls_the_switch(tmp_path: Path) -> None:
    async def work(host: Host, sw: Device) -> None:
        found = host.component("nic:eno1")
        assert found.attributes["far_port"] == "port:sw/e2"
        assert found.attributes["far_description"] == "database"
        assert found.metrics["far_carrier"] == 1
        assert found.metrics["far_speed_bits_per_second"] == SPEED
        await minutes(10)
        assert rules(host) == set()

    sw = small()
    sw.set(ifAlias_2="database")
    scenario(tmp_path, work, card(heard="e2"), sw)


def test_a_port_without_a_link_at_a_card_that_has_one(tmp_path: Path) -> None:
    async def work(host: Host, sw: Device) -> None:
        sw.set(ifOperStatus_2=2)
        await minutes(4)
        assert rules(host) == {"NicFarEndDown"}

    scenario(tmp_path, work, card(heard="e2"))


def test_a_card_without_a_link_at_a_port_that_has_one(tmp_path: Path) -> None:
    async def work(host: Host, sw: Device) -> None:
        host.sees(card(up=False))
        await minutes(4)
        assert "NicFarEndUp" in rules(host)

    scenario(tmp_path, work, card(heard="e2"))


@pytest.mark.parametrize("heard", ["", "e3"])
def test_a_cable_that_was_moved_has_no_far_end_until_that_is_heard(
    tmp_path: Path, heard: str
) -> None:
    async def work(host: Host, sw: Device) -> None:
        host.sees(card(up=False))
        sw.set(ifOperStatus_2=2)
        await minutes(0.1)
        host.sees(card(heard="e2"))  # lldpd tells for a while what it has heard before
        await minutes(1)
        assert "far_port" not in host.component("nic:eno1").attributes
        host.sees(card(heard=heard))
        await minutes(6)
        host.sees(card(heard=heard, ifalias="looked at again"))
        await minutes(6)
        assert rules(host) == set()
        far = host.component("nic:eno1").attributes.get("far_port", "")
        assert far == (f"port:sw/{heard}" if heard else "")

    scenario(tmp_path, work, card(heard="e2"))


def test_errors_and_a_lower_speed_of_the_port(tmp_path: Path) -> None:
    async def work(host: Host, sw: Device) -> None:
        sw.set(ifInErrors_2=33, ifHighSpeed_2=1000)
        await minutes(12)
        assert rules(host) == {"NicFarEndErrors", "NicFarEndSpeed"}

    scenario(tmp_path, work, card(heard="e2"))


def test_what_is_not_known_any_more_is_not_told_any_more(tmp_path: Path) -> None:
    async def work(host: Host, sw: Device) -> None:
        sw.silent = True
        await minutes(2)
        found = host.component("nic:eno1")
        assert "far_port" not in found.attributes
        assert not [name for name in found.metrics if name.startswith("far_")]

    scenario(tmp_path, work, card(heard="e2"))


def test_a_card_that_is_taken_out_is_gone_whatever_is_known_of_its_port(tmp_path: Path) -> None:
    async def work(host: Host, sw: Device) -> None:
        host._found(("nic", "nic:eno1"), [])
        assert host.component("nic:eno1").metrics["present"] == 0

    scenario(tmp_path, work, card(heard="e2"))


@pytest.mark.parametrize("table", ["dot1qTpFdbPort_10.", "dot1dTpFdbPort_"])
def test_a_card_that_hears_nobody_is_found_by_its_address(tmp_path: Path, table: str) -> None:
    """Bridges number their ports by themselves; the tables of VLANs 4 and 10 are looked into."""

    async def work(host: Host, sw: Device) -> None:
        found = host.component("nic:eno1")
        assert found.attributes["far_port"] == "port:sw/e3"
        assert found.attributes["far_by"] == "its address"

    sw = small()
    sw.set(dot1dBasePortIfIndex_7=3, **{"dot1qTpFdbPort_4.2.0.0.0.0.1": 7, f"{table}{ROW}": 7})
    scenario(tmp_path, work, card(), sw)


def test_a_table_of_addresses_that_goes_round_in_circles_is_left_alone(tmp_path: Path) -> None:
    async def run() -> None:
        sw = small()
        async with watched(tmp_path, {"sw": sw}) as [host]:
            await minutes(2)
            honest, table = sw.after, OBJECTS["dot1qTpFdbPort"]
            sw.after = lambda oid: (*table, 1, 1) if oid[: len(table)] == table else honest(oid)
            host.sees(card())
            await minutes(5)
            assert host.fired == []
            assert len(host.polls("sw")) > 10

    in_virtual_time(run())


def panel(*parts: dict[str, Any]) -> list[Sample]:
    """What a switch called sw says."""
    return decode(recording({k: v for p in ({"sysName.0": "sw"}, *parts) for k, v in p.items()}))


def ends(samples: list[Sample], *cards: Card) -> dict[str, str]:
    found = far_ends("sw", samples, Deck(cards))
    return {f"{host}/{name}": end.port for (host, name), end in found.items()}


@pytest.mark.parametrize("heard", ["ge-0/0/1", "512", "uplink of h1", "00:1b:21:bb:e6:f0"])
def test_a_port_is_known_by_all_that_switches_call_it_by(heard: str) -> None:
    """Juniper's LLDP calls it by its ifIndex, small switches by its address or its description."""
    one = {**port(512, "uplink of h1"), "ifName.512": "ge-0/0/1",
           "ifPhysAddress.512": bytes.fromhex("001b21bbe6f0")}  # fmt: skip
    samples = panel(one, port(513, "e2"))
    assert ends(samples, Card("h1", "a", "", f"port:sw/{heard}")) == {"h1/a": "port:sw/ge-0/0/1"}


def test_what_its_lldp_calls_a_port_comes_first() -> None:
    names = {"lldpLocPortId.9": "2", "lldpLocPortDesc.9": "e1"}
    samples = panel(port(1, "e1"), port(2, "e2"), names)
    assert ends(samples, Card("h1", "a", "", "port:sw/2")) == {"h1/a": "port:sw/e1"}


def hears(system: str) -> dict[str, Any]:
    """LLDP at port 1."""
    return {"lldpRemSysName.0.1.1": system, "lldpRemPortId.0.1.1": "x"}


def test_a_port_that_hears_another_host_of_ours_is_not_the_card_s_any_more() -> None:
    cards = (Card("h1", "a", "", "port:sw/e1"), Card("h2", "a", "", "port:sw/e1"))
    assert ends(panel(port(1, "e1"), hears("h2.example.org")), *cards) == {"h2/a": "port:sw/e1"}
    assert len(ends(panel(port(1, "e1"), hears("phone")), *cards)) == 2


def behind(**by_mac: int) -> dict[str, Any]:
    return {f"dot1dTpFdbPort.2.0.0.0.0.{number[1:]}": at for number, at in by_mac.items()}


def test_ports_that_lead_to_other_switches_are_no_far_ends() -> None:
    one, other = Card("h1", "a", MAC, ""), Card("h2", "a", "02:00:00:00:00:08", "")
    edge = panel(port(1, "e1"), behind(_7=1))
    assert ends(edge, one, other) == {"h1/a": "port:sw/e1"}
    assert ends(panel(port(1, "e1"), behind(_7=1, _8=1)), one, other) == {}
    assert ends(panel(port(1, "e1"), behind(_7=1), hears("sw2")), one) == {}
    assert ends(panel(port(1, "e1"), behind(_7=1), hears("h1")), one) == {"h1/a": "port:sw/e1"}
    root = {"dot1dStpRootPort.0": 1, "dot1dBasePortIfIndex.1": 1}
    assert ends(panel(port(1, "e1"), behind(_7=1), root), one) == {}


def joined(*samples: Sample) -> list[Joined]:
    inventory = Inventory()
    inventory.apply(("x", ""), samples)
    return list(inventory)


def bond(**more: Any) -> Sample:
    legs = {"legs": ["nic:a", "nic:b"]}
    metrics = {"admin_up": 1, "legs_up": 2, "aggregators": 1, "mode": "802.3ad", **more}
    return Sample(id="bond:bond0", kind="bond", attributes=legs, metrics=metrics)


def leg(name: str, switch: str) -> Sample:
    heard = [{"system": switch, "port": "1"}]
    attributes = {"bus": "0000:01:00.0", "neighbours": heard, "bond": "bond:bond0"}
    return Sample(
        id=f"nic:{name}", kind="nic", attributes=attributes, metrics={"admin_up": 1, "carrier": 1}
    )


@pytest.mark.parametrize(
    ("second", "more", "switches", "peers"),
    [
        ("sw1", {}, 1, ""),
        ("sw2", {}, 2, "sw1, sw2"),
        ("sw2", {"aggregators": 2}, 2, ""),
        ("sw2", {"partner_missing": 1}, 2, ""),
        ("sw2", {"mode": "active-backup"}, 2, ""),
    ],
)
def test_the_switches_of_a_bond(
    second: str, more: dict[str, Any], switches: int, peers: str
) -> None:
    cards = Cards("h1")
    for one in joined(bond(**more), leg("a", "sw1"), leg("b", second)):
        cards.take(0.0, one)
    [found] = FarEnds("h1", cards).samples(())
    assert found.metrics == {"legs_placed": 2, "switches": switches}
    assert found.attributes["mlag_peers"] == peers


def told(place: Cards, *samples: Sample) -> dict[str, tuple[str, str]]:
    for one in joined(*samples):
        place.take(0.0, one)
    return {c.name: (c.address, c.heard) for c in place.told()}


def test_only_cards_that_a_switch_sees_are_looked_for() -> None:
    """Not those that a hypervisor makes up, and of a bond's legs only the one that sends."""
    assert told(Cards("h"), card()) == {"eno1": (MAC, "")}
    assert told(Cards("h"), card(driver="virtio_net")) == {"eno1": ("", "")}
    assert told(Cards("h"), card(bus="")) == {}
    in_bond = card(bond="bond:bond0")
    assert told(Cards("h"), in_bond, bond()) == {"eno1": ("", "")}
    sends = bond(mode="active-backup", active_leg="eno1")
    assert told(Cards("h"), in_bond, sends) == {"eno1": (MAC, "")}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a":1}', '{"a":["x"]}', '{"a":["port:x",7]}'])
def test_whatever_another_host_tells_is_no_reason_to_fail(text: str) -> None:
    cards = Cards("h1")
    cards.take(0.0, joined(card())[0])
    mine = FarEnds("h1", cards)
    mine.polled("sw", panel(port(1, "e1")))
    members = [("h2", True, {"cards:0": text, "far:h1": text})]
    mine.look(members, True)
    assert mine.samples(members) == []


def test_what_is_told_fits_into_a_status() -> None:
    cards = Cards("h1")
    for number in range(80):
        cards.take(0.0, joined(card(heard=f"e{number}"))[0])
        name = Sample(id=f"nic:{'n' * 12}{number}", kind="nic", attributes=card().attributes,
                      metrics={"admin_up": 1})  # fmt: skip
        cards.take(0.0, joined(name)[0])
    mine = FarEnds("h1", cards)
    mine.look((), True)
    assert 1 < len(mine.values) <= 4
    assert all(len(str(text).encode()) <= 900 for text in mine.values.values())


def test_two_switches_that_both_see_a_card_are_believed_by_nobody() -> None:
    cards = Cards("h1")
    cards.take(0.0, joined(card())[0])
    mine = FarEnds("h1", cards)
    mine.polled("sw", panel(port(1, "e1"), behind(_7=1)))
    assert mine.look((), True) == [MAC]
    assert [s.attributes["far_port"] for s in mine.samples(())] == ["port:sw/e1"]
    other = {"far:h1": '{"eno1":["port:sw2/e9"]}'}
    assert mine.samples([("h2", True, other)]) == []
    assert len(mine.samples([("h2", False, other)])) == 1
    mine.polled("sw2", panel(port(1, "e1"), behind(_7=1)))
    mine.look((), True)
    assert mine.samples(()) == []
