"""Ports that lose their link: told at once where it is certain, after a minute where it is not."""

import asyncio
from pathlib import Path
from typing import Any

from hwagent.model import Sample
from hwagent.snmp.names import OBJECTS
from hwagent.snmp.oid import parse_oid
from tests.snmp.device import LINK_DOWN, LINK_UP, Device
from tests.snmp.virtual import in_virtual_time
from tests.snmp.watched import TRAPS, Host, minutes, small, watched


def row(index: int) -> tuple[tuple[int, ...], int]:
    """What each trap of a link carries."""
    return (*OBJECTS["ifIndex"], index), index


def down_at(host: Host, port: str) -> float:
    return next(f.at for f in host.fired if (f.rule, f.component) == ("PortDown", port))


def card(up: bool) -> Sample:
    """A card of the host, which hears the switch while it has a link."""
    heard = [{"system": "sw.example.org", "port": "e2"}] if up else []
    metrics = {"carrier": int(up), "admin_up": 1, "link_expected": 1}
    return Sample(id="nic:eno1", kind="nic", attributes={"neighbours": heard}, metrics=metrics)


def scenario(tmp_path: Path, work: Any, **options: Any) -> None:
    async def run() -> None:
        sw = small()
        async with watched(tmp_path, {"sw": sw}, **options) as [host]:
            await minutes(15.2)
            await work(host, sw)

    in_virtual_time(run())


def test_a_trap_that_a_poll_confirms_is_told_at_once(tmp_path: Path) -> None:
    async def work(host: Host, sw: Device) -> None:
        sw.set(ifOperStatus_2=2)
        sw.trap(TRAPS, LINK_DOWN, row(2))
        await asyncio.sleep(0.5)
        assert host.alerts() == {("PortDown", "port:sw/e2")}

    scenario(tmp_path, work)


def test_a_trap_that_no_poll_confirms_is_nothing(tmp_path: Path) -> None:
    """It is forged, old, or the link is back."""

    async def work(host: Host, sw: Device) -> None:
        sw.trap(TRAPS, LINK_DOWN, row(2))
        await minutes(5)
        assert host.fired == []

    scenario(tmp_path, work)


def test_what_one_poll_alone_has_seen_waits(tmp_path: Path) -> None:
    """A link that is away for a poll is nothing, and one that stays away a matter of a minute."""

    async def work(host: Host, sw: Device) -> None:
        sw.set(ifOperStatus_2=2)
        await minutes(0.5)
        assert host.component("port:sw/e2").metrics["carrier"] == 0
        sw.set(ifOperStatus_2=1)
        await minutes(5)
        assert host.fired == []
        sw.set(ifOperStatus_3=2)
        began = asyncio.get_running_loop().time()
        await minutes(3)
        assert host.alerts() == {("PortDown", "port:sw/e3")}
        assert 65 <= down_at(host, "port:sw/e3") - began <= 30 + 65 + 1

    scenario(tmp_path, work)


def test_a_trap_of_another_port_confirms_nothing_and_an_old_one_neither(tmp_path: Path) -> None:
    async def work(host: Host, sw: Device) -> None:
        sw.trap(TRAPS, LINK_DOWN, row(2))  # it is up again when it is looked at
        await asyncio.sleep(0.5)
        sw.set(ifOperStatus_2=2, ifOperStatus_3=2)
        sw.trap(TRAPS, LINK_DOWN, row(4))
        sw.trap(TRAPS, LINK_UP, row(3))
        await minutes(1)
        assert host.fired == []
        await minutes(1)
        assert host.alerts() == {("PortDown", "port:sw/e2"), ("PortDown", "port:sw/e3")}

    scenario(tmp_path, work)


def test_ports_that_a_switch_calls_down_while_it_starts_are_nothing(tmp_path: Path) -> None:
    async def work(host: Host, sw: Device) -> None:
        sw.restart()
        sw.set(**{f"ifOperStatus_{n}": 2 for n in range(1, 5)})
        for index in range(1, 5):
            sw.trap(TRAPS, LINK_DOWN, row(index))
        await minutes(0.8)
        sw.set(**{f"ifOperStatus_{n}": 1 for n in range(1, 5)})
        await minutes(12)
        assert host.alerts() == {("SwitchRestarted", "switch:sw")}

    scenario(tmp_path, work)


def test_a_port_that_is_switched_off_by_somebody_is_no_alert(tmp_path: Path) -> None:
    async def work(host: Host, sw: Device) -> None:
        sw.set(ifOperStatus_2=2, ifAdminStatus_2=2)
        sw.trap(TRAPS, LINK_DOWN, row(2))
        await minutes(5)
        assert host.fired == []

    scenario(tmp_path, work)


def test_a_card_that_loses_its_link_and_the_port_at_its_other_end_agree(tmp_path: Path) -> None:
    async def work(host: Host, sw: Device) -> None:
        host.sees(card(up=True))
        sw.set(ifOperStatus_2=2, ifOperStatus_3=2)
        host.sees(card(up=False))
        await asyncio.sleep(0.5)
        assert ("PortDown", "port:sw/e2") in host.alerts()
        assert ("PortDown", "port:sw/e3") not in host.alerts()

    scenario(tmp_path, work)


def test_a_card_that_another_host_polls_the_switch_of_has_it_looked_at(tmp_path: Path) -> None:
    async def run() -> None:
        sw = small()
        async with watched(tmp_path, {"sw": sw}, ("h1", "h2")) as hosts:
            await minutes(15.2)
            [poller] = [h for h in hosts if len(h.polls("sw")) > 20]
            [other] = [h for h in hosts if h is not poller]
            other.sees(card(up=True))
            sw.set(ifOperStatus_2=2)
            other.sees(card(up=False))
            await asyncio.sleep(5)  # not the half minute of the next round
            assert poller.component("port:sw/e2").metrics["carrier"] == 0

    in_virtual_time(run())


def test_a_trap_of_the_maker_has_the_supply_read_that_it_is_about(tmp_path: Path) -> None:
    """CISCO-ENTITY-FRU-CONTROL-MIB: cefcPowerStatusChange, cefcFRUPowerOperStatus is failed(8)."""
    status = parse_oid("1.3.6.1.4.1.9.9.117.1.1.2.1.2.7")
    changed = parse_oid("1.3.6.1.4.1.9.9.117.2.0.2")

    async def run() -> None:
        sw = small()
        sw.set(entPhysicalClass_7=6, entPhysicalName_7="PSU 1", entPhysicalContainedIn_7=0)
        sw.put(status, 2)
        async with watched(tmp_path, {"sw": sw}) as [host]:
            await minutes(15.2)
            asked = sw.asked
            sw.put(status, 8)
            sw.trap(TRAPS, changed, (status, 8))
            await asyncio.sleep(0.5)
            assert host.alerts() == {("PsuFailed", "psu:sw/PSU_1")}
            assert sw.asked - asked <= 4, "not all of it is read"

    in_virtual_time(run())
